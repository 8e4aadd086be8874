//! `/api/v1/session`, `/api/v1/password`: people come in, prove who they are again, and leave.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Fresh, May, Oneself};
use crate::http::caller::Caller;
use crate::http::extract::Body;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{Begun, Password, PasswordError, Principal, SignInError, SignedIn, Who};

/// A sign-in by password.
#[derive(Deserialize, ToSchema)]
pub(super) struct SignIn {
    /// Who; without it the owner.
    name: Option<String>,
    /// The password.
    password: String,
    /// The code of six digits, for people who have a second factor.
    code: Option<String>,
}

/// What a browser answered to a passkey ceremony.
#[derive(Deserialize, ToSchema)]
pub(super) struct PasskeyAnswer {
    /// The ceremony's name, from the answer that began it.
    pub(super) ceremony: String,
    /// The credential in the JSON form of WebAuthn Level 3.
    #[schema(value_type = Object)]
    pub(super) credential: Value,
}

/// A ceremony that waits for the person.
#[derive(Serialize, ToSchema)]
pub(super) struct CeremonyView {
    /// Its name; it works once, for five minutes.
    ceremony: String,
    /// The options for `navigator.credentials`, in the JSON form of WebAuthn Level 3.
    #[schema(value_type = Object)]
    options: Value,
}

impl From<Begun> for CeremonyView {
    fn from(begun: Begun) -> Self {
        Self { ceremony: begun.ceremony.expose().to_owned(), options: begun.options }
    }
}

/// A fresh proof: a password, with a code where there is a second factor, or a passkey.
#[derive(Deserialize, ToSchema)]
pub(super) struct StepUp {
    /// The password.
    password: Option<String>,
    /// The code of six digits.
    code: Option<String>,
    /// A passkey, begun with `POST /api/v1/session/passkey`.
    passkey: Option<PasskeyAnswer>,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangePassword {
    /// The password until now. Not asked for on the control socket, nor where there is none.
    current: Option<String>,
    /// At least 12 characters.
    new: String,
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct WhoAmI {
    tenant: String,
    /// `owner`, `member` or `token`.
    kind: &'static str,
    /// The person's id.
    member_id: Option<String>,
    /// The person's name.
    name: Option<String>,
    /// The token's id.
    token_id: Option<String>,
    /// Words of the scopes.
    scopes: Vec<&'static str>,
    /// The only assistant that it may use.
    assistant_id: Option<String>,
}

impl WhoAmI {
    pub(super) fn of(state: &AppState, principal: &Principal) -> Self {
        let (kind, token_id) = match principal.who {
            Who::Owner => ("owner", None),
            Who::Member(_) => ("member", None),
            Who::Token(id) => ("token", Some(id.to_string())),
        };
        let member = state.identity.myself(principal);
        Self {
            tenant: principal.tenant.to_string(),
            kind,
            member_id: member.as_ref().map(|member| member.id.to_string()),
            name: member.map(|member| member.name),
            token_id,
            scopes: principal.scopes.words().into_iter().map(crate::identity::Scope::as_str).collect(),
            assistant_id: principal.assistant.map(|id| id.to_string()),
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(who_am_i, sign_in, sign_out))
        .routes(routes!(begin_passkey))
        .routes(routes!(sign_in_with_passkey))
        .routes(routes!(step_up))
        .routes(routes!(change_password, remove_password))
}

/// Signs a person in by password. The answer sets the session cookie.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", request_body = SignIn,
    responses(
        (status = 201, body = WhoAmI),
        (status = 401, description = "The name, the password or the code is wrong, or the code is missing"),
        (status = 429, description = "Too many wrong tries; see Retry-After"),
        (status = 503, description = "The vault is sealed, so that codes cannot be checked"),
    ),
    security(())
)]
async fn sign_in(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<SignIn>,
) -> Result<Response, Problem> {
    let previous = caller.session.as_deref();
    let (name, password) = (body.name.unwrap_or_default(), Password::presented(body.password));
    let outcome = match state.identity.sign_in(&name, password, &caller.client, previous).await {
        Err(SignInError::CodeNeeded { pending }) if body.code.is_some() => {
            let code = body.code.unwrap_or_default();
            state.identity.finish_sign_in(pending.expose(), &code, &caller.client, previous).await
        }
        other => other,
    };
    signed_in_response(&state, &outcome?, &caller)
}

/// Begins a proof by passkey, for a sign-in or a step-up.
#[utoipa::path(
    post, path = "/api/v1/session/passkey", tag = "session",
    responses((status = 201, body = CeremonyView), (status = 409, description = "The address has no name")),
    security(())
)]
async fn begin_passkey(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<(StatusCode, Json<CeremonyView>), Problem> {
    let begun = state.identity.begin_proof(caller.origin()?, &caller.client)?;
    Ok((StatusCode::CREATED, Json(begun.into())))
}

/// Signs in whoever's passkey it is. The answer sets the session cookie.
#[utoipa::path(
    post, path = "/api/v1/session/passkey/finish", tag = "session", request_body = PasskeyAnswer,
    responses(
        (status = 201, body = WhoAmI),
        (status = 401, description = "The passkey is not accepted here, or the ceremony is over"),
        (status = 429, description = "Too many wrong tries; see Retry-After"),
    ),
    security(())
)]
async fn sign_in_with_passkey(
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<PasskeyAnswer>,
) -> Result<Response, Problem> {
    let previous = caller.session.as_deref();
    let outcome =
        state.identity.sign_in_with_passkey(&body.ceremony, &body.credential, &caller.client, previous).await;
    signed_in_response(&state, &outcome?, &caller)
}

