//! `/api/v1/threads/{id}/injections`: what plugs put before the messages of a conversation, and what a person keeps out.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extensions::Source;
use crate::http::auth::{Chat, May, ReadChats};
use crate::http::extract::Named;
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::protocol::ids::{InjectionId, ThreadId};
use crate::turns::Injected;

/// Something that a plug put before a message.
#[derive(Serialize, ToSchema)]
#[schema(as = Injection)]
pub(super) struct InjectionView {
    id: String,
    /// The turn of the message.
    turn_id: String,
    /// The plug.
    plug: String,
    title: String,
    text: String,
    /// Whether the model gets it in the place of the message.
    instead: bool,
    /// Where it comes from: `owner`, `model`, `web` and so on.
    provenance: &'static str,
    /// What it was made of.
    sources: Vec<SourceView>,
    created_at: String,
    /// Since when it is kept out; absent while it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_at: Option<String>,
}

/// Something that an injection was made of.
#[derive(Serialize, ToSchema)]
#[schema(as = InjectionSource)]
pub(super) struct SourceView {
    /// `message`, `skill`, `memory`, `file` or `profile`.
    kind: String,
    id: String,
}

impl From<Source> for SourceView {
    fn from(source: Source) -> Self {
        Self { kind: source.kind, id: source.id }
    }
}

impl From<Injected> for InjectionView {
    fn from(one: Injected) -> Self {
        Self {
            id: one.id.to_string(),
            turn_id: one.turn.to_string(),
            plug: one.injection.plug,
            title: one.injection.title,
            text: one.injection.text,
            instead: one.instead,
            provenance: one.injection.provenance.as_str(),
            sources: one.injection.sources.into_iter().map(SourceView::from).collect(),
            created_at: rfc3339(one.created_ms),
            removed_at: one.removed_ms.map(rfc3339),
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(remove, put_back))
}

/// What plugs put before the messages of a conversation, oldest first; 5,000 at most.
#[utoipa::path(
    get, path = "/api/v1/threads/{id}/injections", tag = "threads", params(("id" = String, Path)),
    responses((status = 200, body = Page<InjectionView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(thread): Named<ThreadId>,
) -> Result<Json<Page<InjectionView>>, Problem> {
    state.threads.get(&by, thread).await?;
    let found = state.turns.injections(&by.tenant, thread).await?;
    Ok(Json(Page::whole(found.into_iter().map(InjectionView::from).collect())))
}

/// Keeps something out of a conversation: no later prompt has it, and plugs do not put it there again.
#[utoipa::path(
    delete, path = "/api/v1/threads/{id}/injections/{injection}", tag = "threads",
    params(("id" = String, Path), ("injection" = String, Path)),
    responses((status = 204)),
    security(("token" = ["chat"]))
)]
async fn remove(
    by: May<Chat>,
    State(state): State<AppState>,
    Path(which): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    keep(&by, &state, which, true).await
}

/// Lets something in again that was kept out.
#[utoipa::path(
    put, path = "/api/v1/threads/{id}/injections/{injection}", tag = "threads",
    params(("id" = String, Path), ("injection" = String, Path)),
    responses((status = 204)),
    security(("token" = ["chat"]))
)]
async fn put_back(
    by: May<Chat>,
    State(state): State<AppState>,
    Path(which): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    keep(&by, &state, which, false).await
}

async fn keep(
    by: &Principal,
    state: &AppState,
    (thread, injection): (String, String),
    out: bool,
) -> Result<StatusCode, Problem> {
    let thread: ThreadId = thread.parse().map_err(|_| Problem::not_found())?;
    let injection: InjectionId = injection.parse().map_err(|_| Problem::not_found())?;
    state.threads.get(by, thread).await?;
    match state.turns.keep_out(&by.tenant, thread, injection, out).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
