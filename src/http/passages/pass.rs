//! One request, from the token to the head of the provider's answer.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures::future::BoxFuture;
use serde_json::Value;

use super::desk::{Open, Passages};
use super::refusal::refusal;
use super::stream::{Counted, Meter};
use crate::backends::{Passing, Tally, UsageKey, Wish};
use crate::budgets::Estimate;
use crate::egress::Reply;
use crate::guard::{ModelCall, TextOf};
use crate::http::connection::Connection;
use crate::http::extract::RawBody;
use crate::http::host::HostRules;
use crate::http::problem::Problem;
use crate::http::v1::ApiError;
use crate::policy::{Autonomy, PermissionMode, SourceKind, Subject};
use crate::protocol::model::{ModelError, ModelRequest};

/// In whose name tokens of passages are counted.
const SOURCE: &str = "coders";
/// Longest error of a provider that is passed on, in bytes.
const ERROR_BYTES_MAX: usize = 256 * 1024;
/// Headers of an answer that are not passed on: what belongs to one connection, and what a browser would keep.
const KEPT_BACK: [&str; 14] = [
    "alt-svc",
    "authorization",
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "set-cookie",
    "strict-transport-security",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
    "x-api-key",
    "x-goog-api-key",
];

/// What a call is counted with, and what ends it besides its passage.
type Counting = (Meter, BoxFuture<'static, ModelError>);

/// Passes a request on.
pub(super) async fn pass(State(passages): State<Passages>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(error) = is_for_us(&parts) {
        return refusal(None, error);
    }
    let token = token(&parts);
    let Some(open) = token.and_then(|token| passages.find(&token)) else {
        return refusal(None, Problem::unauthenticated().into());
    };
    let wire = open.relay.wire();
    let ended = open.ended.clone();
    let passed = ended.run_until_cancelled(forward(&passages, open, parts, body)).await;
    let passed = passed.unwrap_or_else(|| Err(Problem::unauthenticated().into()));
    passed.unwrap_or_else(|error| refusal(Some(wire), error))
}

/// Only loopback names, and no page of a browser.
fn is_for_us(parts: &Parts) -> Result<(), ApiError> {
    let Some(Connection::Tcp { local, tls, .. }) = parts.extensions.get::<Connection>().copied() else {
        return Err(Problem::bad_request("the connection is not known").into());
    };
    let host = HostRules::default().judge(&parts.headers, &parts.uri, local, tls);
    host.map_err(|error| ApiError::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", error.to_string()))?;
    if parts.headers.contains_key(header::ORIGIN) {
        let text = "pages of a browser have no business here";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "cross_origin", text));
    }
    Ok(())
}

/// The token, wherever the provider's own clients put theirs.
fn token(parts: &Parts) -> Option<String> {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = || text("authorization")?.strip_prefix("Bearer ");
    let in_header = text("x-api-key").or_else(|| text("x-goog-api-key")).or_else(bearer);
    let in_query = || {
        let mut pairs = form_urlencoded::parse(parts.uri.query()?.as_bytes());
        pairs.find(|(name, _)| name == "key").map(|(_, value)| value)
    };
    in_header.map(Cow::Borrowed).or_else(in_query).map(|token| token.trim().to_owned())
}

async fn forward(
    passages: &Passages,
    open: Arc<Open>,
    parts: Parts,
    body: Body,
) -> Result<Response, ApiError> {
    let wire = open.relay.wire();
    let is_get = parts.method == Method::GET;
    let wish =
        if is_get || parts.method == Method::POST { wire.wish(is_get, parts.uri.path()) } else { None };
    let (wish, path) = wish.ok_or_else(|| {
        let text = "this address is not passed on: a session asks models, counts tokens and lists models";
        ApiError::new(StatusCode::NOT_FOUND, "not_passed", text)
    })?;
    let (query, headers) = (query(&parts), headers(&parts.headers));
    let raw = RawBody::from_request(Request::from_parts(parts, body), &()).await.map_err(ApiError::from)?.0;
    let mut passing = Passing { path, query, headers, body: None };
    let mut meter = None;
    if !is_get {
        let (body, counted) = admit(passages, &open, (wish, &passing.path), raw).await?;
        (passing.body, meter) = (Some(body), counted);
    }
    let sent = open.relay.send(passing).await;
    let reply = match sent {
        Ok(reply) => reply,
        Err(error) => {
            if let Some((meter, _)) = meter {
                meter.release();
            }
            return Err(error.into());
        }
    };
    answer(&open, reply, meter).await
}

