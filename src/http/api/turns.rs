//! `/api/v1/turns`: everything from one accepted message to its answer.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Chat, May, ReadChats};
use crate::http::extract::{Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::protocol::ids::{ThreadId, TurnId};
use crate::turns::{StepRecord, TurnRecord};
use capuchin_actors::session::StopOutcome;

/// A turn.
#[derive(Serialize, ToSchema)]
#[schema(as = Turn)]
pub(super) struct TurnView {
    id: String,
    thread_id: String,
    /// The message that it answers.
    message_id: String,
    /// `queued`, `running`, `done`, `failed`, `stopped` or `interrupted`.
    state: &'static str,
    /// How often it was begun.
    attempt: u32,
    backend: Option<String>,
    model: Option<String>,
    stop_reason: Option<String>,
    /// Why there is no whole answer.
    failure: Option<FailureView>,
    input_tokens: u64,
    output_tokens: u64,
    created_at: String,
    started_at: Option<String>,
    ended_at: Option<String>,
}

/// Why a turn has no whole answer.
#[derive(Serialize, ToSchema)]
#[schema(as = TurnFailure)]
pub(super) struct FailureView {
    /// A stable word.
    code: String,
    /// What happened and what to do.
    message: String,
    /// Whether trying again may help.
    retryable: bool,
    /// Seconds to wait before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
}

impl From<TurnRecord> for TurnView {
    fn from(turn: TurnRecord) -> Self {
        let failure = turn.failure.map(|failure| FailureView {
            code: failure.code,
            message: failure.message,
            retryable: failure.retryable,
            retry_after_s: failure.retry_after_s,
        });
        Self {
            id: turn.id.to_string(),
            thread_id: turn.thread_id.to_string(),
            message_id: turn.message_id.to_string(),
            state: turn.state.as_str(),
            attempt: turn.attempt,
            backend: turn.backend,
            model: turn.model,
            stop_reason: turn.stop_reason,
            failure,
            input_tokens: turn.input_tokens,
            output_tokens: turn.output_tokens,
            created_at: rfc3339(turn.created_ms),
            started_at: turn.started_ms.map(rfc3339),
            ended_at: turn.ended_ms.map(rfc3339),
        }
    }
}

#[derive(Deserialize)]
struct ListTurns {
    thread: Option<ThreadId>,
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(read))
        .routes(routes!(stop))
        .routes(routes!(steps))
}

/// Turns of a conversation, oldest first.
#[utoipa::path(
    get, path = "/api/v1/turns", tag = "turns",
    params(
        ("thread" = String, Query, description = "The conversation"),
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<TurnView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Params(query): Params<ListTurns>,
) -> Result<Json<Page<TurnView>>, Problem> {
    let thread = query.thread.ok_or_else(|| Problem::invalid_field("thread", "names the conversation"))?;
    let paging = Paging::<TurnId>::new(query.limit, query.after.as_deref())?;
    state.threads.get(&by, thread).await?;
    let turns = state.turns.turns(&by.tenant, thread, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(turns, |turn| turn.id.to_string(), TurnView::from)))
}

/// One turn.
#[utoipa::path(
    get, path = "/api/v1/turns/{id}", tag = "turns", params(("id" = String, Path)),
    responses((status = 200, body = TurnView)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<TurnId>,
) -> Result<Json<TurnView>, Problem> {
    Ok(Json(find(&by, &state, id).await?.into()))
}

/// One journalled unit of a turn.
#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
pub(super) struct StepView {
    /// 1, 2, … within the turn, over all attempts.
    seq: u32,
    /// `model_call`, `tool_call`, `approval` or `compaction`.
    kind: String,
    /// `started`, `finished`, `failed`, or `unknown` when a crash took its result.
    state: String,
    /// What it is about: the id of the call or of the question; empty otherwise.
    subject: String,
    /// More: `{round}` of a model call, `{tool, class, digest}` of a tool call.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<serde_json::Value>,
    started_at: String,
    finished_at: Option<String>,
}

impl From<StepRecord> for StepView {
    fn from(step: StepRecord) -> Self {
        Self {
            seq: step.seq,
            kind: step.kind,
            state: step.state,
            subject: step.subject,
            detail: step.detail,
            started_at: rfc3339(step.started_ms),
            finished_at: step.finished_ms.map(rfc3339),
        }
    }
}

/// The journal of a turn: everything that was begun for it, in its order.
#[utoipa::path(
    get, path = "/api/v1/turns/{id}/steps", tag = "turns", params(("id" = String, Path)),
    responses((status = 200, body = Page<StepView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn steps(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<TurnId>,
) -> Result<Json<Page<StepView>>, Problem> {
    find(&by, &state, id).await?;
    let steps = state.turns.steps(&by.tenant, id).await?;
    Ok(Json(Page::whole(steps.into_iter().map(StepView::from).collect())))
}

/// What a stop met.
#[derive(Serialize, ToSchema)]
pub(super) struct Stopped {
    /// `stopping`: it ends within the grace; `ended`: it had ended already.
    outcome: &'static str,
}

/// Stops a turn, running or waiting. What there is of the answer is kept.
#[utoipa::path(
    post, path = "/api/v1/turns/{id}/stop", tag = "turns", params(("id" = String, Path)),
    responses((status = 202, body = Stopped), (status = 200, body = Stopped)),
    security(("token" = ["chat"]))
)]
async fn stop(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(id): Named<TurnId>,
) -> Result<(StatusCode, Json<Stopped>), Problem> {
    let turn = find(&by, &state, id).await?;
    if turn.state.is_terminal() {
        return Ok((StatusCode::OK, Json(Stopped { outcome: "ended" })));
    }
    match state.sessions.stop(turn.thread_id, id) {
        StopOutcome::Stopping => Ok((StatusCode::ACCEPTED, Json(Stopped { outcome: "stopping" }))),
        StopOutcome::NotRunning => {
            // It ended between the look and the stop, or its session is about to take it up.
            let now = find(&by, &state, id).await?;
            if now.state.is_terminal() {
                return Ok((StatusCode::OK, Json(Stopped { outcome: "ended" })));
            }
            Err(Problem::unavailable("the session of this turn is starting; try again"))
        }
    }
}

/// A turn that this principal can see.
async fn find(by: &Principal, state: &AppState, id: TurnId) -> Result<TurnRecord, Problem> {
    let turn = state.turns.turn(&by.tenant, id).await?.ok_or_else(Problem::not_found)?;
    state.threads.get(by, turn.thread_id).await?;
    Ok(turn)
}
