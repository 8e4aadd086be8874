//! Coming in with what one has, proving it again, and going out: sign-in, step-up, sign-out.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::{local_path, sentence};
use super::super::headers::page;
use super::super::view::Frame;
use super::super::view::doors::{LoginPage, StepUpPage};
use crate::http::auth::Oneself;
use crate::http::caller::Caller;
use crate::http::extract::Params;
use crate::http::{AppState, May, Problem};
use crate::identity::{Password, Principal, SecretText, SignInError};

#[derive(Deserialize)]
pub(super) struct LoginFields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    /// The sign-in that waits for its code, and the code.
    #[serde(default)]
    pending: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct StepUpFields {
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

/// `GET /login`.
pub(super) async fn login(
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<Next>,
) -> Response {
    if !state.identity.is_set_up() {
        return Redirect::to("/setup").into_response();
    }
    login_page(&reader, StatusCode::OK, None, &query.next, None)
}

/// `POST /login`: a name and a password, or the code that is missing after them.
pub(super) async fn sign_in(
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<LoginFields>,
) -> Result<Response, Problem> {
    let (identity, client, previous) = (&state.identity, &caller.client, caller.session.as_deref());
    let outcome = if fields.pending.is_empty() {
        identity.sign_in(&fields.name, Password::presented(fields.password), client, previous).await
    } else {
        identity.finish_sign_in(&fields.pending, &fields.code, client, previous).await
    };
    let error = match outcome {
        Ok(signed_in) => return enter(&signed_in.cookie, &caller, local_path(&fields.next)),
        Err(SignInError::CodeNeeded { pending }) => {
            let pending = pending.expose().to_owned();
            return Ok(login_page(&reader, StatusCode::OK, None, &fields.next, Some(pending)));
        }
        Err(SignInError::Failed(_)) => {
            return Err(Problem::unavailable("the sign-in could not be stored; try again"));
        }
        Err(error) => error,
    };
    let pending = matches!(error, SignInError::WrongCode).then_some(fields.pending);
    Ok(login_page(&reader, status_of(&error), Some(sentence(&error.to_string())), &fields.next, pending))
}

/// `GET /step-up`.
pub(super) async fn prove(
    by: May<Oneself>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<Next>,
) -> Response {
    step_up_page(&state, &by, &reader, StatusCode::OK, None, &query.next)
}

/// `POST /step-up`: a password again, with its code.
pub(super) async fn step_up(
    by: May<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<StepUpFields>,
) -> Result<Response, Problem> {
    let password = Password::presented(fields.password);
    match state.identity.step_up(&by, password, &fields.code, &caller.client).await {
        Ok(()) => Ok(Redirect::to(local_path(&fields.next)).into_response()),
        Err(SignInError::Failed(_)) => Err(Problem::unavailable("the proof could not be stored; try again")),
        Err(error) => {
            let text = match error {
                SignInError::Wrong => "The password is wrong.".to_owned(),
                _ => sentence(&error.to_string()),
            };
            Ok(step_up_page(&state, &by, &reader, status_of(&error), Some(text), &fields.next))
        }
    }
}

/// `POST /logout`.
pub(super) async fn sign_out(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    if let Some(value) = &caller.session
        && let Err(error) = state.identity.sign_out(value).await
    {
        tracing::warn!(%error, "the end of a session could not be stored; it is over in this process");
    }
    let mut response = Redirect::to("/login").into_response();
    response.headers_mut().insert(header::SET_COOKIE, caller.no_cookie()?);
    // What this browser kept of the conversations goes too.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"storage\""));
    Ok(response)
}

/// Gives the browser its session and sends it on.
fn enter(value: &SecretText, caller: &Caller, to: &str) -> Result<Response, Problem> {
    let mut response = Redirect::to(to).into_response();
    response.headers_mut().insert(header::SET_COOKIE, caller.cookie(value)?);
    Ok(response)
}

fn status_of(error: &SignInError) -> StatusCode {
    match error {
        SignInError::LockedOut { .. } => StatusCode::TOO_MANY_REQUESTS,
        SignInError::Seal(_) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    }
}

fn login_page(
    reader: &Reader,
    status: StatusCode,
    error: Option<String>,
    next: &str,
    pending: Option<String>,
) -> Response {
    let frame = Frame::public("Sign in", reader.theme);
    page(status, &LoginPage { frame, error, next: local_path(next).to_owned(), pending })
}

fn step_up_page(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    status: StatusCode,
    error: Option<String>,
    next: &str,
) -> Response {
    let frame = reader.frame("Is it still you?", "settings");
    let member = state.identity.myself(by);
    let person = member.as_ref();
    let template = StepUpPage {
        frame,
        error,
        next: local_path(next).to_owned(),
        name: person.map(|member| member.name.clone()).unwrap_or_default(),
        has_passkey: person.is_some_and(|member| member.passkeys > 0),
        has_password: person.is_some_and(|member| member.has_password),
        has_code: person.is_some_and(|member| member.has_second_factor),
    };
    page(status, &template)
}
