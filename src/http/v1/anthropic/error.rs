//! Errors in Anthropic's envelope: `{"type":"error","error":{"type","message"},"request_id"}`.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::http::v1::error::ApiError;
use crate::protocol::model::ModelErrorKind as Kind;

/// Where Anthropic tells the id of a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// Anthropic's status of a model that is overloaded.
const OVERLOADED: u16 = 529;

#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'static str,
    error: EnvelopeError<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct EnvelopeError<'a> {
    r#type: &'static str,
    message: &'a str,
}

/// The envelope as JSON.
pub(super) fn json(error: &ApiError, request_id: Option<&str>) -> Vec<u8> {
    let (_, word) = meaning(error);
    let inner = EnvelopeError { r#type: word, message: &error.message };
    serde_json::to_vec(&Envelope { r#type: "error", error: inner, request_id }).unwrap_or_default() // silent-ok: strings only
}

/// Anthropic's status and word for an error.
fn meaning(error: &ApiError) -> (StatusCode, &'static str) {
    let is = |kind: Kind| error.code == kind.as_str();
    if is(Kind::Overloaded) {
        let status = StatusCode::from_u16(OVERLOADED).unwrap_or(error.status);
        return (status, "overloaded_error");
    }
    if is(Kind::BudgetExceeded) {
        return (StatusCode::PAYMENT_REQUIRED, "billing_error");
    }
    let word = match error.status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        504 => "timeout_error",
        _ => "api_error",
    };
    (error.status, word)
}

/// An answer with the id of its request, and its error, if it is one, in Anthropic's words.
pub(in crate::http) fn in_envelope(
    mut response: Response,
    error: Option<ApiError>,
    id: Option<HeaderValue>,
) -> Response {
    if let Some(error) = error {
        let (status, _) = meaning(&error);
        let body = json(&error, id.as_ref().and_then(|id| id.to_str().ok()));
        response = error.into_response();
        *response.status_mut() = status;
        *response.body_mut() = Body::from(body);
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests;
