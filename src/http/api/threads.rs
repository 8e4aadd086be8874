//! `/api/v1/threads`: conversations.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::optional::set_or_cleared;
use crate::http::auth::{Chat, May, ReadChats};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::{AssistantId, ThreadId, WorkspaceId};
use crate::workspaces::{NewThread, Thread, ThreadChange, ThreadFilter};

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Thread)]
pub(super) struct ThreadView {
    id: String,
    workspace_id: String,
    /// Its own assistant; `null` for the workspace's.
    assistant_id: Option<String>,
    /// Who answers.
    effective_assistant_id: Option<String>,
    title: String,
    /// The `session_id` under which `/v1` calls reach it.
    session_id: Option<String>,
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<Thread> for ThreadView {
    fn from(thread: Thread) -> Self {
        Self {
            id: thread.id.to_string(),
            workspace_id: thread.workspace_id.to_string(),
            assistant_id: thread.assistant_id.map(|id| id.to_string()),
            effective_assistant_id: thread.effective_assistant_id.map(|id| id.to_string()),
            title: thread.title,
            session_id: thread.session_key,
            version: thread.version,
            created_at: rfc3339(thread.created_ms),
            updated_at: rfc3339(thread.updated_ms),
        }
    }
}

/// A new conversation.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateThread {
    /// Where it belongs; the default workspace without it.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// Who answers; the workspace's assistant without it.
    #[schema(value_type = Option<String>)]
    assistant_id: Option<AssistantId>,
    /// Up to 200 characters; taken from the first message without it.
    title: Option<String>,
}

/// What changes. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeThread {
    title: Option<String>,
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// `null` for the workspace's assistant.
    #[serde(default, deserialize_with = "set_or_cleared")]
    #[schema(value_type = Option<String>)]
    assistant_id: Option<Option<AssistantId>>,
}

#[derive(Deserialize)]
struct ListThreads {
    workspace: Option<WorkspaceId>,
    workspace_id: Option<WorkspaceId>,
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list, create)).routes(routes!(read, change, delete))
}

/// Conversations, newest first.
#[utoipa::path(
    get, path = "/api/v1/threads", tag = "threads",
    params(
        ("workspace" = Option<String>, Query, description = "Those of this workspace"),
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<ThreadView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Params(query): Params<ListThreads>,
) -> Result<Json<Page<ThreadView>>, Problem> {
    let paging = Paging::<ThreadId>::new(query.limit, query.after.as_deref())?;
    let filter = ThreadFilter { workspace: query.workspace.or(query.workspace_id), after: paging.after };
    let threads = state.threads.list(&by, filter, paging.fetch()).await?;
    Ok(Json(paging.page(threads, |thread| thread.id.to_string(), ThreadView::from)))
}

/// Makes a conversation.
#[utoipa::path(
    post, path = "/api/v1/threads", tag = "threads", request_body = CreateThread,
    responses((status = 201, body = ThreadView)),
    security(("token" = ["chat"]))
)]
async fn create(
    by: May<Chat>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateThread>,
) -> Result<Response, Problem> {
    let key = key.of(&by, "POST /api/v1/threads", &body);
    let new = NewThread {
        workspace_id: body.workspace_id,
        assistant_id: body.assistant_id,
        title: state.clean(&by, "title", body.title.unwrap_or_default()),
    };
    let made = state.threads.create(&by, new, key).await?;
    Ok(created(made, |thread| Some(thread.version), ThreadView::from))
}

/// One conversation.
#[utoipa::path(
    get, path = "/api/v1/threads/{id}", tag = "threads", params(("id" = String, Path)),
    responses((status = 200, body = ThreadView)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<ThreadId>,
) -> Result<Response, Problem> {
    let thread = state.threads.get(&by, id).await?;
    Ok(tagged(StatusCode::OK, thread.version, ThreadView::from(thread)))
}

/// Changes a conversation; with `If-Match` only if nobody else did.
#[utoipa::path(
    patch, path = "/api/v1/threads/{id}", tag = "threads", params(("id" = String, Path)),
    request_body = ChangeThread, responses((status = 200, body = ThreadView)),
    security(("token" = ["chat"]))
)]
async fn change(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(id): Named<ThreadId>,
    known: IfMatch,
    Body(body): Body<ChangeThread>,
) -> Result<Response, Problem> {
    let title = body.title.map(|title| state.clean(&by, "title", title));
    let change = ThreadChange { title, workspace_id: body.workspace_id, assistant_id: body.assistant_id };
    let thread = state.threads.update(&by, id, known.version(), change).await?;
    Ok(tagged(StatusCode::OK, thread.version, ThreadView::from(thread)))
}

/// Deletes a conversation with its messages, turns and events. A turn that runs is stopped.
#[utoipa::path(
    delete, path = "/api/v1/threads/{id}", tag = "threads", params(("id" = String, Path)),
    responses((status = 204)), security(("token" = ["chat"]))
)]
async fn delete(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(id): Named<ThreadId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    let running = match state.threads.get(&by, id).await {
        Ok(_) => state.turns.pending(&by.tenant, id).await?,
        Err(error) => return Err(error.into()),
    };
    state.threads.delete(&by, id, known.version()).await?;
    for turn in running {
        // What the turn still writes is refused by the store: its thread is gone.
        let _outcome = state.sessions.stop(id, turn.turn_id);
    }
    Ok(StatusCode::NO_CONTENT)
}
