//! Ollama's own API: `/api/chat` as lines of JSON, and the lists of what was pulled.
//!
//! Beside the OpenAI face that Ollama has too, this one says what models can do and take, and shows their reasoning.

mod decode;
mod encode;
mod wire;

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};

use super::answer::{Call, Upstream};
use super::credential::Credential;
use super::openai::Embeddings;
use super::{Backend, Embed, ModelInfo, failure};
use crate::egress::{EgressError, Request};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};
use decode::LineDecoder;

/// Where it listens unless somebody says otherwise.
pub(super) const BASE_URL: &str = "http://127.0.0.1:11434";
/// Most models of which it is asked what they can do.
const DETAILED_MAX: usize = 100;
/// How many of them at a time.
const AT_ONCE: usize = 4;

/// See the module.
pub(super) struct Ollama {
    pub(super) name: String,
    pub(super) model: Option<String>,
    pub(super) models: Vec<String>,
    pub(super) max_tokens: Option<u32>,
    pub(super) upstream: Arc<Upstream>,
}

impl Ollama {
    fn call(&self, mut request: ModelRequest) -> Result<Call, ModelError> {
        if request.model.is_empty() {
            request.model = self.model.clone().ok_or_else(|| failure::no_model(&self.name))?;
        }
        request.max_tokens = request.max_tokens.or(self.max_tokens);
        let body = encode::body(&request)?;
        Ok(Call {
            upstream: Arc::clone(&self.upstream),
            path: "/api/chat".into(),
            body,
            stream: request.stream,
        })
    }
}

impl Backend for Ollama {
    fn name(&self) -> &str {
        &self.name
    }

    fn provider(&self) -> &'static str {
        "ollama"
    }

    fn default_model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn is_local(&self) -> bool {
        self.upstream.destination.is_this_machine()
    }

    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        match self.call(request) {
            Ok(call) => call.answer::<LineDecoder>().map(|item| item.map_err(with_help)).boxed(),
            Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
        }
    }

    /// Those of its OpenAI face.
    fn embeddings(&self) -> Option<Arc<dyn Embed>> {
        Some(Arc::new(Embeddings { upstream: Arc::clone(&self.upstream), path: "/v1/embeddings" }))
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        if !self.models.is_empty() {
            let models = self.models.iter().map(ModelInfo::named).collect();
            return Box::pin(std::future::ready(Ok(models)));
        }
        let upstream = Arc::clone(&self.upstream);
        Box::pin(async move { pulled(&upstream).await })
    }
}

/// What was pulled, with what each can do. One of which it does not tell that is there all the same.
async fn pulled(upstream: &Upstream) -> Result<Vec<ModelInfo>, ModelError> {
    let body = upstream.get("/api/tags").await?;
    let list: wire::Tags = serde_json::from_slice(&body).map_err(|_| {
        failure::protocol("the provider's list of models is not one; is base_url right?").error
    })?;
    let detailed = stream::iter(list.models.into_iter().enumerate()).map(|(at, tag)| async move {
        let shown = if at < DETAILED_MAX { show(upstream, tag.id()).await } else { None };
        tag.with(shown.as_ref())
    });
    Ok(detailed.buffered(AT_ONCE).collect().await)
}

async fn show(upstream: &Upstream, model: &str) -> Option<wire::Shown> {
    let body = serde_json::json!({ "model": model }).to_string();
    let shown = upstream.ask("/api/show", Bytes::from(body)).await;
    // silent-ok: an older server does not tell; the model can be called nonetheless
    serde_json::from_slice(&shown.ok()?).ok()
}

/// A model that nobody pulled is named by its error; how to have it is said too.
fn with_help(mut error: ModelError) -> ModelError {
    if error.kind == ModelErrorKind::NotFound && error.message.contains("not found") {
        error.message.push_str("; fetch it with `ollama pull`");
    }
    error
}

/// None on this machine; servers that ask for a key take it as a bearer.
pub(super) fn authorise(request: Request, credential: &Credential) -> Result<Request, EgressError> {
    credential.put(request, "authorization", "Bearer ")
}

#[cfg(test)]
mod tests;
