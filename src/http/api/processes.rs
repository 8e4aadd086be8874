//! `/sessions`: processes, in the shapes of monkeyproof's API.
//!
//! Lists are plain arrays and errors are `{"error": TEXT}`, as clients of the original expect. Unlike there, who asks
//! is known before anything is looked up, so that nobody learns which ids exist.

mod shape;
mod socket;

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body as ResponseBody;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::shape::{Failure, SessionDetail, SessionInfo, in_shape};
use crate::http::auth::{May, RunProcesses, SeeProcesses};
use crate::http::conditional::{IdempotencyKey, created};
use crate::http::extract::{Body, Params};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::processes::{ProcessError, ProcessFilter, ProcessKind, Processes, StatusWord, Wish};
use crate::protocol::ids::{TenantId, WorkspaceId};
use crate::protocol::process::{ProcessId, TerminalSize};

const OFFSET: HeaderName = HeaderName::from_static("x-transcript-offset");
const TOTAL: HeaderName = HeaderName::from_static("x-transcript-total-size");
const NEXT: HeaderName = HeaderName::from_static("x-transcript-next-offset");

/// A new process.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateSession {
    /// A line for the shell; or, with `command` or a preset, the last argument of the program.
    #[serde(default)]
    task: String,
    /// `exec` (default), `print` or `interactive`.
    r#type: Option<String>,
    /// The same as `type`.
    mode: Option<String>,
    /// The working folder: below the workspace's, or one that the settings name.
    cwd: Option<String>,
    /// The program instead of the shell's.
    command: Option<String>,
    /// Its arguments in front of the task.
    args: Option<Vec<String>>,
    /// A command of the settings, for `print` and `interactive`.
    preset: Option<String>,
    /// Variables besides the few that every process has.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Passed on as `--max-turns`, for `print`.
    max_turns: Option<u32>,
    /// Whose it is, in your words.
    owner: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    labels: Vec<String>,
    /// Lines of the terminal, for `interactive`.
    rows: Option<u16>,
    /// Characters of a line of it.
    cols: Option<u16>,
    /// Whose folder it works in; the default workspace's without it.
    #[serde(rename = "workspace_id")]
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
}

/// What is typed.
#[derive(Deserialize, ToSchema)]
pub(super) struct SendInput {
    /// Text for its input.
    input: Option<String>,
    /// `true` closes its input afterwards.
    #[serde(default)]
    end: bool,
}

#[derive(Serialize, ToSchema)]
struct Sent {
    /// Always `true`.
    sent: bool,
}

#[derive(Serialize, ToSchema)]
struct Killed {
    /// Always `true`, also for one that had ended.
    killed: bool,
}

/// The size of a terminal.
#[derive(Deserialize, ToSchema)]
pub(super) struct Resize {
    /// Lines, 1–500.
    rows: u16,
    /// Characters of a line, 1–500.
    cols: u16,
}

#[derive(Serialize, ToSchema)]
struct Resized {
    /// Always `true`.
    resized: bool,
}

#[derive(Deserialize)]
struct ListSessions {
    owner: Option<String>,
    label: Option<String>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct ReadTranscript {
    since: Option<String>,
    #[serde(default)]
    download: bool,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(read, kill))
        .routes(routes!(input))
        .routes(routes!(resize))
        .routes(routes!(transcript))
        .merge(socket::routes())
        .layer(middleware::map_response(in_shape))
}

/// A token for one assistant has nothing to do with processes, which are nobody's in particular.
fn unrestricted(by: &Principal) -> Result<&TenantId, Failure> {
    match by.assistant {
        None => Ok(&by.tenant),
        Some(_) => {
            Err(Failure::new(StatusCode::FORBIDDEN, "a token for one assistant cannot reach processes"))
        }
    }
}

/// Starts a process.
#[utoipa::path(
    post, path = "/sessions", tag = "processes", request_body = CreateSession,
    responses((status = 201, body = SessionInfo)),
    security(("token" = ["processes"]))
)]
async fn create(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateSession>,
) -> Result<Response, Failure> {
    let tenant = unrestricted(&by)?;
    let key = key.of(&by, "POST /sessions", &body);
    let wish = wish(body)?;
    let made = state.processes.start(&by, wish, key).await?;
    let peers = state.processes.peers(tenant, made.thing.id);
    Ok(created(made, |_| None, |process| SessionInfo::of(process, peers)))
}

