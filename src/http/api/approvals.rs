//! `/api/v1/approvals`: questions of assistants and programs, and their decisions.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::approvals::{Approval, ApprovalFilter, ApprovalState, Choice, Cursor, DecisionScope, Question};
use crate::http::auth::{Chat, Decide, May, SeeApprovals};
use crate::http::conditional::{IdempotencyKey, created};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::policy::{Action, SourceKind, Subject};
use crate::protocol::ids::{ApprovalId, ThreadId};

/// Longest time that a read waits for a decision.
const WAIT_S_MAX: u64 = 60;
/// Longest time that a program gives people, and the shortest.
const EXPIRES_S: std::ops::RangeInclusive<u64> = 10..=604_800;

/// A question to a person.
#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
pub(super) struct ApprovalView {
    id: String,
    thread_id: Option<String>,
    /// The turn that waits.
    turn_id: Option<String>,
    workspace_id: Option<String>,
    assistant_id: Option<String>,
    /// Who caused it: `owner`, the id of a member or a token.
    source: String,
    /// `owner`, `member`, `token`, `channel`, `stranger`, `webhook` or `schedule`.
    source_kind: SourceKindView,
    /// What is to be done.
    #[schema(value_type = Vec<Object>)]
    actions: Value,
    /// The bytes that go with it, exactly.
    payload: String,
    /// Both, with everything invisible made visible: what people are to be shown.
    shown: String,
    /// SHA-256 of actions and payload.
    digest: String,
    /// Why a person is asked.
    why: String,
    /// The rule that said so.
    rule_id: Option<String>,
    /// Whether the turn had read untrusted text.
    tainted: bool,
    requested_at: String,
    /// When it becomes a denial.
    expires_at: String,
    /// `pending`, `allowed`, `denied` or `expired`.
    state: &'static str,
    /// `once`, `thread` or `always`.
    scope: Option<&'static str>,
    decided_by: Option<String>,
    decided_at: Option<String>,
    /// Why, in the words of who decided.
    reason: String,
    /// The rule that the decision made.
    made_rule_id: Option<String>,
}

type SourceKindView = String;

impl From<Approval> for ApprovalView {
    fn from(approval: Approval) -> Self {
        // silent-ok: our own shapes always encode
        let json = |value: serde_json::Result<Value>| value.unwrap_or_default();
        let kind = json(serde_json::to_value(approval.source_kind));
        Self {
            id: approval.id.to_string(),
            thread_id: approval.thread.map(|id| id.to_string()),
            turn_id: approval.turn.map(|id| id.to_string()),
            workspace_id: approval.workspace.map(|id| id.to_string()),
            assistant_id: approval.assistant.map(|id| id.to_string()),
            digest: approval.digest_hex(),
            source: approval.source,
            source_kind: kind.as_str().unwrap_or_default().to_owned(),
            actions: json(serde_json::to_value(&approval.actions)),
            payload: approval.payload,
            shown: approval.shown,
            why: approval.why,
            rule_id: approval.rule.map(|id| id.to_string()),
            tainted: approval.tainted,
            requested_at: rfc3339(approval.requested_ms),
            expires_at: rfc3339(approval.expires_ms),
            state: approval.state.as_str(),
            scope: approval.scope.map(DecisionScope::as_str),
            decided_by: approval.decided_by,
            decided_at: approval.decided_ms.map(rfc3339),
            reason: approval.reason,
            made_rule_id: approval.made_rule.map(|id| id.to_string()),
        }
    }
}

/// A program's own question.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct AskPerson {
    /// What it wants to do, all of it or nothing. `{"kind": "run_command", "program": "rm", "args": ["x"]}`.
    #[schema(value_type = Vec<Object>)]
    actions: Vec<Value>,
    /// The bytes that go with it; up to 16 KiB when they are shown.
    #[serde(default)]
    payload: String,
    /// Why, in up to 500 characters.
    #[serde(default)]
    why: String,
    /// The conversation that it belongs to.
    thread_id: Option<String>,
    /// Seconds until nobody's decision is a denial, 10–604800; the settings' without it.
    expires_in_s: Option<u64>,
}

/// An answer.
#[derive(Deserialize, ToSchema)]
pub(super) struct DecideApproval {
    /// `allow` (once), `allow_thread`, `allow_always` (needs `admin`: it changes the policy) or `deny`.
    decision: String,
    /// Why, in up to 500 characters.
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct ListApprovals {
    state: Option<String>,
    thread: Option<ThreadId>,
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct ReadApproval {
    wait: Option<u64>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list, ask)).routes(routes!(read, decide))
}

