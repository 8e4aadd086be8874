//! `/settings/security`: what the person comes in with, where they are signed in, and for the owner
//! everybody's access. Every form leads back to the page; what is shown once is shown in its answer.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::Frame;
use super::super::view::security::{SecurityPage, ShownOnce};
use crate::http::auth::{Admin, Oneself};
use crate::http::caller::Caller;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, Fresh, May, Problem};
use crate::identity::{NewToken, Password, Principal, SecretText, SignInError};
use crate::protocol::ids::{MemberId, PasskeyId, TokenId, WebSessionId};

const HOME: &str = "/settings/security";
/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct PasswordFields {
    #[serde(default)]
    current: String,
    new: String,
    repeat: String,
}

#[derive(Deserialize)]
pub(super) struct CodeFields {
    code: String,
}

#[derive(Deserialize)]
pub(super) struct NameFields {
    name: String,
}

/// What can be done about a person.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MemberAction {
    Invite,
    Disable,
    Enable,
    Remove,
}

/// `GET /settings/security`.
pub(super) async fn show(
    by: May<Oneself>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<Done>,
) -> Result<Response, Problem> {
    let notice = match query.done.as_str() {
        "passkey-added" => Some("The passkey is added."),
        "passkey-removed" => Some("The passkey is removed."),
        "password-removed" => Some("The password is removed. Sign in with a passkey from now on."),
        "codes-added" => Some("From now on the password needs a code beside it."),
        "codes-removed" => Some("The password alone is enough again."),
        "session-ended" => Some("Signed out there."),
        "token-revoked" => Some("The token opens nothing any more."),
        "member-changed" => Some("Done."),
        _ => None,
    };
    let shown = read::security::security(&state, &by, frame(&reader)).await?;
    Ok(page(StatusCode::OK, &SecurityPage { notice: notice.map(str::to_owned), ..shown }))
}

