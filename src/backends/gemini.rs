//! Google's Gemini API: `generateContent` and its stream.

mod decode;
mod encode;
mod wire;

use std::sync::Arc;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};

use super::answer::{Call, Upstream};
use super::credential::Credential;
use super::{Backend, ModelInfo, failure};
use crate::egress::{EgressError, Request};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};
use decode::ContentDecoder;

/// Where Google itself is.
pub(super) const BASE_URL: &str = "https://generativelanguage.googleapis.com/v1beta";
/// Most pages of the list of models that are read.
const PAGES_MAX: usize = 10;

/// See the module.
pub(super) struct Gemini {
    pub(super) name: String,
    pub(super) model: Option<String>,
    pub(super) models: Vec<String>,
    pub(super) max_tokens: Option<u32>,
    pub(super) upstream: Arc<Upstream>,
}

impl Gemini {
    fn call(&self, mut request: ModelRequest) -> Result<Call, ModelError> {
        if request.model.is_empty() {
            request.model = self.model.clone().ok_or_else(|| failure::no_model(&self.name))?;
        }
        let model = request.model.strip_prefix("models/").unwrap_or(&request.model);
        // The model is a part of the address, so it is made of what names are made of.
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if model.is_empty() || model.starts_with('.') || !model.bytes().all(word) {
            let text = "the name of a model has only letters, digits, -, _ and .";
            return Err(ModelError::new(ModelErrorKind::InvalidRequest, text));
        }
        let method = if request.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        let path = format!("/models/{model}:{method}").into();
        request.max_tokens = request.max_tokens.or(self.max_tokens);
        let body = encode::body(&request)?;
        Ok(Call { upstream: Arc::clone(&self.upstream), path, body, stream: request.stream })
    }
}

impl Backend for Gemini {
    fn name(&self) -> &str {
        &self.name
    }

    fn provider(&self) -> &'static str {
        if self.upstream.destination.host() == "generativelanguage.googleapis.com" {
            "google"
        } else {
            "compatible"
        }
    }

    fn default_model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn is_local(&self) -> bool {
        self.upstream.destination.is_this_machine()
    }

    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        match self.call(request) {
            Ok(call) => call.answer::<ContentDecoder>(),
            Err(error) => stream::once(std::future::ready(Err(error))).boxed(),
        }
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        if !self.models.is_empty() {
            let models = self.models.iter().map(ModelInfo::named).collect();
            return Box::pin(std::future::ready(Ok(models)));
        }
        let upstream = Arc::clone(&self.upstream);
        Box::pin(async move { all_models(&upstream).await })
    }
}

/// Reads page after page.
async fn all_models(upstream: &Upstream) -> Result<Vec<ModelInfo>, ModelError> {
    let mut models = Vec::new();
    let mut path = "/models?pageSize=1000".to_owned();
    for _ in 0..PAGES_MAX {
        let body = upstream.get(&path).await?;
        let page: wire::ModelPage = serde_json::from_slice(&body).map_err(|_| {
            failure::protocol("the provider's list of models is not one; is base_url right?").error
        })?;
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
