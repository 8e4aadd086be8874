//! `/api/v1/channels`: chat platforms, who may talk there, and what is owed to them.

mod bodies;
mod outbox;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::channels::{
    ChannelChange, ChannelError, ChannelView, CredentialField, Mode, NewChannel, NewCredentials,
    PersonChange, Platform, fields,
};
use crate::http::auth::{Admin, May, Operate, Read, unrestricted};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{Made, Principal};
use crate::protocol::ids::{ChannelId, ObligationId};

use bodies::{
    ApproveCode, ChangeChannel, ChangePerson, ChannelBody, CreateChannel, ObligationView, PersonView,
    TestChannel,
};

#[derive(Deserialize)]
struct PageOf {
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(approve))
        .routes(routes!(read, change, delete))
        .routes(routes!(restart))
        .routes(routes!(test))
        .routes(routes!(people, change_person))
        .routes(routes!(obligations))
        .routes(routes!(retry))
        .merge(outbox::routes())
}

/// Channels with what they do now, in the order of their making.
#[utoipa::path(
    get, path = "/api/v1/channels", tag = "channels",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<ChannelBody>)),
    security(("token" = ["read"]))
)]
async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    Params(query): Params<PageOf>,
) -> Result<Json<Page<ChannelBody>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<ChannelId>::new(query.limit, query.after.as_deref())?;
    let mut found = state.channels.list(&by.tenant).await?;
    // There are never more than a few dozen.
    found.retain(|view| paging.after.is_none_or(|after| view.channel.id > after));
    found.truncate(paging.fetch());
    let body = |view| ChannelBody::at(view, &state.webhooks.address());
    Ok(Json(paging.page(found, |view| view.channel.id.to_string(), body)))
}

/// Makes a channel. It is connected at once; its credentials are sealed and never shown again.
#[utoipa::path(
    post, path = "/api/v1/channels", tag = "channels", request_body = CreateChannel,
    responses((status = 201, body = ChannelBody), (status = 409, description = "The name is taken")),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateChannel>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = key.of(&by, "POST /api/v1/channels", &body);
    let platform = Platform::parse(&body.platform)
        .ok_or_else(|| Problem::invalid_field("/platform", "is one of /api/v1/channel-platforms"))?;
    let settings = body.settings.unwrap_or_default();
    let mode = settings.mode_on(platform);
    let credentials = NewCredentials::entered((platform, mode), body.credentials)?;
    let new = NewChannel { name: body.name, platform, workspace_id: body.workspace_id, settings };
    let Made { thing, repeated } = state.channels.create(&by, new, credentials, key).await?;
    let view = state.channels.get(&by.tenant, thing.id).await?;
    let answer = Made { thing: view, repeated };
    let body = |view| ChannelBody::at(view, &state.webhooks.address());
    Ok(created(answer, |view| Some(view.channel.version), body))
}

/// One channel.
#[utoipa::path(
    get, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = String, Path)),
    responses((status = 200, body = ChannelBody)),
    security(("token" = ["read"]))
)]
async fn read(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    Ok(shown(&state, state.channels.get(&by.tenant, id).await?))
}

/// Changes a channel; with `If-Match` only if nobody else did. It is connected anew.
#[utoipa::path(
    patch, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = String, Path)),
    request_body = ChangeChannel, responses((status = 200, body = ChannelBody)),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    known: IfMatch,
    Body(body): Body<ChangeChannel>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let found = state.channels.get(&by.tenant, id).await?.channel;
    let mode = body.settings.as_ref().unwrap_or(&found.settings).mode_on(found.platform);
    if body.credentials.is_none()
        && let Some(field) = missing_in(found.platform, (found.mode(), mode))
    {
        let why = format!("messages that come by {} need `{}`: give all anew", mode.word(), field.name);
        return Err(Problem::invalid_field("/credentials", why));
    }
    let credentials =
        body.credentials.map(|values| NewCredentials::entered((found.platform, mode), values)).transpose()?;
    let change = ChannelChange {
        name: body.name,
        workspace_id: body.workspace_id,
        enabled: body.enabled,
        settings: body.settings,
    };
    let view = state.channels.update(&by, (id, known.version()), change, credentials).await?;
    Ok(shown(&state, view))
}

/// Removes a channel with everything that came and is owed. Its threads stay.
#[utoipa::path(
    delete, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = String, Path)),
    responses((status = 204)), security(("token" = ["admin"]))
)]
async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    state.channels.delete(&by, id, known.version()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the connection and makes another one, out of quarantine too.
#[utoipa::path(
    post, path = "/api/v1/channels/{id}/restart", tag = "channels", params(("id" = String, Path)),
    responses((status = 200, body = ChannelBody)),
    security(("token" = ["operate"]))
)]
async fn restart(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    Ok(shown(&state, state.channels.restart(&by, id).await?))
}

