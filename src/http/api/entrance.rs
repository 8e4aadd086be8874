//! `/api/v1/setup`, `/api/v1/invite`, `/api/v1/recovery`: the ways in for people without a credential.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::{CeremonyView, PasskeyAnswer, WhoAmI};
use crate::http::caller::Caller;
use crate::http::extract::Body;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{EnterError, Entered, Grant, NewCredential, Password, SetupRefused};

/// What lets somebody in once.
#[derive(Deserialize, ToSchema)]
pub(super) struct Shown {
    /// The token of the link, or the recovery key.
    token: String,
}

/// What lets somebody in once, and what they want to come in with from now on.
#[derive(Deserialize, ToSchema)]
pub(super) struct Enter {
    /// The token of the link, or the recovery key.
    token: String,
    /// What an invited person wants to be called; without it what the owner wrote.
    name: Option<String>,
    /// A password of at least 12 characters …
    password: Option<String>,
    /// … or a passkey, begun with the call's `/passkey`.
    passkey: Option<PasskeyAnswer>,
}

impl Enter {
    fn credential(
        password: Option<String>,
        passkey: Option<PasskeyAnswer>,
    ) -> Result<NewCredential, Problem> {
        match (password, passkey) {
            (Some(password), None) => Ok(NewCredential::Password(Password::presented(password))),
            (None, Some(PasskeyAnswer { ceremony, credential })) => {
                Ok(NewCredential::Passkey { ceremony, credential })
            }
            _ => Err(Problem::invalid_field("/password", "send a password or a passkey, one of them")),
        }
    }
}

/// Somebody came in.
#[derive(Serialize, ToSchema)]
pub(super) struct EnteredView {
    #[serde(flatten)]
    who: WhoAmI,
    /// Lets the person in when everything else is lost. Shown now and never again; an older one is void.
    recovery_key: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(set_up))
        .routes(routes!(begin_set_up))
        .routes(routes!(join))
        .routes(routes!(begin_join))
        .routes(routes!(recover))
        .routes(routes!(begin_recover))
}

/// Makes the owner's first credential with the one-time token, from this machine, and signs in.
#[utoipa::path(
    post, path = "/api/v1/setup", tag = "session", request_body = Enter,
    responses((status = 201, body = EnteredView), (status = 403, description = "Wrong token, or not this machine")),
    security(())
)]
async fn set_up(
    state: State<AppState>,
    caller: Caller,
    Body(body): Body<Enter>,
) -> Result<Response, Problem> {
    let credential = Enter::credential(body.password, body.passkey)?;
    enter(&state, &caller, Grant::Setup(&body.token), None, credential).await
}

/// Begins to make the owner's first passkey. The token is not used up by it.
#[utoipa::path(
    post, path = "/api/v1/setup/passkey", tag = "session", request_body = Shown,
    responses((status = 201, body = CeremonyView), (status = 403, description = "Wrong token, or not this machine")),
    security(())
)]
async fn begin_set_up(
    state: State<AppState>,
    caller: Caller,
    Body(body): Body<Shown>,
) -> Result<(StatusCode, Json<CeremonyView>), Problem> {
    begin(&state, &caller, Grant::Setup(&body.token)).await
}

/// Lets an invited person in.
#[utoipa::path(
    post, path = "/api/v1/invite", tag = "session", request_body = Enter,
    responses((status = 201, body = EnteredView), (status = 403, description = "The invitation is wrong or void")),
    security(())
)]
async fn join(state: State<AppState>, caller: Caller, Body(body): Body<Enter>) -> Result<Response, Problem> {
    let credential = Enter::credential(body.password, body.passkey)?;
    enter(&state, &caller, Grant::Invite(&body.token), body.name.as_deref(), credential).await
}

/// Begins to make an invited person's passkey. The invitation is not used up by it.
#[utoipa::path(
    post, path = "/api/v1/invite/passkey", tag = "session", request_body = Shown,
    responses((status = 201, body = CeremonyView), (status = 403, description = "The invitation is wrong or void")),
    security(())
)]
async fn begin_join(
    state: State<AppState>,
    caller: Caller,
    Body(body): Body<Shown>,
) -> Result<(StatusCode, Json<CeremonyView>), Problem> {
    begin(&state, &caller, Grant::Invite(&body.token)).await
}

/// Lets somebody in who lost everything but the recovery key. Their sessions and their second factor end.
#[utoipa::path(
    post, path = "/api/v1/recovery", tag = "session", request_body = Enter,
    responses((status = 201, body = EnteredView), (status = 403, description = "The key is wrong or was used")),
    security(())
)]
async fn recover(
    state: State<AppState>,
    caller: Caller,
    Body(body): Body<Enter>,
) -> Result<Response, Problem> {
    let credential = Enter::credential(body.password, body.passkey)?;
    enter(&state, &caller, Grant::Recovery(&body.token), None, credential).await
}

/// Begins to make a passkey with the recovery key, which is not used up by it.
#[utoipa::path(
    post, path = "/api/v1/recovery/passkey", tag = "session", request_body = Shown,
    responses((status = 201, body = CeremonyView), (status = 403, description = "The key is wrong or was used")),
    security(())
)]
async fn begin_recover(
    state: State<AppState>,
    caller: Caller,
    Body(body): Body<Shown>,
) -> Result<(StatusCode, Json<CeremonyView>), Problem> {
    begin(&state, &caller, Grant::Recovery(&body.token)).await
}

async fn begin(
    state: &AppState,
    caller: &Caller,
    grant: Grant<'_>,
) -> Result<(StatusCode, Json<CeremonyView>), Problem> {
    let begun = state.identity.begin_with_grant(grant, caller.origin()?, &caller.client).await?;
    Ok((StatusCode::CREATED, Json(begun.into())))
}

async fn enter(
    state: &AppState,
    caller: &Caller,
    grant: Grant<'_>,
    name: Option<&str>,
    credential: NewCredential,
) -> Result<Response, Problem> {
    let Entered { signed_in, recovery_key } =
        state.identity.enter(grant, name, credential, &caller.client).await?;
    let who = WhoAmI::of(state, &signed_in.principal);
    let body = Json(EnteredView { who, recovery_key: recovery_key.expose().to_owned() });
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, caller.cookie(&signed_in.cookie)?)], body).into_response())
}

impl From<EnterError> for Problem {
    fn from(error: EnterError) -> Self {
        let detail = error.to_string();
        let forbidden = |code| Self::new(StatusCode::FORBIDDEN, code, detail.clone());
        match error {
            EnterError::NotLocal => forbidden("not_local"),
            EnterError::Done => Self::conflict("already_set_up", detail),
            EnterError::Refused(SetupRefused::Closed) => forbidden("setup_closed"),
            EnterError::Refused(SetupRefused::Wrong { .. }) => forbidden("wrong_setup_token"),
            EnterError::Void => forbidden("void"),
            EnterError::LockedOut { retry_after } => Self::too_many("locked_out", detail, retry_after),
            EnterError::Member(error) => error.into(),
            EnterError::Passkey(error) => error.into(),
            EnterError::Failed(error) => error.into(),
        }
    }
}