fn wish(body: CreateSession) -> Result<Wish, Failure> {
    let word = body.r#type.or(body.mode).filter(|word| !word.is_empty());
    let kind = word.map(|word| word.parse::<ProcessKind>()).transpose().map_err(|_| {
        Failure::new(StatusCode::BAD_REQUEST, "type must be \"exec\", \"print\", or \"interactive\"")
    })?;
    let size = match (body.rows, body.cols) {
        (None, None) => None,
        (rows, cols) => {
            let usual = TerminalSize::DEFAULT;
            Some(TerminalSize { rows: rows.unwrap_or(usual.rows), cols: cols.unwrap_or(usual.cols) })
        }
    };
    Ok(Wish {
        task: body.task,
        kind,
        cwd: body.cwd,
        command: body.command,
        args: body.args,
        preset: body.preset,
        env: body.env,
        max_turns: body.max_turns,
        owner: body.owner,
        labels: body.labels,
        size,
        workspace: body.workspace_id,
    })
}

/// Processes, newest first: at most 1,000, those that have ended for as long as the settings keep them.
#[utoipa::path(
    get, path = "/sessions", tag = "processes",
    params(
        ("owner" = Option<String>, Query, description = "Only those of this owner"),
        ("label" = Option<String>, Query, description = "Only those with this label"),
        ("status" = Option<String>, Query, description = "`running`, `exited` or `killed`"),
    ),
    responses((status = 200, body = Vec<SessionInfo>)),
    security(("token" = ["processes"]), ("token" = ["read"]))
)]
async fn list(
    by: May<SeeProcesses>,
    State(state): State<AppState>,
    Params(query): Params<ListSessions>,
) -> Result<Json<Vec<SessionInfo>>, Failure> {
    let tenant = unrestricted(&by)?;
    let status = query.status.as_deref().filter(|word| !word.is_empty());
    let status = status.map(|word| StatusWord::parse(word).ok_or(())).transpose().map_err(|()| {
        Failure::new(StatusCode::BAD_REQUEST, "status must be \"running\", \"exited\", or \"killed\"")
    })?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let filter = ProcessFilter { owner: given(query.owner), label: given(query.label), status, thread: None };
    let found = state.processes.list(tenant, filter).await?;
    let info = |process: crate::processes::Process| {
        let peers = state.processes.peers(tenant, process.id);
        SessionInfo::of(process, peers)
    };
    Ok(Json(found.into_iter().map(info).collect()))
}

/// One process with its recent output; of a terminal, its screen.
#[utoipa::path(
    get, path = "/sessions/{id}", tag = "processes", params(("id" = String, Path)),
    responses((status = 200, body = SessionDetail)),
    security(("token" = ["processes"]), ("token" = ["read"]))
)]
async fn read(
    by: May<SeeProcesses>,
    State(state): State<AppState>,
    Id(id): Id,
) -> Result<Json<SessionDetail>, Failure> {
    let tenant = unrestricted(&by)?;
    let process = state.processes.get(tenant, id?).await?;
    let recent = state.processes.recent(tenant, &process).await?;
    let path = state.processes.transcript_path(tenant, &process).display().to_string();
    let peers = state.processes.peers(tenant, process.id);
    Ok(Json(SessionDetail::new(SessionInfo::of(process, peers), recent.text, path)))
}

/// Ends a process with everything below it.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "processes", params(("id" = String, Path)),
    responses((status = 200, body = Killed)),
    security(("token" = ["processes"]))
)]
async fn kill(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    Id(id): Id,
) -> Result<Json<Killed>, Failure> {
    state.processes.kill(unrestricted(&by)?, &by.source(), id?).await?;
    Ok(Json(Killed { killed: true }))
}

