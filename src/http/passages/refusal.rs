//! Errors in the words of the provider that a program believes to speak to.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use crate::backends::RelayWire;
use crate::http::v1::{ApiError, anthropic_envelope};

/// Google's word for a class of errors.
fn word_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 | 413 | 415 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 | 405 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

/// The error as an answer. Without a passage nobody knows which words are understood; OpenAI's are.
pub(super) fn refusal(wire: Option<RelayWire>, error: ApiError) -> Response {
    match wire {
        Some(RelayWire::Anthropic) => anthropic_envelope(Response::default(), Some(error), None),
        Some(RelayWire::Openai) | None => error.into_response(),
        Some(RelayWire::Gemini) => {
            let (status, message) = (error.status, error.message.clone());
            let mut response = error.into_response();
            let error = json!({ "code": status.as_u16(), "message": message, "status": word_of(status) });
            *response.body_mut() = Json(json!({ "error": error })).into_response().into_body();
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
    }
}
