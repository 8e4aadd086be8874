//! OpenAI's chat completions, as OpenAI, llama.cpp, vLLM, OpenRouter and many others speak them; and its Responses.

mod decode;
mod embeddings;
mod encode;
mod reasoning;
mod responses;
mod wire;

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};

use super::answer::{Call, Upstream};
use super::credential::Credential;
use super::{Backend, Embed, ModelInfo, failure};
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
    pub(super) name: String,
    pub(super) model: Option<String>,
    pub(super) models: Vec<String>,
    pub(super) max_tokens: Option<u32>,
    pub(super) upstream: Arc<Upstream>,
    pub(super) wire: Wire,
}

impl Backend for OpenAi {
    fn name(&self) -> &str {
        &self.name
    }

    fn provider(&self) -> &'static str {
        match self.upstream.destination.host() {
            "api.openai.com" => "openai",
            "openrouter.ai" => "openrouter",
            _ => "compatible",
        }
    }

    fn default_model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn is_local(&self) -> bool {
        self.upstream.destination.is_this_machine()
    }

    fn stream(&self, mut request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        if request.model.is_empty() {
            match &self.model {
                Some(model) => request.model.clone_from(model),
                None => return stream::once(std::future::ready(Err(failure::no_model(&self.name)))).boxed(),
            }
        }
        request.max_tokens = request.max_tokens.or(self.max_tokens);
        if self.wire == Wire::Responses {
            let call = responses::call(&request, &self.upstream);
            return match call {
                Ok(call) => call.answer::<responses::ItemDecoder>(),
                Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
            };
        }
        // OpenAI's newer models refuse the old name; local servers know only that one.
        let own = self.upstream.destination.host() == "api.openai.com";
        let limit_name = if own { "max_completion_tokens" } else { "max_tokens" };
        match encode::body(&request, limit_name, self.wire == Wire::Openrouter) {
            Ok(body) => {
                let upstream = Arc::clone(&self.upstream);
                Call { upstream, path: "/chat/completions".into(), body, stream: request.stream }
                    .answer::<ChatDecoder>()
            }
            Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
        }
    }

    fn embeddings(&self) -> Option<Arc<dyn Embed>> {
        Some(Arc::new(Embeddings { upstream: Arc::clone(&self.upstream), path: "/embeddings" }))
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        if !self.models.is_empty() {
            let models = self.models.iter().map(ModelInfo::named).collect();
            return Box::pin(std::future::ready(Ok(models)));
        }
        let upstream = Arc::clone(&self.upstream);
        Box::pin(async move {
            let body = upstream.get("/models").await?;
            let list: wire::ModelList = serde_json::from_slice(&body).map_err(|_| {
                failure::protocol("the provider's list of models is not one; is base_url right?").error
            })?;
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
