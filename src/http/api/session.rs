//! `/api/v1/setup`, `/api/v1/session`, `/api/v1/password`: the owner comes in, and leaves.

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::connection::Connection;
use crate::http::cookie;
use crate::http::extract::Body;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{
    Password, PasswordError, Principal, SetupError, SetupRefused, SignInError, SignedIn, Who,
};

/// The first password.
#[derive(Deserialize, ToSchema)]
pub(super) struct SetUp {
    /// The one-time token of the link that `capuchin serve` printed.
    token: String,
    /// At least 12 characters.
    password: String,
}

/// A sign-in.
#[derive(Deserialize, ToSchema)]
pub(super) struct SignIn {
    /// The owner's password.
    password: String,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangePassword {
    /// The password until now. Not asked for on the control socket.
    current: Option<String>,
    /// At least 12 characters.
    new: String,
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct WhoAmI {
    tenant: String,
    /// `owner` or `token`.
    kind: &'static str,
    /// The token's id.
    token_id: Option<String>,
    /// Words of `chat`, `read`, `operate`, `metrics`, `admin`.
    scopes: Vec<&'static str>,
    /// The only assistant that it may use.
    assistant_id: Option<String>,
}

impl From<Principal> for WhoAmI {
    fn from(principal: Principal) -> Self {
        let (kind, token_id) = match principal.who {
            Who::Owner => ("owner", None),
            Who::Token(id) => ("token", Some(id.to_string())),
        };
        Self {
            tenant: principal.tenant.to_string(),
            kind,
            token_id,
            scopes: principal.scopes.words().into_iter().map(crate::identity::Scope::as_str).collect(),
            assistant_id: principal.assistant.map(|id| id.to_string()),
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(set_up))
        .routes(routes!(who_am_i, sign_in, sign_out))
        .routes(routes!(change_password))
}

/// Sets the first password with the one-time token, from this machine, and signs in.
#[utoipa::path(
    post, path = "/api/v1/setup", tag = "session", request_body = SetUp,
    responses((status = 201, body = WhoAmI), (status = 403, description = "Wrong token, or not this machine")),
    security(())
)]
async fn set_up(
    State(state): State<AppState>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    Body(body): Body<SetUp>,
) -> Result<Response, Problem> {
    let password = Password::presented(body.password);
    let signed_in = state.identity.set_up(&body.token, password, connection.is_local()).await?;
    signed_in_response(signed_in, &headers, connection)
}

/// Signs the owner in. The answer sets the session cookie.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses(
        (status = 201, body = WhoAmI),
        (status = 401, description = "The password is wrong"),
        (status = 429, description = "Too many wrong passwords; see Retry-After"),
    ),
    security(())
)]
async fn sign_in(
    State(state): State<AppState>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
    Body(body): Body<SignIn>,
) -> Result<Response, Problem> {
    let previous = cookie::session(&headers);
    let password = Password::presented(body.password);
    let signed_in = state.identity.sign_in(password, connection.address(), previous).await?;
    signed_in_response(signed_in, &headers, connection)
}

/// Who asks.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = WhoAmI)), security(("token" = []))
)]
async fn who_am_i(by: Principal) -> Json<WhoAmI> {
    Json(by.into())
}

/// Ends this browser's session.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "session", responses((status = 204)), security(("token" = []))
)]
async fn sign_out(
    _by: Principal,
    State(state): State<AppState>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(value) = cookie::session(&headers) {
        state.identity.sign_out(value).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let secure = cookie::is_secure(&headers, connection.is_tls());
    if let Some(cookie) = cookie::clear(secure) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Sets another password. Every browser session ends, this one too.
#[utoipa::path(
    put, path = "/api/v1/password", tag = "session", request_body = ChangePassword,
    responses((status = 204), (status = 403, description = "The current password is wrong")),
    security(("token" = ["admin"]))
)]
async fn change_password(
    owner: Owner,
    State(state): State<AppState>,
    Extension(connection): Extension<Connection>,
    Body(body): Body<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let Owner = owner;
    if connection != Connection::Control {
        let current = Password::presented(body.current.unwrap_or_default());
        state.identity.confirm(current, connection.address()).await?;
    }
    state.identity.set_password(Password::presented(body.new)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The owner in person: no token, whatever its scopes, passes for one.
struct Owner;

impl axum::extract::FromRequestParts<AppState> for Owner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let principal = Principal::from_request_parts(parts, state).await?;
        if principal.who == Who::Owner {
            return Ok(Self);
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "only the signed-in owner may do this"))
    }
}

fn signed_in_response(
    signed_in: SignedIn,
    headers: &HeaderMap,
    connection: Connection,
) -> Result<Response, Problem> {
    let secure = cookie::is_secure(headers, connection.is_tls());
    let cookie = cookie::set(&signed_in.cookie, secure).ok_or_else(Problem::internal)?;
    let who = Json(WhoAmI::from(signed_in.principal));
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], who).into_response())
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Weak(weak) => Self::invalid_field("/password", weak.to_string()),
            PasswordError::Store(error) => error.into(),
            PasswordError::Hashing(_) | PasswordError::Random(_) => Self::internal(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let detail = error.to_string();
        match error {
            SignInError::Wrong => Self::new(StatusCode::UNAUTHORIZED, "wrong_password", detail),
            SignInError::LockedOut { retry_after } => Self::too_many("locked_out", detail, retry_after),
            SignInError::Failed(error) => error.into(),
        }
    }
}

impl From<SetupError> for Problem {
    fn from(error: SetupError) -> Self {
        let detail = error.to_string();
        match error {
            SetupError::NotLocal => Self::new(StatusCode::FORBIDDEN, "not_local", detail),
            SetupError::Done => Self::conflict("already_set_up", detail),
            SetupError::Refused(SetupRefused::Closed) => {
                Self::new(StatusCode::FORBIDDEN, "setup_closed", detail)
            }
            SetupError::Refused(SetupRefused::Wrong { .. }) => {
                Self::new(StatusCode::FORBIDDEN, "wrong_setup_token", detail)
            }
            SetupError::Failed(error) => error.into(),
        }
    }
}
