//! `POST /v1/chat/completions`.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;

use super::call::json_body;
use super::encode::{Chunks, Completion};
use super::error::ApiError;
use super::request;
use super::target::Target;
use crate::http::auth::{Chat, May};
use crate::http::state::AppState;

/// Answers a chat completion.
pub(super) async fn complete(
    principal: May<Chat>,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let (call, include_usage) = request::parse(&json_body(&headers, body)?)?;
    let target = Target::find(&state, &principal, &call).await?;
    let head = call.head("chatcmpl-", &target);
    let begun = call.begin(&state, &principal, &headers, target).await?;
    begun.respond(Completion::new(&head), Chunks::new(&head, include_usage)).await
}