/// Who asks.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = WhoAmI)), security(("token" = []), ("session" = []))
)]
async fn who_am_i(by: Principal, State(state): State<AppState>) -> Json<WhoAmI> {
    Json(WhoAmI::of(&state, &by))
}

/// Ends this browser's session.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "session", responses((status = 204)),
    security(("token" = []), ("session" = []))
)]
async fn sign_out(
    _by: Principal,
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Response, Problem> {
    if let Some(value) = &caller.session {
        state.identity.sign_out(value).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, caller.no_cookie()?)]).into_response())
}

/// Takes a fresh proof of who is signed in. For five minutes dangerous actions need no other.
#[utoipa::path(
    post, path = "/api/v1/session/step-up", tag = "session", request_body = StepUp,
    responses(
        (status = 204),
        (status = 401, description = "The password, the code or the passkey is wrong"),
        (status = 429, description = "Too many wrong tries; see Retry-After"),
    ),
    security(("session" = []))
)]
async fn step_up(
    by: May<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<StepUp>,
) -> Result<StatusCode, Problem> {
    let (identity, client) = (&state.identity, &caller.client);
    match (body.passkey, body.password) {
        (Some(answer), None) => {
            identity.step_up_with_passkey(&by, &answer.ceremony, &answer.credential, client).await?;
        }
        (None, Some(password)) => {
            let code = body.code.unwrap_or_default();
            identity.step_up(&by, Password::presented(password), &code, client).await?;
        }
        _ => return Err(Problem::invalid_field("/password", "send a password or a passkey, one of them")),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Sets another password. Every browser session of the person ends, this one too.
#[utoipa::path(
    put, path = "/api/v1/password", tag = "session", request_body = ChangePassword,
    responses(
        (status = 204),
        (status = 401, description = "The current password is wrong"),
        (status = 403, description = "No person, or a fresh proof is needed"),
        (status = 429, description = "Too many wrong tries; see Retry-After"),
    ),
    security(("session" = ["step_up"]))
)]
async fn change_password(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let has_one = state.identity.myself(&by).is_some_and(|member| member.has_password);
    if has_one && !caller.client.control {
        let current = Password::presented(body.current.unwrap_or_default());
        state.identity.confirm(&by, current, &caller.client).await?;
    }
    state.identity.set_password(&by, Password::presented(body.new), &caller.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the password away, and the second factor with it: from now on only passkeys let the person in.
#[utoipa::path(
    delete, path = "/api/v1/password", tag = "session",
    responses((status = 204), (status = 409, description = "There is no passkey")),
    security(("session" = ["step_up"]))
)]
async fn remove_password(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    state.identity.remove_password(&by, &caller.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn signed_in_response(state: &AppState, signed_in: &SignedIn, caller: &Caller) -> Result<Response, Problem> {
    let who = Json(WhoAmI::of(state, &signed_in.principal));
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, caller.cookie(&signed_in.cookie)?)], who).into_response())
}

impl From<PasswordError> for Problem {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Weak(weak) => Self::invalid_field("/password", weak.to_string()),
            PasswordError::LastCredential => Self::conflict("last_credential", error.to_string()),
            PasswordError::Store(error) => error.into(),
            PasswordError::Hashing(_) | PasswordError::Random(_) => Self::internal(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let detail = error.to_string();
        let wrong = |code| Self::new(StatusCode::UNAUTHORIZED, code, detail.clone());
        match error {
            SignInError::Wrong => wrong("wrong_password"),
            SignInError::CodeNeeded { .. } => wrong("code_required"),
            SignInError::WrongCode => wrong("wrong_code"),
            SignInError::Over => wrong("sign_in_over"),
            SignInError::LockedOut { retry_after } => Self::too_many("locked_out", detail, retry_after),
            SignInError::Passkey(crate::identity::PasskeyError::Store(error)) => error.into(),
            SignInError::Passkey(_) => wrong("passkey_refused"),
            SignInError::Seal(crate::identity::SealError::Store(error)) => error.into(),
            SignInError::Seal(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "vault_sealed", detail),
            SignInError::Failed(error) => error.into(),
        }
    }
}
