//! Anthropic's face: `POST /v1/messages` and `/v1/messages/count_tokens`, for every client that speaks to Anthropic.
//!
//! | file | what |
//! |---|---|
//! | `request` | the body of a call, read and checked |
//! | `block` | messages, content blocks and tools in Anthropic's shape |
//! | `encode` | events of an answer as a message, or as the events of a stream |
//! | `error` | errors in Anthropic's envelope |
//!
//! It is the same call as `POST /v1/chat/completions`, stateless or with `session_id` a turn, in other words.
//! `anthropic-version` and `anthropic-beta` are taken and mean nothing here; `cache_control` too, because backends mark
//! by themselves what is worth caching.

mod block;
mod encode;
mod error;
mod request;

pub(in crate::http) use error::in_envelope;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use super::call::json_body;
use super::error::ApiError;
use super::target::Target;
use crate::budgets::Estimate;
use crate::http::auth::{Chat, May};
use crate::http::state::AppState;
use encode::{Message, MessageEvents};
use request::MessagesCall;

/// The header that every client of Anthropic sends.
pub(super) const VERSION: &str = "anthropic-version";

/// Answers a message.
pub(super) async fn create(
    principal: May<Chat>,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let MessagesCall { mut call, own } = MessagesCall::parse(&json_body(&headers, body)?)?;
    let target = Target::find(&state, &principal, &call).await?;
    own.add_to(&mut call.request, target.backend.speaks_messages());
    let head = call.head("msg_", &target);
    let begun = call.begin(&state, &principal, &headers, target).await?;
    begun.respond(Message::new(&head), MessageEvents::new(&head)).await
}

/// How many tokens a call would send, as far as that can be guessed.
#[derive(Serialize)]
pub(super) struct TokenCount {
    input_tokens: u64,
}

/// Counts the tokens of a call that is not made. No provider is asked: it is what would be reserved for it.
pub(super) async fn count_tokens(
    principal: May<Chat>,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<TokenCount>, ApiError> {
    let MessagesCall { mut call, .. } = MessagesCall::parse(&json_body(&headers, body)?)?;
    let target = Target::find(&state, &principal, &call).await?;
    if let Some(assistant) = target.assistant {
        call.request.system = assistant.system_prompt;
    }
    Ok(Json(TokenCount { input_tokens: Estimate::of(&call.request).input_tokens }))
}
