//! What stands behind a conversation, as pages; with scripts they open beside it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::answer::Reader;
use super::super::headers::page;
use super::super::read;
use crate::http::auth::{Chat, ReadChats};
use crate::http::extract::Named;
use crate::http::{AppState, May, Problem};
use crate::protocol::ids::{CompactionId, ThreadId, TurnId};

/// `GET /c/{thread}/context`.
pub(super) async fn show(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(thread): Named<ThreadId>,
    reader: Reader,
) -> Result<Response, Problem> {
    let shown = read::context::context(&state, &by, thread, reader.frame("Context", "chat")).await?;
    Ok(page(StatusCode::OK, &shown))
}

/// `GET /c/{thread}/turns/{turn}/run`.
pub(super) async fn run(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Path((_, turn)): Path<(String, String)>,
    reader: Reader,
) -> Result<Response, Problem> {
    let turn: TurnId = turn.parse().map_err(|_| Problem::not_found())?;
    let shown = read::context::run(&state, &by, turn, reader.frame("Run", "chat")).await?;
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /c/{thread}/summaries/{summary}/undo`.
pub(super) async fn undo(
    by: May<Chat>,
    State(state): State<AppState>,
    Path((thread, summary)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let thread: ThreadId = thread.parse().map_err(|_| Problem::not_found())?;
    let summary: CompactionId = summary.parse().map_err(|_| Problem::not_found())?;
    state.threads.get(&by, thread).await.map_err(read::problem)?;
    state.turns.undo_compaction(&by.tenant, thread, summary).await.map_err(read::turns_problem)?;
    Ok(Redirect::to(&format!("/c/{thread}/context")).into_response())
}
