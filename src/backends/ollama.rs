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
use super::remote::{Remote, answered, model_list};
use super::{Backend, Embed, ModelInfo};
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
pub(super) struct Ollama(pub(super) Remote);

impl Ollama {
    fn call(&self, request: ModelRequest) -> Result<Call, ModelError> {
        let request = self.0.filled(request)?;
        Ok(self.0.call("/api/chat", encode::body(&request)?, request.stream))
    }
}

impl Backend for Ollama {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn provider(&self) -> &'static str {
        "ollama"
    }

    fn default_model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    fn is_local(&self) -> bool {
        self.0.is_local()
    }

    fn host(&self) -> Option<&str> {
        Some(self.0.host())
    }

    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        answered::<LineDecoder>(self.call(request)).map(|item| item.map_err(with_help)).boxed()
    }

    /// Those of its OpenAI face.
    fn embeddings(&self) -> Option<Arc<dyn Embed>> {
        Some(Arc::new(Embeddings { upstream: Arc::clone(&self.0.upstream), path: "/v1/embeddings" }))
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        self.0.models(|upstream| async move { pulled(&upstream).await })
    }
}

/// What was pulled, with what each can do. One of which it does not tell that is there all the same.
async fn pulled(upstream: &Upstream) -> Result<Vec<ModelInfo>, ModelError> {
    let body = upstream.get("/api/tags").await?;
    let list: wire::Tags = model_list(&body)?;
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
