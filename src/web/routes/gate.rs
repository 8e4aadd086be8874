//! Coming in and going out: setup, sign-in, sign-out.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::view::pages::{LoginPage, SetupPage};
use super::super::view::{Frame, Theme};
use crate::http::extract::Params;
use crate::http::{AppState, Connection, Problem, cookie};
use crate::identity::{Password, SecretText, SetupError, SetupRefused, SignInError};

/// Where the first visit ends: a new chat with a message that only has to be sent.
const AFTER_SETUP: &str = "/chat?welcome=1";

#[derive(Deserialize)]
pub(super) struct SetupFields {
    token: String,
    password: String,
    repeat: String,
}

#[derive(Deserialize)]
pub(super) struct LoginFields {
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct LoginQuery {
    #[serde(default)]
    next: String,
}

/// `GET /setup`: only while there is no password.
pub(super) async fn setup(State(state): State<AppState>, reader: Reader) -> Response {
    if state.identity.is_set_up() {
        return Redirect::to("/login").into_response();
    }
    setup_page(reader.theme, StatusCode::OK, None, None)
}

/// `POST /setup`.
pub(super) async fn set_up(
    State(state): State<AppState>,
    axum::Extension(connection): axum::Extension<Connection>,
    reader: Reader,
    headers: HeaderMap,
    Fields(fields): Fields<SetupFields>,
) -> Result<Response, Problem> {
    if fields.password != fields.repeat {
        let error = "The two passwords differ.".to_owned();
        return Ok(setup_page(reader.theme, StatusCode::UNPROCESSABLE_ENTITY, Some(error), None));
    }
    let password = Password::presented(fields.password);
    let token = fields.token.trim();
    // Links get copied whole; what follows the last # is the token.
    let token = token.rsplit('#').next().unwrap_or(token);
    match state.identity.set_up(token, password, connection.is_local()).await {
        Ok(signed_in) => enter(&signed_in.cookie, &headers, connection, AFTER_SETUP),
        Err(SetupError::Done) => Ok(Redirect::to("/login").into_response()),
        Err(error) => {
            let (status, tries_left) = match &error {
                SetupError::NotLocal => (StatusCode::FORBIDDEN, None),
                SetupError::Refused(SetupRefused::Wrong { tries_left }) => {
                    (StatusCode::FORBIDDEN, Some(*tries_left))
                }
                SetupError::Refused(SetupRefused::Closed) => (StatusCode::FORBIDDEN, None),
                SetupError::Failed(crate::identity::PasswordError::Weak(_)) => {
                    (StatusCode::UNPROCESSABLE_ENTITY, None)
                }
                SetupError::Failed(_) | SetupError::Done => {
                    return Err(Problem::unavailable("the password could not be stored; try again"));
                }
            };
            let text = match tries_left {
                Some(_) => "This is not the code of the link that capuchin serve printed.".to_owned(),
                None => sentence(&error.to_string()),
            };
            Ok(setup_page(reader.theme, status, Some(text), tries_left))
        }
    }
}

/// `GET /login`.
pub(super) async fn login(
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<LoginQuery>,
) -> Response {
    if !state.identity.is_set_up() {
        return Redirect::to("/setup").into_response();
    }
    login_page(reader.theme, StatusCode::OK, None, &query.next)
}

/// `POST /login`.
pub(super) async fn sign_in(
    State(state): State<AppState>,
    axum::Extension(connection): axum::Extension<Connection>,
    reader: Reader,
    headers: HeaderMap,
    Fields(fields): Fields<LoginFields>,
) -> Result<Response, Problem> {
    let previous = cookie::session(&headers);
    let password = Password::presented(fields.password);
    match state.identity.sign_in(password, connection.address(), previous).await {
        Ok(signed_in) => enter(&signed_in.cookie, &headers, connection, local_path(&fields.next)),
        Err(SignInError::Failed(_)) => {
            Err(Problem::unavailable("the sign-in could not be stored; try again"))
        }
        Err(error) => {
            let status = match error {
                SignInError::LockedOut { .. } => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::FORBIDDEN,
            };
            Ok(login_page(reader.theme, status, Some(sentence(&error.to_string())), &fields.next))
        }
    }
}

/// `POST /logout`.
pub(super) async fn sign_out(
    State(state): State<AppState>,
    axum::Extension(connection): axum::Extension<Connection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(value) = cookie::session(&headers)
        && let Err(error) = state.identity.sign_out(value).await
    {
        tracing::warn!(%error, "the end of a session could not be stored; it is over in this process");
    }
    let mut response = Redirect::to("/login").into_response();
    let cleared = cookie::clear(cookie::is_secure(&headers, connection.is_tls()));
    response.headers_mut().insert(header::SET_COOKIE, cleared.ok_or_else(Problem::internal)?);
    // What this browser kept of the conversations goes too.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"storage\""));
    Ok(response)
}

/// Gives the browser its session and sends it on.
fn enter(
    value: &SecretText,
    headers: &HeaderMap,
    connection: Connection,
    to: &str,
) -> Result<Response, Problem> {
    let secure = cookie::is_secure(headers, connection.is_tls());
    let mut response = Redirect::to(to).into_response();
    response
        .headers_mut()
        .insert(header::SET_COOKIE, cookie::set(value, secure).ok_or_else(Problem::internal)?);
    Ok(response)
}

/// A path of our own, or Home: nobody is sent elsewhere by a link to the sign-in.
fn local_path(next: &str) -> &str {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if own { next } else { "/" }
}

fn setup_page(theme: Theme, status: StatusCode, error: Option<String>, tries_left: Option<u32>) -> Response {
    page(status, &SetupPage { frame: Frame::public("Set up", theme), error, tries_left })
}

fn login_page(theme: Theme, status: StatusCode, error: Option<String>, next: &str) -> Response {
    page(
        status,
        &LoginPage { frame: Frame::public("Sign in", theme), error, next: local_path(next).to_owned() },
    )
}

#[cfg(test)]
mod tests;
