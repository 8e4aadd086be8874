//! What happens to every request of the console before and after its route.
//!
//! In order: a request id, the host, the origin, the route (whose panic becomes a problem
//! document), and on the way out the headers that every answer has, errors included.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;
use uuid::Uuid;

use super::connection::Connection;
use super::host::{HostRefused, HostRules, ServedHost, changes_state, names_its_page, opens_stream};
use super::problem::Problem;
use crate::telemetry::Metrics;

/// Header that carries the request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Most characters of an id that a client chose.
const REQUEST_ID_CHARS_MAX: usize = 64;

/// The id of a request, in its extensions.
#[derive(Clone, Debug)]
pub struct RequestId(pub HeaderValue);

/// Whether the browser named the page that made the request, in its extensions.
/// A cookie counts for a request that changes something or streams only when it did.
#[derive(Clone, Copy, Debug)]
pub struct FromOwnPage(pub bool);

/// Headers of every answer. A page brings a content security policy of its own.
const HEADERS: [(HeaderName, HeaderValue); 8] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// What the edge works with.
#[derive(Clone)]
pub struct EdgeState {
    /// Who may be addressed how.
    pub rules: HostRules,
    /// Where requests are counted.
    pub metrics: Metrics,
}

/// Lets a request through to its route, or answers it.
pub async fn guard(State(edge): State<EdgeState>, mut request: Request, next: Next) -> Response {
    let (began, method) = (Instant::now(), method_word(request.method()));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let id = request_id(request.headers());
    let connection = request.extensions().get::<Connection>().copied();
    let tls = connection.is_some_and(|connection| connection.is_tls());
    let span = tracing::info_span!(
        "http.request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
    );
    let response = match admit(&edge.rules, connection, &request) {
        Ok(from_own_page) => {
            request.extensions_mut().insert(RequestId(id.clone()));
            request.extensions_mut().insert(from_own_page);
            next.run(request).instrument(span).await
        }
        Err(problem) => problem.into_response(),
    };
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    edge.metrics.http.answered(method, route, response.status().as_u16(), began.elapsed());
    finish(response, id, tls)
}

/// Gives every answer of a listener without host rules its id and its headers.
pub async fn dress(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let tls = request.extensions().get::<Connection>().is_some_and(Connection::is_tls);
    request.extensions_mut().insert(RequestId(id.clone()));
    finish(next.run(request).await, id, tls)
}

/// Judges where a request is addressed and where it comes from.
fn admit(
    rules: &HostRules,
    connection: Option<Connection>,
    request: &Request,
) -> Result<FromOwnPage, Problem> {
    let (local, tls) = match connection {
        // No browser reaches the control socket, and what reaches it is the owner's own process.
        Some(Connection::Control) => return Ok(FromOwnPage(true)),
        Some(Connection::Tcp { local, tls, .. }) => (local, tls),
        None => return Err(Problem::bad_request("the connection is not known")),
    };
    let headers = request.headers();
    let host: ServedHost = rules.judge(headers, request.uri(), local, tls).map_err(refused_host)?;
    let guarded = changes_state(request.method()) || opens_stream(headers);
    if !host.is_same_origin(headers, tls, guarded) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "cross_origin",
            "pages of another origin may not use this console",
        ));
    }
    Ok(FromOwnPage(!guarded || names_its_page(headers)))
}

fn refused_host(error: HostRefused) -> Problem {
    let (status, code) = match error {
        HostRefused::Malformed => (StatusCode::BAD_REQUEST, "bad_host"),
        HostRefused::Unknown => (StatusCode::MISDIRECTED_REQUEST, "unknown_host"),
    };
    Problem::new(status, code, error.to_string())
}

/// Adds what every answer has, and the request's id to problem documents.
fn finish(mut response: Response, id: HeaderValue, tls: bool) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        *response.body_mut() = problem.body(id.to_str().ok());
        response.headers_mut().remove(header::CONTENT_LENGTH);
        // The body before it may have been compressed; this one is not.
        response.headers_mut().remove(header::CONTENT_ENCODING);
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if tls {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000"));
    }
    headers.insert(REQUEST_ID, id);
    response
}

/// The method as a label: one of a few words.
fn method_word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The client's id when it is harmless, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let harmless = |value: &&HeaderValue| {
        let fits = (1..=REQUEST_ID_CHARS_MAX).contains(&value.len());
        fits && value.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    headers.get(&REQUEST_ID).filter(harmless).cloned().unwrap_or_else(|| {
        let mut buffer = Uuid::encode_buffer();
        let text = Uuid::now_v7().hyphenated().encode_lower(&mut buffer);
        HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("unknown")) // silent-ok: hex and dashes
    })
}

/// Turns the panic of a route into a problem document. The panic hook has logged it.
#[must_use]
#[allow(clippy::needless_pass_by_value, reason = "the shape that the panic layer asks for")]
pub fn on_panic(_panic: Box<dyn Any + Send>) -> Response {
    Problem::internal().into_response()
}
