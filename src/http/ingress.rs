//! The listener for strangers: webhooks. A signature is the only authentication, and every answer to somebody who has none
//! says as little as possible.
//!
//! Unknown, paused and revoked endpoints, wrong methods and unknown paths are one and the same 404, byte by byte. Nothing is
//! written before a signature was verified; limits on heads, bodies, times and connections come before everything.

use std::any::Any;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use serde_json::json;

use crate::config::IngressConfig;
use crate::webhooks::{Arrived, BODY_BYTES_MAX, Reception, Webhooks};

/// What the ingress works with.
#[derive(Clone)]
pub struct IngressState {
    webhooks: Webhooks,
}

// === impl IngressState ===

impl IngressState {
    /// What takes webhooks that are sent to the configured address, or to the one that is listened on.
    #[must_use]
    pub fn new(webhooks: Webhooks, config: &IngressConfig, listens_on: String) -> Self {
        webhooks.reached_at(config.public_url.clone().unwrap_or(listens_on));
        Self { webhooks }
    }
}

pub(super) fn routes() -> Router<IngressState> {
    Router::new().route("/api/webhooks/{endpoint}", any(webhook)).fallback(nothing)
}

async fn webhook(
    State(state): State<IngressState>,
    Path(endpoint): Path<String>,
    request: Request,
) -> Response {
    if request.method() != Method::POST {
        return not_found();
    }
    let (head, body) = request.into_parts();
    let body = match whole(&head.headers, body).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let path = head.uri.path_and_query().map_or_else(|| head.uri.path(), |whole| whole.as_str());
    let url = format!("{}{path}", state.webhooks.address());
    let arrived = Arrived { headers: &head.headers, body: &body, url: &url };
    answered(state.webhooks.receive(&endpoint, arrived).await)
}

/// A whole body within its limit. One that says that it is longer is not read.
async fn whole(headers: &HeaderMap, body: Body) -> Result<bytes::Bytes, Response> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let limit = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
    if said.is_some_and(|bytes| bytes > limit) {
        return Err(too_large());
    }
    to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| {
        let is_too_long = std::error::Error::source(&error)
            .is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
        if is_too_long { too_large() } else { refused(StatusCode::BAD_REQUEST, "bad request") }
    })
}

fn answered(reception: Reception) -> Response {
    let status = StatusCode::from_u16(reception.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match reception {
        Reception::Accepted(id) => {
            said(status, &json!({"status": "accepted", "delivery_id": id.to_string()}))
        }
        Reception::Repeated => said(status, &json!({"status": "accepted", "note": "already processed"})),
        Reception::Tried => said(status, &json!({"status": "accepted", "note": "ping"})),
        Reception::Answer(reply) => {
            let mut response = (status, reply.body).into_response();
            let media = reply.content_type.map(HeaderValue::from_static);
            match media {
                Some(media) => drop(response.headers_mut().insert(header::CONTENT_TYPE, media)),
                None => drop(response.headers_mut().remove(header::CONTENT_TYPE)),
            }
            response
        }
        Reception::NotFound => not_found(),
        Reception::Unauthorized => refused(status, "unauthorized"),
        Reception::UnsupportedMedia => refused(status, "unsupported media type"),
        Reception::Unprocessable => refused(status, "unprocessable entity"),
        Reception::RateLimited { retry_after_s } => {
            later(refused(status, "rate limit exceeded"), retry_after_s)
        }
        Reception::Unavailable => later(refused(status, "unavailable"), 5),
    }
}

async fn nothing() -> Response {
    not_found()
}

fn not_found() -> Response {
    refused(StatusCode::NOT_FOUND, "not found")
}

fn too_large() -> Response {
    refused(StatusCode::PAYLOAD_TOO_LARGE, "payload too large")
}

/// A panic of a route: an answer that says nothing.
pub(super) fn on_panic(_: Box<dyn Any + Send>) -> Response {
    refused(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
}

fn refused(status: StatusCode, error: &str) -> Response {
    said(status, &json!({ "error": error }))
}

fn later(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn said(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body.to_string())
        .into_response()
}
