//! Google's Gemini API: `generateContent` and its stream.

mod decode;
mod encode;
mod wire;

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::BoxStream;

use super::answer::{Call, Upstream};
use super::credential::Credential;
use super::relay::{Relay, RelayWire};
use super::remote::{Remote, answered, model_list};
use super::{Backend, ModelInfo};
use crate::egress::{EgressError, Request};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};
use decode::ContentDecoder;

/// Where Google itself is.
pub(super) const BASE_URL: &str = "https://generativelanguage.googleapis.com/v1beta";
/// Most pages of the list of models that are read.
const PAGES_MAX: usize = 10;

/// See the module.
pub(super) struct Gemini(pub(super) Remote);

impl Gemini {
    fn call(&self, request: ModelRequest) -> Result<Call, ModelError> {
        let request = self.0.filled(request)?;
        let model = request.model.strip_prefix("models/").unwrap_or(&request.model);
        // The model is a part of the address, so it is made of what names are made of.
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if model.is_empty() || model.starts_with('.') || !model.bytes().all(word) {
            let text = "the name of a model has only letters, digits, -, _ and .";
            return Err(ModelError::new(ModelErrorKind::InvalidRequest, text));
        }
        let method = if request.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        Ok(self.0.call(format!("/models/{model}:{method}"), encode::body(&request)?, request.stream))
    }
}

impl Backend for Gemini {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn provider(&self) -> &'static str {
        if self.0.host() == "generativelanguage.googleapis.com" { "google" } else { "compatible" }
    }

    fn default_model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    fn is_local(&self) -> bool {
        self.0.is_local()
    }

    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        answered::<ContentDecoder>(self.call(request))
    }

    fn relay(&self) -> Option<Relay> {
        Some(Relay::new(RelayWire::Gemini, Arc::clone(&self.0.upstream)))
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        self.0.models(|upstream| async move { all_models(&upstream).await })
    }
}

/// Reads page after page.
async fn all_models(upstream: &Upstream) -> Result<Vec<ModelInfo>, ModelError> {
    let mut models = Vec::new();
    let mut path = "/models?pageSize=1000".to_owned();
    for _ in 0..PAGES_MAX {
        let body = upstream.get(&path).await?;
        let page: wire::ModelPage = model_list(&body)?;
        models.extend(page.models.into_iter().filter(wire::Model::talks).map(ModelInfo::from));
        let Some(token) = page.next_page_token.filter(|token| !token.is_empty()) else { break };
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("pageToken", &token).finish();
        path = format!("/models?pageSize=1000&{query}");
    }
    Ok(models)
}

/// `x-goog-api-key`: a header, because addresses are logged.
pub(super) fn authorise(request: Request, credential: &Credential) -> Result<Request, EgressError> {
    credential.put(request, "x-goog-api-key", "")
}

#[cfg(test)]
mod tests;
