//! Problems as pages: a person who follows a link sees the frame, not a document for programs.
//!
//! Also sends readers of `127.0.0.1` to `localhost`, where sign-in without a password can
//! work later, and readers without a session to the page that gives them one.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::headers::page;
use super::view::pages::ProblemPage;
use super::view::{Frame, Theme};
use crate::http::auth::STEP_UP_REQUIRED;
use crate::http::edge::RequestId;
use crate::http::{AppState, Connection, Problem, cookie};

/// The layer around every route of the console.
pub async fn frame_problems(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !wants_page(headers) {
        return next.run(request).await;
    }
    if let Some(canonical) = canonical(request.method(), headers, request.uri()) {
        return Redirect::temporary(&canonical).into_response();
    }
    let theme = Theme::of(headers);
    let tls = request.extensions().get::<Connection>().is_some_and(Connection::is_tls);
    let signed_in = cookie::session(headers, tls).is_some();
    let id = request.extensions().get::<RequestId>().and_then(|id| id.0.to_str().ok()).map(str::to_owned);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    if problem.status == StatusCode::UNAUTHORIZED {
        return Redirect::to(&entrance(state.identity.is_set_up(), &method, &uri)).into_response();
    }
    if problem.code == STEP_UP_REQUIRED {
        return Redirect::to(&proof(&method, &uri, referer.as_deref())).into_response();
    }
    let known = signed_in && problem.status != StatusCode::MISDIRECTED_REQUEST;
    as_page(&problem, theme, known, id.unwrap_or_default())
}

/// Whether the caller is a browser that shows what it gets.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"))
}

/// The same page under the name that browsers treat as this machine.
fn canonical(method: &Method, headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let port = host.strip_prefix("127.0.0.1:").filter(|_| method == Method::GET)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Some(format!("http://localhost:{port}{path}"))
}

/// Where somebody without a session goes: to the setup while there is no password, else to the sign-in,
/// and from there back.
fn entrance(set_up: bool, method: &Method, uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    match (set_up, path) {
        (false, _) => "/setup".to_owned(),
        (true, "/") => "/login".to_owned(),
        (true, _) if method != Method::GET => "/login".to_owned(),
        (true, path) => format!("/login?next={}", encoded(path)),
    }
}

/// Where somebody proves again who they are, and from there back to the page of the button.
fn proof(method: &Method, uri: &Uri, referer: Option<&str>) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let back = match referer.and_then(|referer| referer.parse::<Uri>().ok()) {
        _ if method == Method::GET => path.to_owned(),
        Some(page) => page.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        None => "/".to_owned(),
    };
    format!("/step-up?next={}", encoded(local_path(&back)))
}

fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len() + 16);
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// A path of our own, or Home: nobody is sent elsewhere by a link to the sign-in.
pub(super) fn local_path(next: &str) -> &str {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if own { next } else { "/" }
}

fn as_page(problem: &Problem, theme: Theme, signed_in: bool, request_id: String) -> Response {
    let title = match problem.status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::TOO_MANY_REQUESTS => "Too much at once",
        StatusCode::SERVICE_UNAVAILABLE => "Not available right now",
        status if status.is_server_error() => "Something broke inside",
        _ => "That did not work",
    };
    let text = match problem.status {
        StatusCode::NOT_FOUND => "The address is wrong, or what was here is gone.".to_owned(),
        _ => sentence(&problem.detail),
    };
    let frame = Frame { signed_in, ..Frame::public(title, theme) };
    let template = ProblemPage { frame, status: problem.status.as_u16(), text, request_id };
    let mut response = page(problem.status, &template);
    if let Some(delay) = problem.retry_after {
        let seconds = HeaderValue::from(delay.as_secs().max(1));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// A detail as a sentence: first letter large, with a full stop.
pub(super) fn sentence(detail: &str) -> String {
    let mut text = detail.trim_end_matches('.').to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests;
