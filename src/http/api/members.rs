//! `/api/v1/members` and `/api/v1/sessions`: people, and the browsers in which they are signed in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Admin, Fresh, May, Oneself};
use crate::http::caller::Caller;
use crate::http::conditional::{IdempotencyKey, created};
use crate::http::extract::{Body, Named};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{Invited, Member, MemberError, SessionView};
use crate::protocol::ids::{MemberId, WebSessionId};

/// A person.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(super) struct MemberView {
    id: String,
    name: String,
    /// `owner` or `member`.
    role: &'static str,
    /// `invited`, `active` or `disabled`.
    state: &'static str,
    has_password: bool,
    passkeys: u32,
    has_second_factor: bool,
    created_at: String,
    /// The link that lets an invited person in, in the answer that makes it and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite: Option<InviteView>,
}

/// A one-time link.
#[derive(Serialize, ToSchema)]
#[schema(as = Invite)]
pub(super) struct InviteView {
    /// Below the console's address. The token is in the fragment, where no server and no log sees it.
    path: String,
    expires_at: String,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            id: member.id.to_string(),
            name: member.name,
            role: member.role.as_str(),
            state: member.state.as_str(),
            has_password: member.has_password,
            passkeys: member.passkeys,
            has_second_factor: member.has_second_factor,
            created_at: rfc3339(member.created_ms),
            invite: None,
        }
    }
}

impl From<Invited> for MemberView {
    fn from(invited: Invited) -> Self {
        let expires_at = rfc3339(invited.expires_ms);
        let invite = invited.token.map(|token| {
            let path = format!("/join#{}", token.expose());
            InviteView { path, expires_at }
        });
        Self { invite, ..invited.member.into() }
    }
}

/// Somebody to invite.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct InviteMember {
    /// 1–60 letters, digits, spaces, dots, dashes or underscores; no other person's.
    name: String,
}

/// What changes.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeMember {
    /// Another name.
    name: Option<String>,
    /// `true` shuts a member out at once, `false` lets them in again.
    disabled: Option<bool>,
}

/// A signed-in browser.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionRow {
    id: String,
    member_id: String,
    /// The person's name.
    name: String,
    /// What opened it: `passkey`, `password`, `password_and_code`, `setup`, `invite` or `recovery_key`.
    means: &'static str,
    /// Browser and system, in a few words.
    agent: String,
    /// Where it was opened.
    address: String,
    /// Whether it is the one that asks.
    current: bool,
    created_at: String,
    /// To ten minutes.
    last_seen_at: String,
    expires_at: String,
}

impl From<SessionView> for SessionRow {
    fn from(view: SessionView) -> Self {
        let session = view.session;
        Self {
            id: session.id.to_string(),
            member_id: session.member.to_string(),
            name: view.name,
            means: session.means.as_str(),
            agent: session.agent,
            address: session.address.to_string(),
            current: view.current,
            created_at: rfc3339(session.created_ms),
            last_seen_at: rfc3339(session.last_seen_ms),
            expires_at: rfc3339(session.expires_ms),
        }
    }
}

/// How many ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Ended {
    ended: usize,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, invite))
        .routes(routes!(read, change, remove))
        .routes(routes!(invite_again))
        .routes(routes!(sessions, end_others))
        .routes(routes!(end_session))
}

/// Everybody, the owner first.
#[utoipa::path(
    get, path = "/api/v1/members", tag = "members",
    responses((status = 200, body = Page<MemberView>)), security(("token" = ["admin"]), ("session" = []))
)]
async fn list(_by: May<Admin>, State(state): State<AppState>) -> Json<Page<MemberView>> {
    Json(Page::whole(state.identity.members().into_iter().map(MemberView::from).collect()))
}

/// Invites somebody by a link that works once, for a day.
#[utoipa::path(
    post, path = "/api/v1/members", tag = "members", request_body = InviteMember,
    responses((status = 201, body = MemberView), (status = 409, description = "The name is taken, or there are too many")),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn invite(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<InviteMember>,
) -> Result<Response, Problem> {
    let key = key.of(&by, "POST /api/v1/members", &body);
    let made = state.identity.invite(&by, &body.name, &caller.client, key).await?;
    Ok(created(made, |_| None, MemberView::from))
}

