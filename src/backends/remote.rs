//! What all providers over a network have: their settings, and what follows from these alone.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use serde::de::DeserializeOwned;

use super::answer::{Call, Decoder, Upstream};
use super::{ModelInfo, failure};
use crate::protocol::model::{ModelError, ModelEvent, ModelRequest};

/// See the module.
pub(super) struct Remote {
    pub(super) name: String,
    pub(super) model: Option<String>,
    /// The models that the settings name; empty: the provider is asked.
    pub(super) models: Vec<String>,
    pub(super) max_tokens: Option<u32>,
    pub(super) upstream: Arc<Upstream>,
}

// === impl Remote ===

impl Remote {
    pub(super) fn host(&self) -> &str {
        self.upstream.destination.host()
    }

    pub(super) fn is_local(&self) -> bool {
        self.upstream.destination.is_this_machine()
    }

    /// The request with the model and the limit of the settings where it has none.
    pub(super) fn filled(&self, mut request: ModelRequest) -> Result<ModelRequest, ModelError> {
        if request.model.is_empty() {
            request.model = self.model.clone().ok_or_else(|| failure::no_model(&self.name))?;
        }
        request.max_tokens = request.max_tokens.or(self.max_tokens);
        Ok(request)
    }

    pub(super) fn call(&self, path: impl Into<Cow<'static, str>>, body: Bytes, stream: bool) -> Call {
        Call { upstream: Arc::clone(&self.upstream), path: path.into(), body, stream }
    }

    /// The models that the settings name, else those that the provider has.
    pub(super) fn models<F>(
        &self,
        ask: impl FnOnce(Arc<Upstream>) -> F,
    ) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>>
    where
        F: Future<Output = Result<Vec<ModelInfo>, ModelError>> + Send + 'static,
    {
        if self.models.is_empty() {
            return Box::pin(ask(Arc::clone(&self.upstream)));
        }
        let models = self.models.iter().map(ModelInfo::named).collect();
        Box::pin(std::future::ready(Ok(models)))
    }
}

/// What comes of a call, or why there is none.
pub(super) fn answered<D: Decoder>(
    call: Result<Call, ModelError>,
) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
    match call {
        Ok(call) => call.answer::<D>(),
        Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
    }
}

/// A provider's list of models, or a page of it.
pub(super) fn model_list<T: DeserializeOwned>(body: &[u8]) -> Result<T, ModelError> {
    serde_json::from_slice(body)
        .map_err(|_| failure::protocol("the provider's list of models is not one; is base_url right?").error)
}
