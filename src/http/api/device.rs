//! `/api/v1/device`: programs on other machines come in with a code (RFC 8628).
//!
//! The two calls of the device speak as the RFC says: forms in, its error words out. The two of the person
//! speak JSON.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Fresh, Oneself};
use crate::http::caller::Caller;
use crate::http::extract::{Body, FormBody};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{
    DEVICE_INTERVAL, DEVICE_LIFETIME, DeviceError, DeviceWish, Scope, Scopes, TOKEN_LIFE_DEFAULT_MS,
};

/// The grant of RFC 8628.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a device asks for.
#[derive(Deserialize, ToSchema)]
pub(super) struct Authorize {
    /// What it calls itself; people see it.
    client_id: String,
    /// Scopes, parted by spaces; without it `chat read`.
    scope: Option<String>,
}

/// A device that waits.
#[derive(Serialize, ToSchema)]
pub(super) struct Authorized {
    device_code: String,
    /// A person types it at `verification_uri`.
    user_code: String,
    verification_uri: String,
    /// In seconds.
    expires_in: u64,
    /// Seconds between two questions.
    interval: u64,
}

/// A device asks whether somebody decided.
#[derive(Deserialize, ToSchema)]
pub(super) struct Fetch {
    /// `urn:ietf:params:oauth:grant-type:device_code`.
    grant_type: String,
    device_code: String,
}

/// A token for the device.
#[derive(Serialize, ToSchema)]
pub(super) struct Fetched {
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// In seconds.
    expires_in: i64,
}

/// Why a device is not let in, as RFC 6749 says it.
#[derive(Serialize, ToSchema)]
pub(super) struct DeviceRefused {
    /// `authorization_pending`, `slow_down`, `access_denied`, `expired_token`, `invalid_scope`, …
    error: &'static str,
    error_description: String,
}

/// The code that a person typed.
#[derive(Deserialize, ToSchema)]
pub(super) struct LookUp {
    user_code: String,
}

/// What the device asks for, as far as this person may give it.
#[derive(Serialize, ToSchema)]
pub(super) struct Wish {
    name: String,
    address: String,
    scopes: Vec<&'static str>,
}

/// A decision.
#[derive(Deserialize, ToSchema)]
pub(super) struct Decide {
    user_code: String,
    approve: bool,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(authorize))
        .routes(routes!(fetch))
        .routes(routes!(look_up))
        .routes(routes!(decide))
}

/// A device asks to come in.
#[utoipa::path(
    post, path = "/api/v1/device/authorize", tag = "device",
    request_body(content = Authorize, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Authorized), (status = 400, body = DeviceRefused)), security(())
)]
async fn authorize(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    FormBody(body): FormBody<Authorize>,
) -> Result<Response, Problem> {
    let scopes = match &body.scope {
        None => Ok([Scope::Chat, Scope::Read].into_iter().collect::<Scopes>()),
        Some(words) => words.split_whitespace().collect::<Vec<_>>().join(",").parse(),
    };
    let begun = match scopes {
        Ok(scopes) => state.identity.begin_device(&body.client_id, scopes, &caller.client),
        Err(_) => Err(DeviceError::Scopes), // silent-ok: the answer names the scopes
    };
    let begun = match begun {
        Ok(begun) => begun,
        Err(error) => return refused(error),
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scheme = if caller.is_secure() { "https" } else { "http" };
    let answer = Authorized {
        device_code: begun.device_code.expose().to_owned(),
        user_code: begun.user_code,
        verification_uri: format!("{scheme}://{host}/device"),
        expires_in: DEVICE_LIFETIME.as_secs(),
        interval: DEVICE_INTERVAL.as_secs(),
    };
    Ok(Json(answer).into_response())
}

/// Answers a device: its token once, when a person let it in.
#[utoipa::path(
    post, path = "/api/v1/device/token", tag = "device",
    request_body(content = Fetch, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Fetched), (status = 400, body = DeviceRefused)), security(())
)]
async fn fetch(State(state): State<AppState>, FormBody(body): FormBody<Fetch>) -> Result<Response, Problem> {
    if body.grant_type != GRANT {
        return Ok(answer("unsupported_grant_type", format!("the grant is {GRANT}")));
    }
    match state.identity.fetch_device_token(&body.device_code) {
        Ok(token) => {
            let access_token = token.expose().to_owned();
            let expires_in = TOKEN_LIFE_DEFAULT_MS / 1_000;
            Ok(Json(Fetched { access_token, token_type: "Bearer", expires_in }).into_response())
        }
        Err(error) => refused(error),
    }
}

/// What the device asks for whose code a person typed.
#[utoipa::path(
    post, path = "/api/v1/device/look-up", tag = "device", request_body = LookUp,
    responses((status = 200, body = Wish), (status = 404, description = "No device waits with this code")),
    security(("session" = ["step_up"]))
)]
async fn look_up(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<LookUp>,
) -> Result<Json<Wish>, Problem> {
    let DeviceWish { name, scopes, address } =
        state.identity.device_wish(&by, &body.user_code, &caller.client)?;
    let scopes = scopes.words().into_iter().map(Scope::as_str).collect();
    Ok(Json(Wish { name, address, scopes }))
}

/// Lets a device in, or not. Decided once.
#[utoipa::path(
    post, path = "/api/v1/device/decide", tag = "device", request_body = Decide,
    responses((status = 204), (status = 404, description = "No device waits with this code")),
    security(("session" = ["step_up"]))
)]
async fn decide(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<Decide>,
) -> Result<StatusCode, Problem> {
    state.identity.decide_device(&by, &body.user_code, body.approve, &caller.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A refusal in the words of the RFC, or a problem where it has none.
fn refused(error: DeviceError) -> Result<Response, Problem> {
    let word = match &error {
        DeviceError::Pending => "authorization_pending",
        DeviceError::SlowDown => "slow_down",
        DeviceError::Denied => "access_denied",
        DeviceError::Expired => "expired_token",
        DeviceError::Scopes => "invalid_scope",
        DeviceError::Name => "invalid_request",
        DeviceError::TooMany => "temporarily_unavailable",
        DeviceError::LockedOut { .. } | DeviceError::Token(_) => return Err(error.into()),
    };
    Ok(answer(word, error.to_string()))
}

fn answer(error: &'static str, error_description: String) -> Response {
    let body = DeviceRefused { error, error_description };
    (StatusCode::BAD_REQUEST, Json(json!(body))).into_response()
}

impl From<DeviceError> for Problem {
    fn from(error: DeviceError) -> Self {
        let detail = error.to_string();
        match error {
            DeviceError::Expired | DeviceError::Denied | DeviceError::Pending | DeviceError::SlowDown => {
                Self::not_found()
            }
            DeviceError::Scopes => Self::invalid_field("/scope", detail),
            DeviceError::Name => Self::invalid_field("/client_id", detail),
            DeviceError::TooMany => Self::too_many("too_many_devices", detail, DEVICE_LIFETIME),
            DeviceError::LockedOut { retry_after } => Self::too_many("locked_out", detail, retry_after),
            DeviceError::Token(error) => error.into(),
        }
    }
}
