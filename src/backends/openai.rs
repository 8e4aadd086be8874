//! OpenAI's chat completions, as OpenAI, llama.cpp, vLLM, OpenRouter and many others speak them; and its Responses.

mod decode;
mod embeddings;
mod encode;
mod reasoning;
mod responses;
mod wire;

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::BoxStream;

use super::answer::Call;
use super::credential::Credential;
use super::relay::{Relay, RelayWire};
use super::remote::{Remote, answered, model_list};
use super::{Backend, Embed, ModelInfo};
use crate::egress::{EgressError, Request};
use crate::protocol::model::{ModelError, ModelEvent, ModelRequest};
use decode::ChatDecoder;
pub(super) use embeddings::Embeddings;

/// Where OpenAI itself is.
pub(super) const BASE_URL: &str = "https://api.openai.com/v1";

/// Where OpenRouter is.
pub(super) const OPENROUTER_URL: &str = "https://openrouter.ai/api/v1";

/// What is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wire {
    /// Chat completions.
    Chat,
    /// The same, with the details of reasoning that go back to the model.
    Openrouter,
    /// Responses.
    Responses,
}

/// See the module.
pub(super) struct OpenAi {
    pub(super) remote: Remote,
    pub(super) wire: Wire,
}

impl OpenAi {
    /// The call of chat completions for a request that names its model.
    fn chat(&self, request: &ModelRequest) -> Result<Call, ModelError> {
        // OpenAI's newer models refuse the old name; local servers know only that one.
        let own = self.remote.host() == "api.openai.com";
        let limit_name = if own { "max_completion_tokens" } else { "max_tokens" };
        let body = encode::body(request, limit_name, self.wire == Wire::Openrouter)?;
        Ok(self.remote.call("/chat/completions", body, request.stream))
    }
}

impl Backend for OpenAi {
    fn name(&self) -> &str {
        &self.remote.name
    }

    fn provider(&self) -> &'static str {
        match self.remote.host() {
            "api.openai.com" => "openai",
            "openrouter.ai" => "openrouter",
            _ => "compatible",
        }
    }

    fn default_model(&self) -> Option<&str> {
        self.remote.model.as_deref()
    }

    fn is_local(&self) -> bool {
        self.remote.is_local()
    }

    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let request = self.remote.filled(request);
        match self.wire {
            Wire::Responses => answered::<responses::ItemDecoder>(
                request.and_then(|request| responses::call(&request, &self.remote)),
            ),
            Wire::Chat | Wire::Openrouter => {
                answered::<ChatDecoder>(request.and_then(|request| self.chat(&request)))
            }
        }
    }

    fn embeddings(&self) -> Option<Arc<dyn Embed>> {
        Some(Arc::new(Embeddings { upstream: Arc::clone(&self.remote.upstream), path: "/embeddings" }))
    }

    fn relay(&self) -> Option<Relay> {
        Some(Relay::new(RelayWire::Openai, Arc::clone(&self.remote.upstream)))
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        self.remote.models(|upstream| async move {
            let list: wire::ModelList = model_list(&upstream.get("/models").await?)?;
            Ok(list.data.into_iter().map(ModelInfo::from).collect())
        })
    }
}

/// `Authorization: Bearer`.
pub(super) fn authorise(request: Request, credential: &Credential) -> Result<Request, EgressError> {
    credential.put(request, "authorization", "Bearer ")
}

#[cfg(test)]
mod tests;