/// One person.
#[utoipa::path(
    get, path = "/api/v1/members/{id}", tag = "members", params(("id" = String, Path)),
    responses((status = 200, body = MemberView)), security(("token" = ["admin"]), ("session" = []))
)]
async fn read(
    _by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<MemberId>,
) -> Result<Json<MemberView>, Problem> {
    Ok(Json(state.identity.member(id)?.into()))
}

/// Renames a person, shuts a member out, or lets them in again.
#[utoipa::path(
    patch, path = "/api/v1/members/{id}", tag = "members", params(("id" = String, Path)),
    request_body = ChangeMember,
    responses(
        (status = 200, body = MemberView),
        (status = 409, description = "The name is taken, it is the owner, or the invitation is not used yet"),
    ),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn change(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<MemberId>,
    Body(body): Body<ChangeMember>,
) -> Result<Json<MemberView>, Problem> {
    let (identity, client) = (&state.identity, &caller.client);
    let mut member = identity.member(id)?;
    if let Some(name) = &body.name {
        member = identity.rename_member(&by, id, name, client).await?;
    }
    if let Some(disabled) = body.disabled {
        member = identity.set_member_disabled(&by, id, disabled, client).await?;
    }
    Ok(Json(member.into()))
}

/// Removes a member. Their sessions and tokens end at once; what they wrote stays.
#[utoipa::path(
    delete, path = "/api/v1/members/{id}", tag = "members", params(("id" = String, Path)),
    responses((status = 204), (status = 409, description = "It is the owner")),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn remove(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<MemberId>,
) -> Result<StatusCode, Problem> {
    state.identity.remove_member(&by, id, &caller.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a new link for somebody who has not come in yet. The one of before is void.
#[utoipa::path(
    post, path = "/api/v1/members/{id}/invite", tag = "members", params(("id" = String, Path)),
    responses((status = 201, body = MemberView), (status = 409, description = "They are in already")),
    security(("token" = ["admin"]), ("session" = ["step_up"]))
)]
async fn invite_again(
    by: Fresh<Admin>,
    State(state): State<AppState>,
    caller: Caller,
    Named(id): Named<MemberId>,
) -> Result<(StatusCode, Json<MemberView>), Problem> {
    let invited = state.identity.invite_again(&by, id, &caller.client).await?;
    Ok((StatusCode::CREATED, Json(invited.into())))
}

/// The signed-in browsers of the person who asks, newest first; the owner sees those of everybody.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "members",
    responses((status = 200, body = Page<SessionRow>)), security(("session" = []))
)]
async fn sessions(by: May<Oneself>, State(state): State<AppState>) -> Json<Page<SessionRow>> {
    Json(Page::whole(state.identity.sessions(&by).into_iter().map(SessionRow::from).collect()))
}

/// Ends every session of the person but the one that asks.
#[utoipa::path(
    delete, path = "/api/v1/sessions", tag = "members", responses((status = 200, body = Ended)),
    security(("session" = []))
)]
async fn end_others(by: May<Oneself>, State(state): State<AppState>) -> Result<Json<Ended>, Problem> {
    Ok(Json(Ended { ended: state.identity.end_other_sessions(&by).await? }))
}

/// Ends one session. Its streams end with it.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{id}", tag = "members", params(("id" = String, Path)),
    responses((status = 204)), security(("session" = []))
)]
async fn end_session(
    by: May<Oneself>,
    State(state): State<AppState>,
    Named(id): Named<WebSessionId>,
) -> Result<StatusCode, Problem> {
    state.identity.end_session(&by, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<MemberError> for Problem {
    fn from(error: MemberError) -> Self {
        let detail = error.to_string();
        match error {
            MemberError::Name => Self::invalid_field("/name", detail),
            MemberError::NameTaken => Self::conflict("name_taken", detail),
            MemberError::TooMany => Self::conflict("too_many_members", detail),
            MemberError::IsOwner => Self::conflict("is_owner", detail),
            MemberError::NotInvited => Self::conflict("not_invited", detail),
            MemberError::StillInvited => Self::conflict("still_invited", detail),
            MemberError::NotFound => Self::not_found(),
            MemberError::KeyReused(reused) => reused.into(),
            MemberError::Random(_) => Self::internal(),
            MemberError::Store(error) => error.into(),
        }
    }
}
