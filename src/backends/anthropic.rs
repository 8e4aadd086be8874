//! Anthropic's Messages API.

mod blocks;
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
use crate::protocol::model::{ModelError, ModelEvent, ModelRequest};
use decode::MessageDecoder;

/// Where Anthropic itself is.
pub(super) const BASE_URL: &str = "https://api.anthropic.com";
/// The limit of answers for which nobody set one; the protocol wants a number.
const MAX_TOKENS: u32 = 8_192;
/// Most pages of the list of models that are read.
const PAGES_MAX: usize = 10;

/// See the module.
pub(super) struct Anthropic(pub(super) Remote);

impl Anthropic {
    fn call(&self, request: ModelRequest) -> Result<Call, ModelError> {
        let request = self.0.filled(request)?;
        let body = encode::body(&request, request.max_tokens.unwrap_or(MAX_TOKENS))?;
        Ok(self.0.call("/v1/messages", body, request.stream))
    }
}

impl Backend for Anthropic {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn provider(&self) -> &'static str {
        if self.0.host() == "api.anthropic.com" { "anthropic" } else { "compatible" }
    }

    fn speaks_messages(&self) -> bool {
        true
    }

    fn default_model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    fn is_local(&self) -> bool {
        self.0.is_local()
    }

    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        answered::<MessageDecoder>(self.call(request))
    }

    fn relay(&self) -> Option<Relay> {
        Some(Relay::new(RelayWire::Anthropic, Arc::clone(&self.0.upstream)))
    }

    fn models(&self) -> BoxFuture<'static, Result<Vec<ModelInfo>, ModelError>> {
        self.0.models(|upstream| async move { all_models(&upstream).await })
    }
}

/// Reads page after page.
async fn all_models(upstream: &Upstream) -> Result<Vec<ModelInfo>, ModelError> {
    let mut models = Vec::new();
    let mut path = "/v1/models?limit=1000".to_owned();
    for _ in 0..PAGES_MAX {
        let body = upstream.get(&path).await?;
        let page: wire::ModelPage = model_list(&body)?;
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
