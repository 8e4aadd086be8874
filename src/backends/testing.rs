//! What the tests of all providers share: a backend before a scripted upstream, and its whole outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use serde_json::Value;

use super::{Backend, Backends};
use crate::config::backends::{BackendConfig, BackendKind, BackendsConfig, KeyRef};
use crate::config::egress::EgressConfig;
use crate::egress::Egress;
use crate::egress::upstream::{Act, Upstream};
use crate::protocol::chat::{ChatMessage, Role};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};

/// Everything that a stream yielded.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) events: Vec<ModelEvent>,
    pub(super) error: Option<ModelError>,
}

impl Outcome {
    pub(super) const fn good(events: Vec<ModelEvent>) -> Self {
        Self { events, error: None }
    }

    pub(super) fn kind(&self) -> Option<ModelErrorKind> {
        self.error.as_ref().map(|error| error.kind)
    }
}

impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        self.events == other.events && self.kind() == other.kind()
    }
}

/// A streamed request of one message, for the default model.
pub(super) fn request(text: &str) -> ModelRequest {
    let messages = vec![ChatMessage::text(Role::User, text)];
    ModelRequest { messages, stream: true, ..ModelRequest::default() }
}

/// A backend with the key `k-test-key` and the model `m-1`.
pub(super) fn backend(kind: BackendKind, upstream: &Upstream) -> Arc<dyn Backend> {
    backend_with(settings(kind), upstream)
}

/// The settings of [`backend`].
pub(super) fn settings(kind: BackendKind) -> BackendConfig {
    let model = Some("m-1".to_owned());
    let api_key = Some(KeyRef::Env("KEY".to_owned()));
    BackendConfig { model, api_key, ..BackendConfig::new(kind) }
}

/// A backend with these settings before the upstream.
pub(super) fn backend_with(mut config: BackendConfig, upstream: &Upstream) -> Arc<dyn Backend> {
    let version = if config.kind == BackendKind::Openai { "/v1/" } else { "" };
    config.base_url = Some([&upstream.url(), version].concat());
    let config = BackendsConfig(BTreeMap::from([("under_test".to_owned(), config)]));
    let egress = Egress::new(&EgressConfig::default());
    let backends = Backends::build_with(&config, &egress, &|_| Some("k-test-key".to_owned()));
    backends.unwrap().get("under_test").unwrap()
}

/// Runs a call to its end and checks what holds for every stream: an error or a stop is last, and only one of them.
pub(super) async fn collect(backend: &dyn Backend, request: ModelRequest) -> Outcome {
    let mut stream = backend.stream(request);
    let mut outcome = Outcome { events: Vec::new(), error: None };
    while let Some(item) = stream.next().await {
        assert!(outcome.error.is_none(), "nothing follows an error");
        assert!(!matches!(outcome.events.last(), Some(ModelEvent::Stop(_))), "nothing follows a stop");
        match item {
            Ok(event) => outcome.events.push(event),
            Err(error) => outcome.error = Some(error),
        }
    }
    let stopped = matches!(outcome.events.last(), Some(ModelEvent::Stop(_)));
    assert_ne!(stopped, outcome.error.is_some(), "a stream ends with a stop or an error: {outcome:?}");
    outcome
}

/// What comes of a call before an upstream that does this, and how often it was asked.
pub(super) async fn of_script(config: BackendConfig, script: Vec<Vec<Act>>) -> (Outcome, usize) {
    let upstream = Upstream::start(script).await;
    let outcome = collect(&*backend_with(config, &upstream), request("hi")).await;
    (outcome, upstream.received().len())
}

/// What a request is on the wire, before an upstream that answers so.
pub(super) async fn sent(config: BackendConfig, request: ModelRequest, answer: Vec<Act>) -> Value {
    let upstream = Upstream::start(vec![answer]).await;
    collect(&*backend_with(config, &upstream), request).await;
    upstream.received()[0].json()
}
