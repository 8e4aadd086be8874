//! `/api/v1/passkeys`, `/api/v1/totp`, `/api/v1/recovery-key`: what a person comes in with.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::CeremonyView;
use crate::http::auth::{Fresh, May, Oneself};
use crate::http::caller::Caller;
use crate::http::extract::{Body, Named};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{CodeError, PasskeyError, PasskeyRecord};
use crate::protocol::ids::PasskeyId;

/// A passkey.
#[derive(Serialize, ToSchema)]
#[schema(as = Passkey)]
pub(super) struct PasskeyView {
    id: String,
    name: String,
    /// The host where it works.
    host: String,
    created_at: String,
    last_used_at: Option<String>,
}

impl From<PasskeyRecord> for PasskeyView {
    fn from(record: PasskeyRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            host: record.host,
            created_at: rfc3339(record.created_ms),
            last_used_at: record.last_used_ms.map(rfc3339),
        }
    }
}

/// A passkey that the browser made.
#[derive(Deserialize, ToSchema)]
pub(super) struct AddPasskey {
    /// A name to recognise it by, 1–60 characters.
    name: String,
    /// The ceremony, from `POST /api/v1/passkeys/begin`.
    ceremony: String,
    /// The credential in the JSON form of WebAuthn Level 3.
    #[schema(value_type = Object)]
    credential: Value,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
pub(super) struct RenamePasskey {
    /// 1–60 characters.
    name: String,
}

/// Whether a password needs a code beside it.
#[derive(Serialize, ToSchema)]
pub(super) struct Codes {
    enabled: bool,
}

/// What an authenticator app needs.
#[derive(Serialize, ToSchema)]
pub(super) struct CodesBegun {
    /// The seed in base 32.
    secret: String,
    /// The `otpauth://` address, to be shown as a QR code.
    uri: String,
}

/// A code of the app.
#[derive(Deserialize, ToSchema)]
pub(super) struct Code {
    /// Six digits.
    code: String,
}

/// Whether there is a recovery key.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryKeyState {
    exists: bool,
    created_at: Option<String>,
}

/// A new recovery key.
#[derive(Serialize, ToSchema)]
pub(super) struct RecoveryKey {
    /// Shown now and never again.
    recovery_key: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, add))
        .routes(routes!(begin))
        .routes(routes!(rename, remove))
        .routes(routes!(codes, begin_codes, remove_codes))
        .routes(routes!(confirm_codes))
        .routes(routes!(recovery_key, new_recovery_key))
}

/// The passkeys of the person who asks, oldest first.
#[utoipa::path(
    get, path = "/api/v1/passkeys", tag = "credentials",
    responses((status = 200, body = Page<PasskeyView>)), security(("session" = []))
)]
async fn list(by: May<Oneself>, State(state): State<AppState>) -> Result<Json<Page<PasskeyView>>, Problem> {
    let passkeys = state.identity.passkeys(&by).await?;
    Ok(Json(Page::whole(passkeys.into_iter().map(PasskeyView::from).collect())))
}

/// Begins to make a passkey.
#[utoipa::path(
    post, path = "/api/v1/passkeys/begin", tag = "credentials",
    responses((status = 201, body = CeremonyView), (status = 409, description = "The address has no name")),
    security(("session" = ["step_up"]))
)]
async fn begin(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
) -> Result<(StatusCode, Json<CeremonyView>), Problem> {
    let begun = state.identity.begin_passkey(&by, caller.origin()?, &caller.client).await?;
    Ok((StatusCode::CREATED, Json(begun.into())))
}

/// Keeps a passkey that was made.
#[utoipa::path(
    post, path = "/api/v1/passkeys", tag = "credentials", request_body = AddPasskey,
    responses(
        (status = 201, body = PasskeyView),
        (status = 409, description = "The ceremony is over, the passkey is not accepted, or there are too many"),
    ),
    security(("session" = ["step_up"]))
)]
async fn add(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<AddPasskey>,
) -> Result<(StatusCode, Json<PasskeyView>), Problem> {
    let identity = &state.identity;
    let added = identity.add_passkey(&by, &body.ceremony, &body.credential, &body.name, &caller.client);
    Ok((StatusCode::CREATED, Json(added.await?.into())))
}

