//! Anthropic's Messages API.

mod blocks;
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
use crate::protocol::model::{ModelError, ModelEvent, ModelRequest};
use decode::MessageDecoder;

/// Where Anthropic itself is.
pub(super) const BASE_URL: &str = "https://api.anthropic.com";
/// The limit of answers for which nobody set one; the protocol wants a number.
const MAX_TOKENS: u32 = 8_192;
/// Most pages of the list of models that are read.
const PAGES_MAX: usize = 10;

/// See the module.
pub(super) struct Anthropic {
    pub(super) name: String,
    pub(super) model: Option<String>,
    pub(super) models: Vec<String>,
    pub(super) max_tokens: Option<u32>,
    pub(super) upstream: Arc<Upstream>,
}

impl Backend for Anthropic {
    fn name(&self) -> &str {
        &self.name
    }

    fn provider(&self) -> &'static str {
        if self.upstream.destination.host() == "api.anthropic.com" { "anthropic" } else { "compatible" }
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
        let limit = request.max_tokens.or(self.max_tokens).unwrap_or(MAX_TOKENS);
        match encode::body(&request, limit) {
            Ok(body) => {
                let upstream = Arc::clone(&self.upstream);
                Call { upstream, path: "/v1/messages".into(), body, stream: request.stream }
                    .answer::<MessageDecoder>()
            }
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
    let mut path = "/v1/models?limit=1000".to_owned();
    for _ in 0..PAGES_MAX {
        let body = upstream.get(&path).await?;
        let page: wire::ModelPage = serde_json::from_slice(&body).map_err(|_| {
            failure::protocol("the provider's list of models is not one; is base_url right?").error
        })?;
        models.extend(page.data.into_iter().map(ModelInfo::from));
        // An id goes into a URL only if it is made of what ids are made of.
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        match page.last_id {
            Some(last) if page.has_more && last.bytes().all(word) => {
                path = format!("/v1/models?limit=1000&after_id={last}");
            }
            _ => break,
        }
    }
    Ok(models)
}

/// `x-api-key`, and the version of the protocol.
pub(super) fn authorise(request: Request, credential: &Credential) -> Result<Request, EgressError> {
    credential.put(request.header("anthropic-version", "2023-06-01"), "x-api-key", "")
}

#[cfg(test)]
mod tests;
