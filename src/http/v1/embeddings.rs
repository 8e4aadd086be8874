//! `POST /v1/embeddings`: texts as vectors, by backends that make them, through the guard and the budgets.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use base64::Engine as _;
use serde::{Deserialize, Serialize};

use super::call::{Call, json_body};
use super::error::ApiError;
use super::request::{check_name, unreadable};
use super::target::Target;
use crate::backends::{EmbedRequest, Embedded, UsageKey};
use crate::guard::ModelCall;
use crate::http::auth::{Chat, May};
use crate::http::state::AppState;
use crate::protocol::chat::{ChatMessage, Role, Usage};
use crate::protocol::model::{ModelError, ModelRequest};

/// Most texts of one call, as at OpenAI.
const TEXTS_MAX: usize = 2_048;

#[derive(Deserialize)]
struct WireCall {
    #[serde(default)]
    model: Option<String>,
    input: Input,
    #[serde(default)]
    encoding_format: Option<Encoding>,
    #[serde(default)]
    dimensions: Option<u32>,
}

/// Texts. Those that are tokens of a model of OpenAI are not taken: nobody here knows its words.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Texts(Vec<String>),
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    Base64,
}

/// What is asked for.
struct EmbedCall {
    model: String,
    texts: Vec<String>,
    encoding: Encoding,
}

#[derive(Serialize)]
pub(super) struct EmbeddingList {
    object: &'static str,
    data: Vec<Embedding>,
    model: String,
    usage: WireUsage,
}

#[derive(Serialize)]
struct Embedding {
    object: &'static str,
    index: usize,
    embedding: Figures,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Figures {
    Float(Vec<f32>),
    /// Little-endian, as OpenAI's.
    Base64(String),
}

#[derive(Serialize)]
struct WireUsage {
    prompt_tokens: u64,
    total_tokens: u64,
}

/// Answers the vectors of texts.
pub(super) async fn create(
    principal: May<Chat>,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<EmbeddingList>, ApiError> {
    let EmbedCall { model: named, texts, encoding } = parse(&json_body(&headers, body)?)?;
    let target = Target::find(&state, &principal, &asking(&named)).await?;
    let embed = target.backend.embeddings().filter(|_| target.assistant.is_none());
    let embed = embed.ok_or_else(|| {
        ApiError::invalid(
            "model",
            format!("`{named}` makes no embeddings; name `backend/model` of a backend that does"),
        )
    })?;
    let call = target.call(&principal);
    let ModelCall { source, backend, model, .. } = call.clone();
    if model.is_empty() {
        return Err(ApiError::invalid("model", format!("`{named}` has no default; name `{named}/MODEL`")));
    }
    state.guard.permit(&call).await?;
    let mut request = ModelRequest {
        model: model.clone(),
        messages: texts.into_iter().map(|text| ChatMessage::text(Role::User, text)).collect(),
        max_tokens: Some(0),
        ..ModelRequest::default()
    };
    let admitted = state.guard.admit(call, &mut request).await?;
    let texts = request.messages.iter().map(ChatMessage::plain_text).collect();
    let asked = embed.embed(EmbedRequest { model: model.clone(), texts });
    let key = UsageKey { tenant: principal.tenant.clone(), principal: source, backend, model };
    let recorder = state.usage.clone();
    let answer = async move {
        let Embedded { vectors, usage } = asked.await?;
        recorder.record(key, usage);
        Ok::<((Vec<Vec<f32>>, Usage), Usage), ModelError>(((vectors, usage), usage))
    };
    let (vectors, usage) = admitted.figures(answer).await?;
    Ok(Json(list(vectors, usage, encoding, named)))
}

/// The call that the same words would be in a face that talks.
fn asking(model: &str) -> Call {
    Call {
        model: Some(model.to_owned()),
        agent_id: None,
        session_id: None,
        store: false,
        request: ModelRequest::default(),
    }
}

fn parse(body: &[u8]) -> Result<EmbedCall, ApiError> {
    let wire: WireCall =
        serde_json::from_slice(body).map_err(|error| unreadable::<WireCall>(body, "input", &error))?;
    check_name("model", wire.model.as_deref())?;
    let model = wire.model.ok_or_else(|| ApiError::invalid("model", "`model` is missing"))?;
    if wire.dimensions.is_some() {
        let text = "vectors have as many figures as the model makes; leave out `dimensions`";
        return Err(ApiError::invalid("dimensions", text));
    }
    let texts = match wire.input {
        Input::Text(text) => vec![text],
        Input::Texts(texts) => texts,
    };
    if texts.is_empty() || texts.len() > TEXTS_MAX {
        return Err(ApiError::invalid("input", format!("`input` has 1 to {TEXTS_MAX} texts")));
    }
    if texts.iter().any(|text| text.trim().is_empty()) {
        return Err(ApiError::invalid("input", "a text of `input` is empty"));
    }
    Ok(EmbedCall { model, texts, encoding: wire.encoding_format.unwrap_or_default() })
}

fn list(vectors: Vec<Vec<f32>>, usage: Usage, encoding: Encoding, model: String) -> EmbeddingList {
    let data = vectors.into_iter().enumerate().map(|(index, figures)| Embedding {
        object: "embedding",
        index,
        embedding: encoding.write(figures),
    });
    EmbeddingList {
        object: "list",
        data: data.collect(),
        model,
        usage: WireUsage { prompt_tokens: usage.input_tokens, total_tokens: usage.input_tokens },
    }
}

impl Encoding {
    fn write(self, figures: Vec<f32>) -> Figures {
        match self {
            Self::Float => Figures::Float(figures),
            Self::Base64 => {
                let bytes: Vec<u8> = figures.into_iter().flat_map(f32::to_le_bytes).collect();
                Figures::Base64(base64::engine::general_purpose::STANDARD.encode(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests;
