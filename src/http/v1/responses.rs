//! `POST /v1/responses`: the face for clients of OpenAI's Responses, coding CLIs among them.
//!
//! | file | what |
//! |---|---|
//! | `request` | the body of a call, read and checked |
//! | `item` | what was said, as items |
//! | `tool` | the tools of a call: functions, and what can be one |
//! | `encode` | events of an answer as a response, or as the events of a stream |
//!
//! Answers are not kept under their ids, so nothing can go on from one: `previous_response_id` is refused, and reasoning
//! comes with its seal as `encrypted_content`, to be sent again. `store: true` or `session_id` makes a call a turn of a
//! thread, as in every face.

mod encode;
mod item;
mod request;
mod tool;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;

use super::call::json_body;
use super::error::ApiError;
use super::target::Target;
use crate::http::auth::{Chat, May};
use crate::http::state::AppState;
use encode::ResponseEvents;
use request::ResponsesCall;

/// Answers a response.
pub(super) async fn create(
    principal: May<Chat>,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let ResponsesCall { call, tools, echo } = ResponsesCall::parse(&json_body(&headers, body)?)?;
    let target = Target::find(&state, &principal, &call).await?;
    let head = call.head("resp_", &target);
    let events = ResponseEvents::new(&head, &echo, tools);
    let begun = call.begin(&state, &principal, &headers, target).await?;
    begun.respond(events.clone(), events).await
}
