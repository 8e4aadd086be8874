//! What the tests of all providers share: a backend before a scripted upstream, and its whole outcome.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;

use super::{Backend, Backends};
use crate::config::backends::{BackendConfig, BackendKind, BackendsConfig, KeyRef};
use crate::config::egress::EgressConfig;
use crate::egress::Egress;
use crate::egress::upstream::Upstream;
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
    let model = Some("m-1".to_owned());
    let api_key = Some(KeyRef::Env("KEY".to_owned()));
    backend_with(BackendConfig { model, api_key, ..BackendConfig::new(kind) }, upstream)
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