/// Types into a process.
#[utoipa::path(
    post, path = "/sessions/{id}/input", tag = "processes", params(("id" = String, Path)),
    request_body = SendInput, responses((status = 200, body = Sent)),
    security(("token" = ["processes"]))
)]
async fn input(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    Id(id): Id,
    Body(body): Body<SendInput>,
) -> Result<Json<Sent>, Failure> {
    let tenant = unrestricted(&by)?;
    let text = body.input.filter(|text| !text.is_empty());
    if text.is_none() && !body.end {
        return Err(Failure::new(StatusCode::BAD_REQUEST, "input is required"));
    }
    // As in the original, an id that names nothing does not run.
    let id = id.map_err(|_| ProcessError::NotRunning)?;
    if let Some(text) = text {
        state.processes.input(tenant, id, &text)?;
    }
    if body.end {
        state.processes.end_input(tenant, id)?;
    }
    Ok(Json(Sent { sent: true }))
}

/// Gives the terminal of a process another size.
#[utoipa::path(
    post, path = "/sessions/{id}/resize", tag = "processes", params(("id" = String, Path)),
    request_body = Resize, responses((status = 200, body = Resized)),
    security(("token" = ["processes"]))
)]
async fn resize(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    Id(id): Id,
    Body(body): Body<Resize>,
) -> Result<Json<Resized>, Failure> {
    let size = TerminalSize { rows: body.rows, cols: body.cols };
    let id = id.map_err(|_| ProcessError::NotRunning)?;
    state.processes.resize(unrestricted(&by)?, id, size)?;
    Ok(Json(Resized { resized: true }))
}

/// The transcript from a byte on, at most 4 MiB of it; `x-transcript-next-offset` says where to go on. With
/// `download` all of it as a file.
#[utoipa::path(
    get, path = "/sessions/{id}/transcript", tag = "processes",
    params(
        ("id" = String, Path),
        ("since" = Option<String>, Query, description = "Bytes that the caller has"),
        ("download" = Option<bool>, Query, description = "As a file"),
    ),
    responses((status = 200, content_type = "text/plain; charset=utf-8", body = String)),
    security(("token" = ["processes"]), ("token" = ["read"]))
)]
async fn transcript(
    by: May<SeeProcesses>,
    State(state): State<AppState>,
    Id(id): Id,
    Params(query): Params<ReadTranscript>,
) -> Result<Response, Failure> {
    let tenant = unrestricted(&by)?;
    let id = id?;
    let since = match query.since.as_deref().filter(|text| !text.is_empty()) {
        None => 0,
        Some(text) => text
            .parse::<u64>()
            .map_err(|_| Failure::new(StatusCode::BAD_REQUEST, "since must be a whole number of bytes"))?,
    };
    let passage = state.processes.transcript(tenant, id, since).await?;
    let plain = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if query.download {
        let name = HeaderValue::from_str(&format!("attachment; filename=\"process-{id}.md\""));
        let name = name.map_err(|_| Problem::internal())?;
        let body = whole(state.processes.clone(), tenant.clone(), id);
        return Ok(([plain, (header::CONTENT_DISPOSITION, name)], body).into_response());
    }
    let numbers = [
        (OFFSET, HeaderValue::from(passage.offset)),
        (TOTAL, HeaderValue::from(passage.total)),
        (NEXT, HeaderValue::from(passage.next)),
    ];
    Ok((numbers, [plain], passage.text).into_response())
}

/// The transcript up to its present end, a passage at a time.
fn whole(processes: Processes, tenant: TenantId, id: ProcessId) -> ResponseBody {
    let passages = stream::unfold(Some(0), move |at| {
        let (processes, tenant) = (processes.clone(), tenant.clone());
        async move {
            let passage = processes.transcript(&tenant, id, at?).await;
            let next = passage.as_ref().ok().filter(|part| part.next < part.total && !part.text.is_empty());
            let next = next.map(|part| part.next);
            Some((passage.map(|part| part.text), next))
        }
    });
    ResponseBody::from_stream(passages)
}

/// The id in the path. What is none names nothing, but that is only said to those who may ask.
struct Id(Result<ProcessId, ProcessError>);

impl<S: Send + Sync> axum::extract::FromRequestParts<S> for Id {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &S,
    ) -> Result<Self, Self::Rejection> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let id = path.ok().and_then(|axum::extract::Path(text)| text.parse().ok());
        Ok(Self(id.ok_or(ProcessError::NotFound)))
    }
}