/// A body without its secrets, and what its answer is counted with.
async fn admit(
    passages: &Passages,
    open: &Open,
    (wish, path): (Wish, &str),
    raw: Bytes,
) -> Result<(Bytes, Option<Counting>), ApiError> {
    let mut body: Value = serde_json::from_slice(&raw)
        .map_err(|error| ApiError::invalid("", format!("the body is not JSON: {error}")))?;
    let asked = open.relay.wire().asked(path, &body);
    let call = call(open, &asked);
    let guard = &passages.0.guard;
    guard.permit(&call).await?;
    let cleaned = guard.clean_body(&call.of, &mut body);
    let raw = if cleaned { Bytes::from(body.to_string()) } else { raw };
    if wish != Wish::Answer {
        return Ok((raw, None));
    }
    let ModelCall { of, source, backend, model, .. } = call.clone();
    let key = UsageKey { tenant: of.tenant, principal: source, backend, model };
    let (spending, halt) = guard.admit_body(call, Estimate::of(&asked)).await?;
    Ok((raw, Some((Meter::new(passages.0.usage.clone(), key, spending), halt))))
}

fn call(open: &Open, asked: &ModelRequest) -> ModelCall {
    let visitor = &open.visitor;
    ModelCall {
        of: TextOf { tenant: visitor.tenant.clone(), thread: Some(visitor.thread) },
        source: SOURCE.to_owned(),
        turn: None,
        subject: Subject {
            assistant: None,
            workspace: None,
            thread: Some(visitor.thread),
            source: SourceKind::Owner,
        },
        mode: PermissionMode::Default,
        autonomy: Autonomy::Supervised,
        tainted: false,
        backend: visitor.provider.clone(),
        model: asked.model.clone(),
        local: open.relay.is_local(),
        private: false,
    }
}

/// The answer, on its way.
async fn answer(open: &Open, reply: Reply, meter: Option<Counting>) -> Result<Response, ApiError> {
    let status = StatusCode::from_u16(reply.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = Response::default();
    *response.status_mut() = status;
    for (name, value) in reply.headers().filter(|(name, _)| !KEPT_BACK.contains(name)) {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&open.relay.mask(&value))) {
            response.headers_mut().append(name, value);
        }
    }
    if !status.is_success() {
        if let Some((meter, _)) = meter {
            meter.release();
        }
        let body = reply.beginning(ERROR_BYTES_MAX, open.relay.idle()).await;
        let text = open.relay.mask(&String::from_utf8_lossy(&body));
        *response.body_mut() = Body::from(text);
        return Ok(response);
    }
    let content_type = reply.header("content-type").unwrap_or_default().to_owned();
    let (meter, halt) = meter.unzip();
    let meter = meter.map(|meter| meter.reading(Tally::new(&content_type)));
    let counted = Counted::new(reply, open.relay.idle(), (open.ended.clone(), halt), meter);
    *response.body_mut() = counted.into_body();
    Ok(response)
}

/// The query without the token.
fn query(parts: &Parts) -> String {
    let pairs = parts.uri.query().unwrap_or_default().split('&');
    pairs.filter(|pair| !pair.starts_with("key=") && !pair.is_empty()).collect::<Vec<_>>().join("&")
}

fn headers(all: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    all.iter().filter_map(text).collect()
}
