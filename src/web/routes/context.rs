//! What stands behind a conversation, as pages; with scripts they open beside it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::headers::page;
use super::super::read;
use crate::http::auth::{Chat, ReadChats};
use crate::http::extract::Named;
use crate::http::{AppState, May, Problem};
use crate::protocol::ids::{CompactionId, InjectionId, ThreadId, TurnId};

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

#[derive(Deserialize)]
pub(super) struct FeedbackFields {
    helpful: String,
    /// `context` for the page of what was added; else that of the run.
    #[serde(default)]
    back: String,
}

/// `POST /c/{thread}/turns/{turn}/feedback`: whether the answer helped.
pub(super) async fn feedback(
    by: May<Chat>,
    State(state): State<AppState>,
    Path((_, turn)): Path<(String, String)>,
    Fields(fields): Fields<FeedbackFields>,
) -> Result<Response, Problem> {
    let turn: TurnId = turn.parse().map_err(|_| Problem::not_found())?;
    let found = state.turns.turn(&by.tenant, turn).await.map_err(read::turns_problem)?;
    let thread = found.ok_or_else(Problem::not_found)?.thread_id;
    state.threads.get(&by, thread).await.map_err(read::problem)?;
    state.knowledge.skills.feedback(&by, turn, Some(fields.helpful == "yes")).await?;
    let back = match fields.back.as_str() {
        "context" => format!("/c/{thread}/context"),
        _ => format!("/c/{thread}/turns/{turn}/run"),
    };
    Ok(Redirect::to(&back).into_response())
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

/// `POST /c/{thread}/injections/{injection}/{out|in}`.
pub(super) async fn keep(
    by: May<Chat>,
    State(state): State<AppState>,
    Path((thread, injection, whither)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let thread: ThreadId = thread.parse().map_err(|_| Problem::not_found())?;
    let injection: InjectionId = injection.parse().map_err(|_| Problem::not_found())?;
    let out = match whither.as_str() {
        "out" => true,
        "in" => false,
        _ => return Err(Problem::not_found()),
    };
    state.threads.get(&by, thread).await.map_err(read::problem)?;
    match state.turns.keep_out(&by.tenant, thread, injection, out).await.map_err(read::turns_problem)? {
        true => Ok(Redirect::to(&format!("/c/{thread}/context")).into_response()),
        false => Err(Problem::not_found()),
    }
}