/// Questions in the order of their expiry.
#[utoipa::path(
    get, path = "/api/v1/approvals", tag = "approvals",
    params(
        ("state" = Option<String>, Query, description = "`pending`, `allowed`, `denied` or `expired`"),
        ("thread" = Option<String>, Query, description = "Those of this conversation"),
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<ApprovalView>)),
    security(("token" = ["approve"]), ("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<SeeApprovals>,
    State(state): State<AppState>,
    Params(query): Params<ListApprovals>,
) -> Result<Json<Page<ApprovalView>>, Problem> {
    let paging = Paging::<Cursor>::new(query.limit, query.after.as_deref())?;
    let known = |word: String| {
        let wrong = || Problem::invalid_field("state", "is pending, allowed, denied or expired");
        ApprovalState::parse(&word).ok_or_else(wrong)
    };
    let filter = ApprovalFilter {
        state: query.state.map(known).transpose()?,
        thread: query.thread,
        after: paging.after,
    };
    let found = state.approvals.list(&by, filter, paging.fetch()).await?;
    Ok(Json(paging.page(found, |approval| Cursor::from(approval).to_string(), ApprovalView::from)))
}

/// Asks a person about an action of a program's own: persisted, with a deadline. Read it with `?wait` to
/// get the decision.
#[utoipa::path(
    post, path = "/api/v1/approvals", tag = "approvals", request_body = AskPerson,
    responses((status = 201, body = ApprovalView), (status = 409, description = "Too many questions wait")),
    security(("token" = ["chat"]))
)]
async fn ask(
    by: May<Chat>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<AskPerson>,
) -> Result<Response, Problem> {
    let key = key.of(&by, "POST /api/v1/approvals", &body);
    let mut actions = Vec::with_capacity(body.actions.len());
    for (at, action) in body.actions.into_iter().enumerate() {
        let read = serde_json::from_value::<Action>(action);
        actions
            .push(read.map_err(|error| Problem::invalid_field(format!("/actions/{at}"), error.to_string()))?);
    }
    refuse_secrets(&state, &by, &actions, &body.payload)?;
    if body.expires_in_s.is_some_and(|seconds| !EXPIRES_S.contains(&seconds)) {
        return Err(Problem::invalid_field("/expires_in_s", "is between 10 and 604800"));
    }
    let mut subject = Subject {
        assistant: by.assistant,
        workspace: None,
        thread: None,
        source: SourceKind::of(by.provenance()),
    };
    if let Some(id) = body.thread_id {
        let unknown = || Problem::invalid_field("/thread_id", "names no conversation");
        let id = id.parse::<ThreadId>().map_err(|_| unknown())?;
        let thread = state.threads.get(&by, id).await.map_err(|_| unknown())?;
        subject.thread = Some(id);
        subject.workspace = Some(thread.workspace_id);
        subject.assistant = by.assistant.or(thread.assistant_id);
    }
    let question = Question {
        subject,
        turn: None,
        source: by.source(),
        actions,
        payload: body.payload,
        why: state.clean(&by, "approval", body.why),
        rule: None,
        tainted: false,
        expires_in: body.expires_in_s.map(Duration::from_secs),
    };
    let made = state.approvals.ask_once(&by.tenant, question, key).await?;
    Ok(created(made, |_| None, ApprovalView::from))
}

/// What people see and the store keeps holds no secret; and what is approved is not changed silently.
fn refuse_secrets(
    state: &AppState,
    by: &May<Chat>,
    actions: &[Action],
    payload: &str,
) -> Result<(), Problem> {
    let lines: Vec<String> = actions.iter().map(ToString::to_string).collect();
    for (field, text) in [("/actions", lines.join("\n")), ("/payload", payload.to_owned())] {
        if state.clean(by, "approval", text.clone()) != text {
            return Err(Problem::invalid_field(field, "holds a secret; name it as `@secret:name` instead"));
        }
    }
    Ok(())
}

/// One question. With `?wait` the answer comes when it is decided, or after so many seconds.
#[utoipa::path(
    get, path = "/api/v1/approvals/{id}", tag = "approvals",
    params(
        ("id" = String, Path),
        ("wait" = Option<u64>, Query, description = "Seconds to wait for a decision, at most 60"),
    ),
    responses((status = 200, body = ApprovalView)),
    security(("token" = ["approve"]), ("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<SeeApprovals>,
    State(state): State<AppState>,
    Named(id): Named<ApprovalId>,
    Params(query): Params<ReadApproval>,
) -> Result<Json<ApprovalView>, Problem> {
    let found = state.approvals.get(&by, id).await?;
    let patience = Duration::from_secs(query.wait.unwrap_or(0).min(WAIT_S_MAX));
    if found.state != ApprovalState::Pending || patience.is_zero() {
        return Ok(Json(found.into()));
    }
    let decided = tokio::select! {
        decided = state.approvals.wait(&by.tenant, id) => decided?,
        () = tokio::time::sleep(patience) => found,
        () = state.stopping.cancelled() => found,
    };
    Ok(Json(decided.into()))
}

/// Decides a question. The first decision counts; 409 says who took it and how.
#[utoipa::path(
    post, path = "/api/v1/approvals/{id}", tag = "approvals", params(("id" = String, Path)),
    request_body = DecideApproval,
    responses((status = 200, body = ApprovalView), (status = 409, description = "It is decided or expired")),
    security(("token" = ["approve"]))
)]
async fn decide(
    by: May<Decide>,
    State(state): State<AppState>,
    Named(id): Named<ApprovalId>,
    Body(body): Body<DecideApproval>,
) -> Result<Json<ApprovalView>, Problem> {
    let unknown = |()| Problem::invalid_field("/decision", "is allow, allow_thread, allow_always or deny");
    let choice: Choice = body.decision.parse().map_err(unknown)?;
    let reason = state.clean(&by, "approval", body.reason);
    Ok(Json(state.approvals.decide(&by, id, choice, &reason).await?.into()))
}