/// `POST /settings/security/password`.
pub(super) async fn password(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<PasswordFields>,
) -> Result<Response, Problem> {
    if fields.new != fields.repeat {
        return refused(&state, &by, reader, "The two passwords differ.".to_owned()).await;
    }
    if state.identity.myself(&by).is_some_and(|member| member.has_password) {
        match state.identity.confirm(&by, Password::presented(fields.current), &caller.client).await {
            Ok(_) => {}
            Err(SignInError::Wrong) => {
                return refused(&state, &by, reader, "The current password is wrong.".to_owned()).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let new = Password::presented(fields.new);
    match state.identity.set_password(&by, new, &caller.client).await {
        Ok(()) => Ok(Redirect::to("/login").into_response()),
        Err(error) => told(&state, &by, reader, error.into()).await,
    }
}

/// `POST /settings/security/password/remove`.
pub(super) async fn remove_password(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
) -> Result<Response, Problem> {
    match state.identity.remove_password(&by, &caller.client).await {
        Ok(()) => Ok(Redirect::to("/login").into_response()),
        Err(error) => told(&state, &by, reader, error.into()).await,
    }
}

/// `POST /settings/security/passkeys/{id}/remove`.
pub(super) async fn remove_passkey(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
    Named(id): Named<PasskeyId>,
) -> Result<Response, Problem> {
    match state.identity.remove_passkey(&by, id, &caller.client).await {
        Ok(()) => Ok(back("passkey-removed")),
        Err(error) => told(&state, &by, reader, error.into()).await,
    }
}

/// `POST /settings/security/codes`: shows what an authenticator app needs.
pub(super) async fn begin_codes(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    reader: Reader,
) -> Result<Response, Problem> {
    match state.identity.begin_codes(&by) {
        Ok(enrolment) => {
            let shown = read::security::security(&state, &by, frame(&reader)).await?;
            let enrolling = Some(read::security::enrolling(&enrolment));
            Ok(page(StatusCode::OK, &SecurityPage { enrolling, ..shown }))
        }
        Err(error) => told(&state, &by, reader, error.into()).await,
    }
}

/// `POST /settings/security/codes/confirm`.
pub(super) async fn confirm_codes(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<CodeFields>,
) -> Result<Response, Problem> {
    match state.identity.confirm_codes(&by, &fields.code, &caller.client).await {
        Ok(()) => Ok(back("codes-added")),
        Err(error) => told(&state, &by, reader, error.into()).await,
    }
}

/// `POST /settings/security/codes/remove`.
pub(super) async fn remove_codes(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Response, Problem> {
    state.identity.remove_codes(&by, &caller.client).await?;
    Ok(back("codes-removed"))
}

/// `POST /settings/security/recovery-key`.
pub(super) async fn recovery_key(
    by: Fresh<Oneself>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
) -> Result<Response, Problem> {
    let key = state.identity.new_recovery_key(&by, &caller.client).await?;
    let text = "Print it, or put it where you keep important papers. The one of before is void.";
    once(&state, &by, reader, "Your new recovery key", text, key.expose().to_owned()).await
}

/// `POST /settings/security/sessions/{id}/end`.
pub(super) async fn end_session(
    by: May<Oneself>,
    State(state): State<AppState>,
    Named(id): Named<WebSessionId>,
) -> Result<Response, Problem> {
    state.identity.end_session(&by, id).await?;
    Ok(back("session-ended"))
}

/// `POST /settings/security/sessions/end-others`.
pub(super) async fn end_others(by: May<Oneself>, State(state): State<AppState>) -> Result<Response, Problem> {
    state.identity.end_other_sessions(&by).await?;
    Ok(back("session-ended"))
}

/// `POST /settings/security/tokens`.
pub(super) async fn make_token(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let all = |name: &str| {
        let of_name = fields.iter().filter(|(field, _)| field == name);
        of_name.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(",")
    };
    let scopes = match all("scope").parse() {
        Ok(scopes) => scopes,
        Err(_) => return refused(&state, &by, reader, "Choose what the token may do.".to_owned()).await,
    };
    let days = all("days").parse::<i64>().unwrap_or(90).clamp(1, 3_650);
    let new = NewToken {
        name: all("name"),
        scopes,
        assistant: None,
        budget_usd: None,
        expires_ms: Some(jiff::Timestamp::now().as_millisecond() + days * DAY_MS),
    };
    match state.identity.create_token(&by, new, None).await {
        Ok(made) => {
            let value = made.thing.value.as_ref().map(SecretText::expose).unwrap_or_default().to_owned();
            let text = "Put it into the program that needs it.";
            once(&state, &by, reader, "Your new token", text, value).await
        }
        Err(error) => told(&state, &by, reader, error.into()).await,
    }
}

/// `POST /settings/security/tokens/{id}/revoke`.
pub(super) async fn revoke_token(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<TokenId>,
) -> Result<Response, Problem> {
    state.identity.revoke_token(&by, id).await?;
    Ok(back("token-revoked"))
}

/// `POST /settings/security/members`.
pub(super) async fn invite(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
    Fields(fields): Fields<NameFields>,
) -> Result<Response, Problem> {
    match state.identity.invite(&by, &fields.name, &caller.client, None).await {
        Ok(made) => invitation(&state, &by, &caller, reader, made.thing.token.as_ref()).await,
        Err(error) => told(&state, &by, reader, error.into()).await,
    }
}

/// `POST /settings/security/members/{id}/{action}`.
pub(super) async fn change_member(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    caller: Caller,
    reader: Reader,
    Named((id, action)): Named<(MemberId, MemberAction)>,
) -> Result<Response, Problem> {
    let (identity, client) = (&state.identity, &caller.client);
    match action {
        MemberAction::Invite => {
            let invited = identity.invite_again(&by, id, client).await?;
            return invitation(&state, &by, &caller, reader, invited.token.as_ref()).await;
        }
        MemberAction::Disable => drop(identity.set_member_disabled(&by, id, true, client).await?),
        MemberAction::Enable => drop(identity.set_member_disabled(&by, id, false, client).await?),
        MemberAction::Remove => identity.remove_member(&by, id, client).await?,
    }
    Ok(back("member-changed"))
}

async fn invitation(
    state: &AppState,
    by: &Principal,
    caller: &Caller,
    reader: Reader,
    token: Option<&SecretText>,
) -> Result<Response, Problem> {
    let token = token.map(SecretText::expose).unwrap_or_default();
    let link = format!("{}/join#{token}", caller.origin().unwrap_or_default());
    let text = "Give this link to the person. It works once, for a day.";
    once(state, by, reader, "The invitation", text, link).await
}

fn frame(reader: &Reader) -> Frame {
    reader.frame("Security", "settings")
}

fn back(done: &str) -> Response {
    Redirect::to(&format!("{HOME}?done={done}")).into_response()
}

/// The page with a value that is shown once.
async fn once(
    state: &AppState,
    by: &Principal,
    reader: Reader,
    title: &'static str,
    text: &'static str,
    value: String,
) -> Result<Response, Problem> {
    let shown = read::security::security(state, by, frame(&reader)).await?;
    let once = Some(ShownOnce { title, text, value });
    Ok(page(StatusCode::OK, &SecurityPage { once, ..shown }))
}

/// The page with what was wrong with a form; a defect stays a problem.
async fn told(
    state: &AppState,
    by: &Principal,
    reader: Reader,
    problem: Problem,
) -> Result<Response, Problem> {
    if !problem.status.is_client_error() || problem.status == StatusCode::NOT_FOUND {
        return Err(problem);
    }
    let text = problem.errors.first().map_or(problem.detail.as_ref(), |field| &field.detail);
    refused(state, by, reader, sentence(text)).await
}

async fn refused(
    state: &AppState,
    by: &Principal,
    reader: Reader,
    error: String,
) -> Result<Response, Problem> {
    let shown = read::security::security(state, by, frame(&reader)).await?;
    Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &SecurityPage { error: Some(error), ..shown }))
}
