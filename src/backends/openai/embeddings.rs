//! `POST /embeddings`, as OpenAI, Ollama, llama.cpp and vLLM have it.

use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::wire::WireUsage;
use crate::backends::answer::Upstream;
use crate::backends::embedding::{Embed, EmbedRequest, Embedded, checked};
use crate::backends::failure;
use crate::protocol::chat::Usage;
use crate::protocol::model::{ModelError, ModelErrorKind};

/// See the module.
pub(in crate::backends) struct Embeddings {
    pub(in crate::backends) upstream: Arc<Upstream>,
    /// Where they are, from the base address on.
    pub(in crate::backends) path: &'static str,
}

#[derive(Serialize)]
struct Asked<'a> {
    model: &'a str,
    input: &'a [String],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<One>,
    #[serde(default)]
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct One {
    /// Which text; its place in the list where a server leaves it out.
    #[serde(default)]
    index: Option<usize>,
    embedding: Vec<f32>,
}

impl Embed for Embeddings {
    fn embed(&self, request: EmbedRequest) -> BoxFuture<'static, Result<Embedded, ModelError>> {
        let (upstream, path) = (Arc::clone(&self.upstream), self.path);
        async move {
            let asked = Asked { model: &request.model, input: &request.texts, encoding_format: "float" };
            let body = serde_json::to_vec(&asked)
                .map_err(|error| ModelError::new(ModelErrorKind::InvalidRequest, error.to_string()))?;
            let body = upstream.ask(path, Bytes::from(body)).await?;
            decoded(&body, request.texts.len())
        }
        .boxed()
    }
}

/// The vectors of this many texts in an answer.
fn decoded(body: &[u8], texts: usize) -> Result<Embedded, ModelError> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| {
        failure::protocol("the provider's answer is no list of vectors; is base_url right?").error
    })?;
    let mut data: Vec<(usize, Vec<f32>)> = answer
        .data
        .into_iter()
        .enumerate()
        .map(|(place, one)| (one.index.unwrap_or(place), one.embedding))
        .collect();
    data.sort_by_key(|(index, _)| *index);
    if data.iter().enumerate().any(|(place, (index, _))| place != *index) {
        return Err(failure::protocol("the provider's vectors are of other texts").error);
    }
    let vectors = checked(data.into_iter().map(|(_, vector)| vector).collect(), texts)?;
    let usage =
        answer.usage.map(|usage| Usage { output_tokens: 0, ..Usage::from(usage) }).unwrap_or_default();
    Ok(Embedded { vectors, usage })
}

#[cfg(test)]
mod tests;