/// Sends words to a conversation of the channel, so that a person sees that it works.
#[utoipa::path(
    post, path = "/api/v1/channels/{id}/test", tag = "channels", params(("id" = String, Path)),
    request_body = TestChannel, responses((status = 202)),
    security(("token" = ["operate"]))
)]
async fn test(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    Body(body): Body<TestChannel>,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    let words = state.clean(&by, "message", body.text.unwrap_or_else(|| "A test. It works.".to_owned()));
    state.channels.say(&by.tenant, id, &body.conversation, words).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Approves the stranger who showed this code, in whatever channel they wrote.
#[utoipa::path(
    post, path = "/api/v1/channels/approve", tag = "channels", request_body = ApproveCode,
    responses((status = 200, body = PersonView), (status = 409, description = "The code is wrong or old")),
    security(("token" = ["admin"]))
)]
async fn approve(
    by: May<Admin>,
    State(state): State<AppState>,
    Body(body): Body<ApproveCode>,
) -> Result<Json<PersonView>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(state.channels.approve_code(&by, &body.code, body.decides.unwrap_or(false)).await?.into()))
}

/// Who wrote in a channel.
#[utoipa::path(
    get, path = "/api/v1/channels/{id}/senders", tag = "channels", params(("id" = String, Path)),
    responses((status = 200, body = Page<PersonView>)),
    security(("token" = ["read"]))
)]
async fn people(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
) -> Result<Json<Page<PersonView>>, Problem> {
    refuse_restricted(&by)?;
    let view = state.channels.get(&by.tenant, id).await?;
    Ok(Json(Page::whole(view.people.into_iter().map(PersonView::from).collect())))
}

/// Says what somebody may: talk, decide questions, nothing, or that they are a stranger again.
#[utoipa::path(
    post, path = "/api/v1/channels/{id}/senders", tag = "channels", params(("id" = String, Path)),
    request_body = ChangePerson, responses((status = 204)),
    security(("token" = ["admin"]))
)]
async fn change_person(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    Body(body): Body<ChangePerson>,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    let change = match body.state.as_str() {
        "approved" => PersonChange::Approve { decides: body.decides.unwrap_or(false) },
        "blocked" => PersonChange::Block,
        "forgotten" => PersonChange::Forget,
        _ => return Err(Problem::invalid_field("/state", "is approved, blocked or forgotten")),
    };
    state.channels.change_person(&by, (id, &body.sender), change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is owed by a channel and what was, newest first.
#[utoipa::path(
    get, path = "/api/v1/channels/{id}/obligations", tag = "channels",
    params(
        ("id" = String, Path),
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<ObligationView>)),
    security(("token" = ["read"]))
)]
async fn obligations(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ChannelId>,
    Params(query): Params<PageOf>,
) -> Result<Json<Page<ObligationView>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<ObligationId>::new(query.limit, query.after.as_deref())?;
    let found = state.channels.obligations(&by.tenant, id, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |owed| owed.id.to_string(), ObligationView::from)))
}

/// Tries a dead obligation again.
#[utoipa::path(
    post, path = "/api/v1/channels/{id}/obligations/{obligation}/retry", tag = "channels",
    params(("id" = String, Path), ("obligation" = String, Path)),
    responses((status = 202, body = ObligationView)),
    security(("token" = ["operate"]))
)]
async fn retry(
    by: May<Operate>,
    State(state): State<AppState>,
    Named((id, obligation)): Named<(ChannelId, ObligationId)>,
) -> Result<(StatusCode, Json<ObligationView>), Problem> {
    refuse_restricted(&by)?;
    Ok((StatusCode::ACCEPTED, Json(state.channels.retry(&by, id, obligation).await?.into())))
}

/// A credential that one mode does without and another does not.
fn missing_in(platform: Platform, (from, to): (Mode, Mode)) -> Option<&'static CredentialField> {
    fields(platform).iter().find(|field| field.is_needed(to) && !field.is_needed(from))
}

fn shown(state: &AppState, view: ChannelView) -> Response {
    let version = view.channel.version;
    tagged(StatusCode::OK, version, ChannelBody::at(view, &state.webhooks.address()))
}

/// A token for one assistant has nothing to do with channels, which are there for all.
fn refuse_restricted(by: &Principal) -> Result<(), Problem> {
    unrestricted(by, "see or change channels")
}

impl From<ChannelError> for Problem {
    fn from(error: ChannelError) -> Self {
        let detail = error.to_string();
        match error {
            ChannelError::Field { field, why } => Self::invalid_field(format!("/{field}"), why),
            ChannelError::Credential { .. } => Self::invalid_field("/credentials", detail),
            ChannelError::NoWorkspace => Self::invalid_field("/workspace_id", detail),
            ChannelError::NameTaken => Self::conflict("name_taken", detail),
            ChannelError::TooMany(_) => Self::conflict("too_many", detail),
            ChannelError::WrongCode => Self::conflict("wrong_code", detail),
            ChannelError::Leased => Self::conflict("leased", detail),
            ChannelError::Stale => stale(),
            ChannelError::NotFound => Self::not_found(),
            ChannelError::Vault(error) => error.into(),
            ChannelError::Thread(error) => error.into(),
            ChannelError::KeyReused(reused) => reused.into(),
            ChannelError::Store(error) => error.into(),
        }
    }
}
