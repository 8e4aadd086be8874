//! Coming in without a credential: setup, invitation, recovery. Passkeys go through the API; without scripts,
//! and for passwords, the forms here do the same.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::view::Frame;
use super::super::view::doors::{Door, EntrancePage, JOIN, RECOVER, SETUP};
use crate::http::caller::Caller;
use crate::http::{AppState, Problem};
use crate::identity::{EnterError, Grant, NewCredential, Password, PasswordError, SetupRefused};

#[derive(Deserialize)]
pub(super) struct EntranceFields {
    token: String,
    #[serde(default)]
    name: String,
    password: String,
    repeat: String,
}

/// `GET /setup`: only while the owner cannot sign in.
pub(super) async fn setup(State(state): State<AppState>, reader: Reader) -> Response {
    if state.identity.is_set_up() {
        return Redirect::to("/login").into_response();
    }
    shown(&reader, SETUP, StatusCode::OK, None, None)
}

/// `GET /join`.
pub(super) async fn join(reader: Reader) -> Response {
    shown(&reader, JOIN, StatusCode::OK, None, None)
}

/// `GET /recover`.
pub(super) async fn recover(reader: Reader) -> Response {
    shown(&reader, RECOVER, StatusCode::OK, None, None)
}

/// `POST /setup`.
pub(super) async fn set_up(
    state: State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<EntranceFields>,
) -> Result<Response, Problem> {
    enter(&state, &caller, reader, SETUP, fields).await
}

/// `POST /join`.
pub(super) async fn joined(
    state: State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<EntranceFields>,
) -> Result<Response, Problem> {
    enter(&state, &caller, reader, JOIN, fields).await
}

/// `POST /recover`.
pub(super) async fn recovered(
    state: State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<EntranceFields>,
) -> Result<Response, Problem> {
    enter(&state, &caller, reader, RECOVER, fields).await
}

async fn enter(
    state: &AppState,
    caller: &Caller,
    reader: Reader,
    door: Door,
    fields: EntranceFields,
) -> Result<Response, Problem> {
    if fields.password != fields.repeat {
        let error = "The two passwords differ.".to_owned();
        return Ok(shown(&reader, door, StatusCode::UNPROCESSABLE_ENTITY, Some(error), None));
    }
    let credential = NewCredential::Password(Password::presented(fields.password));
    let token = fields.token.trim();
    // Links get copied whole; what follows the last # is the token.
    let token = token.rsplit('#').next().unwrap_or(token);
    let grant = match door.word {
        "setup" => Grant::Setup(token),
        "join" => Grant::Invite(token),
        _ => Grant::Recovery(token),
    };
    let name = Some(fields.name.trim()).filter(|name| !name.is_empty());
    match state.identity.enter(grant, name, credential, &caller.client).await {
        Ok(entered) => {
            let key = entered.recovery_key.expose().to_owned();
            let mut response = entrance(&reader, door, StatusCode::OK, None, None, Some(key));
            let cookie = caller.cookie(&entered.signed_in.cookie)?;
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(EnterError::Done) => Ok(Redirect::to("/login").into_response()),
        Err(error) => refused(&reader, door, &error),
    }
}

fn refused(reader: &Reader, door: Door, error: &EnterError) -> Result<Response, Problem> {
    let (status, tries_left) = match error {
        EnterError::Refused(SetupRefused::Wrong { tries_left }) => (StatusCode::FORBIDDEN, Some(*tries_left)),
        EnterError::LockedOut { .. } => (StatusCode::TOO_MANY_REQUESTS, None),
        EnterError::Member(_) | EnterError::Failed(PasswordError::Weak(_)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, None)
        }
        EnterError::Failed(_) | EnterError::Passkey(_) => {
            return Err(Problem::unavailable("the password could not be stored; try again"));
        }
        EnterError::NotLocal | EnterError::Refused(_) | EnterError::Void | EnterError::Done => {
            (StatusCode::FORBIDDEN, None)
        }
    };
    let text = match tries_left {
        Some(_) => "This is not the code of the link that capuchin serve printed.".to_owned(),
        None => sentence(&error.to_string()),
    };
    Ok(shown(reader, door, status, Some(text), tries_left))
}

fn shown(
    reader: &Reader,
    door: Door,
    status: StatusCode,
    error: Option<String>,
    tries_left: Option<u32>,
) -> Response {
    entrance(reader, door, status, error, tries_left, None)
}

fn entrance(
    reader: &Reader,
    door: Door,
    status: StatusCode,
    error: Option<String>,
    tries_left: Option<u32>,
    recovery_key: Option<String>,
) -> Response {
    let frame = Frame::public(door.heading, reader.theme);
    page(status, &EntrancePage { frame, door, error, tries_left, recovery_key })
}
