//! `/api/v1/threads/{id}/compactions`: the summaries that stand for older messages of a conversation.
//!
//! The messages stay where they are. A summary that is undone stands for nothing any more: later prompts have the
//! messages again, until they are too long once more.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Chat, May, ReadChats};
use crate::http::extract::Named;
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::{CompactionId, ThreadId};
use crate::turns::Compaction;

/// A summary.
#[derive(Serialize, ToSchema)]
#[schema(as = Compaction)]
pub(super) struct CompactionView {
    id: String,
    /// The last message that it stands for.
    upto: String,
    summary: String,
    /// `backend/model`, or `fallback` when no model could make one.
    made_by: String,
    /// How many messages it stands for.
    messages: u64,
    created_at: String,
    /// When it was taken back; absent while it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    undone_at: Option<String>,
}

impl From<Compaction> for CompactionView {
    fn from(made: Compaction) -> Self {
        Self {
            id: made.id.to_string(),
            upto: made.upto.to_string(),
            summary: made.summary,
            made_by: made.made_by,
            messages: made.messages,
            created_at: rfc3339(made.created_ms),
            undone_at: made.undone_ms.map(rfc3339),
        }
    }
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(undo))
}

/// The summaries of a conversation, newest first.
#[utoipa::path(
    get, path = "/api/v1/threads/{id}/compactions", tag = "threads", params(("id" = String, Path)),
    responses((status = 200, body = Page<CompactionView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(thread): Named<ThreadId>,
) -> Result<Json<Page<CompactionView>>, Problem> {
    state.threads.get(&by, thread).await?;
    let made = state.turns.compactions(&by.tenant, thread).await?;
    Ok(Json(Page::whole(made.into_iter().map(CompactionView::from).collect())))
}

/// Takes a summary back: later answers are made from the messages themselves.
#[utoipa::path(
    delete, path = "/api/v1/threads/{id}/compactions/{compaction}", tag = "threads",
    params(("id" = String, Path), ("compaction" = String, Path)),
    responses((status = 204)),
    security(("token" = ["chat"]))
)]
async fn undo(
    by: May<Chat>,
    State(state): State<AppState>,
    Path((thread, compaction)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let thread: ThreadId = thread.parse().map_err(|_| Problem::not_found())?;
    let compaction: CompactionId = compaction.parse().map_err(|_| Problem::not_found())?;
    state.threads.get(&by, thread).await?;
    match state.turns.undo_compaction(&by.tenant, thread, compaction).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found()),
    }
}