/// Gives a passkey another name.
#[utoipa::path(
    patch, path = "/api/v1/passkeys/{id}", tag = "credentials", params(("id" = String, Path)),
    request_body = RenamePasskey, responses((status = 204)), security(("session" = []))
)]
async fn rename(
    by: May<Oneself>,
    State(state): State<AppState>,
    Named(id): Named<PasskeyId>,
    Body(body): Body<RenamePasskey>,
) -> Result<StatusCode, Problem> {
    state.identity.rename_passkey(&by, id, &body.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a passkey. The last thing that lets the person in stays.
#[utoipa::path(
    delete, path = "/api/v1/passkeys/{id}", tag = "credentials", params(("id" = String, Path)),
    responses((status = 204), (status = 409, description = "Nothing else would let the person in")),
    security(("session" = ["step_up"]))
)]
async fn remove(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<PasskeyId>,
) -> Result<StatusCode, Problem> {
    state.identity.remove_passkey(&by, id, &caller.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the person's password needs a code beside it.
#[utoipa::path(
    get, path = "/api/v1/totp", tag = "credentials",
    responses((status = 200, body = Codes)), security(("session" = []))
)]
async fn codes(by: May<Oneself>, State(state): State<AppState>) -> Json<Codes> {
    Json(Codes { enabled: state.identity.myself(&by).is_some_and(|member| member.has_second_factor) })
}

/// Makes a seed for an authenticator app. It counts once its first code came.
#[utoipa::path(
    post, path = "/api/v1/totp", tag = "credentials",
    responses(
        (status = 201, body = CodesBegun),
        (status = 409, description = "There is no password that a code would go with"),
        (status = 503, description = "The vault is sealed"),
    ),
    security(("session" = ["step_up"]))
)]
async fn begin_codes(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
) -> Result<(StatusCode, Json<CodesBegun>), Problem> {
    let enrolment = state.identity.begin_codes(&by)?;
    let (secret, uri) = (enrolment.secret.expose().to_owned(), enrolment.uri.expose().to_owned());
    Ok((StatusCode::CREATED, Json(CodesBegun { secret, uri })))
}

/// Confirms the enrolment with its first code.
#[utoipa::path(
    post, path = "/api/v1/totp/confirm", tag = "credentials", request_body = Code,
    responses(
        (status = 204),
        (status = 409, description = "No enrolment waits"),
        (status = 422, description = "The code is wrong"),
        (status = 503, description = "The vault is sealed"),
    ),
    security(("session" = ["step_up"]))
)]
async fn confirm_codes(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    Body(body): Body<Code>,
) -> Result<StatusCode, Problem> {
    state.identity.confirm_codes(&by, &body.code, &caller.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the second factor: the password alone is enough again.
#[utoipa::path(
    delete, path = "/api/v1/totp", tag = "credentials", responses((status = 204)),
    security(("session" = ["step_up"]))
)]
async fn remove_codes(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
) -> Result<StatusCode, Problem> {
    state.identity.remove_codes(&by, &caller.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the person has a recovery key.
#[utoipa::path(
    get, path = "/api/v1/recovery-key", tag = "credentials",
    responses((status = 200, body = RecoveryKeyState)), security(("session" = []))
)]
async fn recovery_key(by: May<Oneself>, State(state): State<AppState>) -> Json<RecoveryKeyState> {
    let made = state.identity.myself(&by).and_then(|member| member.recovery_key_ms);
    Json(RecoveryKeyState { exists: made.is_some(), created_at: made.map(rfc3339) })
}

/// Makes a new recovery key; the one of before is void.
#[utoipa::path(
    post, path = "/api/v1/recovery-key", tag = "credentials",
    responses((status = 201, body = RecoveryKey)), security(("session" = ["step_up"]))
)]
async fn new_recovery_key(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
) -> Result<(StatusCode, Json<RecoveryKey>), Problem> {
    let key = state.identity.new_recovery_key(&by, &caller.client).await?;
    Ok((StatusCode::CREATED, Json(RecoveryKey { recovery_key: key.expose().to_owned() })))
}

impl From<PasskeyError> for Problem {
    fn from(error: PasskeyError) -> Self {
        let detail = error.to_string();
        match error {
            PasskeyError::NoHost => Self::conflict("no_host", detail),
            PasskeyError::Malformed => Self::invalid_field("/credential", detail),
            PasskeyError::NoCeremony => Self::conflict("no_ceremony", detail),
            PasskeyError::Refused => Self::conflict("passkey_refused", detail),
            PasskeyError::Name => Self::invalid_field("/name", detail),
            PasskeyError::TooMany => Self::conflict("too_many_passkeys", detail),
            PasskeyError::LastCredential => Self::conflict("last_credential", detail),
            PasskeyError::NotFound => Self::not_found(),
            PasskeyError::Random(_) => Self::internal(),
            PasskeyError::Store(error) => error.into(),
        }
    }
}

impl From<CodeError> for Problem {
    fn from(error: CodeError) -> Self {
        let detail = error.to_string();
        match error {
            CodeError::NoPassword => Self::conflict("no_password", detail),
            CodeError::NotEnrolling => Self::conflict("not_enrolling", detail),
            CodeError::Wrong => Self::invalid_field("/code", detail),
            CodeError::NotFound => Self::not_found(),
            CodeError::Seal(crate::identity::SealError::Store(error)) => error.into(),
            CodeError::Seal(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "vault_sealed", detail),
            CodeError::Random(_) => Self::internal(),
            CodeError::Store(error) => error.into(),
        }
    }
}
