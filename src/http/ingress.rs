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

use crate::channels::{ChannelReception, Channels};
use crate::config::IngressConfig;
use crate::webhooks::{Acknowledgement, Arrived, BODY_BYTES_MAX, Reception, Reply, Webhooks};

/// What the ingress works with.
#[derive(Clone)]
pub struct IngressState {
    webhooks: Webhooks,
    channels: Channels,
}

// === impl IngressState ===

impl IngressState {
    /// What takes what is sent to the configured address, or to the one that is listened on.
    #[must_use]
    pub fn new(
        (webhooks, channels): (Webhooks, Channels),
        config: &IngressConfig,
        listens_on: String,
    ) -> Self {
        webhooks.reached_at(config.public_url.clone().unwrap_or(listens_on));
        Self { webhooks, channels }
    }
}

pub(super) fn routes() -> Router<IngressState> {
    Router::new()
        .route("/api/webhooks/{endpoint}", any(webhook))
        .route("/api/channels/{channel}/webhook", any(channel))
        .route("/webhook/telegram", any(telegram))
        .fallback(nothing)
}

async fn webhook(
    State(state): State<IngressState>,
    Path(endpoint): Path<String>,
    request: Request,
) -> Response {
    let sent = match Sent::read(&state, request).await {
        Ok(sent) => sent,
        Err(refused) => return refused,
    };
    answered(state.webhooks.receive(&endpoint, sent.arrived()).await)
}

async fn channel(
    State(state): State<IngressState>,
    Path(channel): Path<String>,
    request: Request,
) -> Response {
    if request.method() == Method::GET {
        let query = request.uri().query().unwrap_or_default();
        return heard(state.channels.challenge(&channel, query).await);
    }
    match Sent::read(&state, request).await {
        Ok(sent) => heard(state.channels.receive(&channel, sent.arrived()).await),
        Err(refused) => refused,
    }
}

async fn telegram(State(state): State<IngressState>, request: Request) -> Response {
    match Sent::read(&state, request).await {
        Ok(sent) => heard(state.channels.receive_telegram(sent.arrived()).await),
        Err(refused) => refused,
    }
}

/// A request that is here whole.
struct Sent {
    headers: HeaderMap,
    body: bytes::Bytes,
    url: String,
}

impl Sent {
    async fn read(state: &IngressState, request: Request) -> Result<Self, Response> {
        if request.method() != Method::POST {
            return Err(not_found());
        }
        let (head, body) = request.into_parts();
        let body = whole(&head.headers, body).await?;
        let path = head.uri.path_and_query().map_or_else(|| head.uri.path(), |whole| whole.as_str());
        let url = format!("{}{path}", state.webhooks.address());
        Ok(Self { headers: head.headers, body, url })
    }

    fn arrived(&self) -> Arrived<'_> {
        Arrived { headers: &self.headers, body: &self.body, url: &self.url }
    }
}

fn heard(reception: ChannelReception) -> Response {
    match reception {
        ChannelReception::Accepted => said(StatusCode::OK, &json!({"status": "accepted"})),
        ChannelReception::Answer(reply) => {
            let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
            worded(status, reply)
        }
        ChannelReception::NotFound => not_found(),
        ChannelReception::Unauthorized => refused(StatusCode::UNAUTHORIZED, "unauthorized"),
        ChannelReception::Forbidden => refused(StatusCode::FORBIDDEN, "forbidden"),
        ChannelReception::Unprocessable => refused(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable"),
        ChannelReception::Unavailable => later(refused(StatusCode::SERVICE_UNAVAILABLE, "unavailable"), 5),
    }
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
        Reception::Accepted(_, Acknowledgement::Fixed(reply))
        | Reception::Repeated(Acknowledgement::Fixed(reply))
        | Reception::Tried(Acknowledgement::Fixed(reply))
        | Reception::Answer(reply) => worded(status, reply),
        Reception::Accepted(id, _) => {
            said(status, &json!({"status": "accepted", "delivery_id": id.to_string()}))
        }
        Reception::Repeated(_) => said(status, &json!({"status": "accepted", "note": "already processed"})),
        Reception::Tried(_) => said(status, &json!({"status": "accepted", "note": "ping"})),
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

/// The words that a platform wants.
fn worded(status: StatusCode, reply: Reply) -> Response {
    let mut response = (status, reply.body).into_response();
    match reply.content_type.map(HeaderValue::from_static) {
        Some(media) => drop(response.headers_mut().insert(header::CONTENT_TYPE, media)),
        None => drop(response.headers_mut().remove(header::CONTENT_TYPE)),
    }
    response
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
