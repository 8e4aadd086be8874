//! A person lets a device in: the code first, then what it asks for, then the decision.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::doors::{DevicePage, WishView};
use crate::http::auth::Oneself;
use crate::http::caller::Caller;
use crate::http::{AppState, Fresh, May, Problem};
use crate::identity::DeviceError;

#[derive(Deserialize)]
pub(super) struct CodeFields {
    code: String,
}

#[derive(Deserialize)]
pub(super) struct DecideFields {
    code: String,
    decision: String,
}

/// `GET /device`.
pub(super) async fn show(_by: May<Oneself>, reader: Reader) -> Response {
    shown(&reader, StatusCode::OK, None, None, None)
}

/// `POST /device`.
pub(super) async fn look_up(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<CodeFields>,
) -> Response {
    match state.identity.device_wish(&by, &fields.code, &caller.client) {
        Ok(wish) => {
            let rights = wish.scopes.words().into_iter().map(read::security::meaning).collect();
            let wish = WishView { code: fields.code, name: wish.name, address: wish.address, rights };
            shown(&reader, StatusCode::OK, None, None, Some(wish))
        }
        Err(error) => refused(&reader, &error),
    }
}

/// `POST /device/decide`.
pub(super) async fn decide(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<DecideFields>,
) -> Result<Response, Problem> {
    let approve = fields.decision == "approve";
    match state.identity.decide_device(&by, &fields.code, approve, &caller.client).await {
        Ok(()) if approve => {
            let done = "The device is in. You can close this page and go on there.";
            Ok(shown(&reader, StatusCode::OK, None, Some(done), None))
        }
        Ok(()) => Ok(shown(&reader, StatusCode::OK, None, Some("Denied. The device got nothing."), None)),
        Err(DeviceError::Token(error)) => Err(error.into()),
        Err(error) => Ok(refused(&reader, &error)),
    }
}

fn refused(reader: &Reader, error: &DeviceError) -> Response {
    let (status, text) = match error {
        DeviceError::LockedOut { .. } => (StatusCode::TOO_MANY_REQUESTS, sentence(&error.to_string())),
        _ => (
            StatusCode::NOT_FOUND,
            "No device waits with this code. Codes work for ten minutes; begin again on the device."
                .to_owned(),
        ),
    };
    shown(reader, status, Some(text), None, None)
}

fn shown(
    reader: &Reader,
    status: StatusCode,
    error: Option<String>,
    done: Option<&'static str>,
    wish: Option<WishView>,
) -> Response {
    let frame = reader.frame("Let a device in", "settings");
    page(status, &DevicePage { frame, error, done, wish })
}
