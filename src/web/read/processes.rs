//! Processes as rows.

use super::{name_of, rfc3339, span};
use crate::http::{AppState, Problem};
use crate::identity::{Principal, Scope};
use crate::processes::{Process, ProcessError, ProcessFilter, ProcessKind, ProcessState};
use crate::protocol::process::ProcessId;
use crate::web::view::Frame;
use crate::web::view::processes::{ProcessDraft, ProcessPage, ProcessRow, ProcessesPage};

/// Processes that the page shows.
const ROWS_MAX: usize = 200;
/// Workspaces that the form offers.
const WORKSPACES_MAX: usize = 200;

/// Whether the reader may start, tell and end processes.
pub(in crate::web) fn may_run(by: &Principal) -> bool {
    by.scopes.allows(Scope::Processes)
}

/// The newest ones, and whether there are more.
pub(in crate::web) async fn rows(
    state: &AppState,
    by: &Principal,
) -> Result<(Vec<ProcessRow>, bool), Problem> {
    let found = state.processes.list(&by.tenant, ProcessFilter::default()).await.map_err(problem)?;
    let more = found.len() > ROWS_MAX;
    Ok((found.into_iter().take(ROWS_MAX).map(|process| row(state, process)).collect(), more))
}

/// The page of all of them.
pub(in crate::web) async fn page(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<ProcessesPage, Problem> {
    let workspaces = state.workspaces.list(by, None, WORKSPACES_MAX).await.map_err(super::problem)?;
    let (rows, more) = rows(state, by).await?;
    Ok(ProcessesPage {
        frame,
        rows,
        more,
        may_run: may_run(by),
        presets: state.config.processes.preset_names(),
        workspaces: workspaces.into_iter().map(|one| (one.id.to_string(), one.name)).collect(),
        draft: ProcessDraft::default(),
        error: None,
    })
}

/// The page of one.
pub(in crate::web) async fn one(
    state: &AppState,
    by: &Principal,
    id: ProcessId,
    frame: impl FnOnce(String) -> Frame,
) -> Result<ProcessPage, Problem> {
    let process = state.processes.get(&by.tenant, id).await.map_err(problem)?;
    let output = state.processes.recent(&by.tenant, &process).await.map_err(problem)?.text;
    let frame = frame(format!("Process {id}"));
    Ok(ProcessPage { frame, row: row(state, process), output, may_run: may_run(by), error: None })
}

/// What is not done, as the pages say it.
pub(in crate::web) fn problem(error: ProcessError) -> Problem {
    let text = error.to_string();
    match error {
        ProcessError::Wish { field, .. } => Problem::invalid_field(field, text),
        ProcessError::TooMany { .. } => Problem::conflict("too_many_processes", text),
        ProcessError::Denied(_) => Problem::new(axum::http::StatusCode::FORBIDDEN, "denied", text),
        ProcessError::NotFound => Problem::not_found(),
        ProcessError::NotRunning => Problem::conflict("not_running", "the process has ended"),
        ProcessError::Busy => Problem::conflict("busy", text),
        ProcessError::KeyReused(reused) => reused.into(),
        ProcessError::Unstarted(_) | ProcessError::Transcript(_) => Problem::unavailable(text),
        ProcessError::Store(error) => error.into(),
    }
}

fn row(state: &AppState, process: Process) -> ProcessRow {
    let ran = span(process.ran_ms(jiff::Timestamp::now().as_millisecond()));
    let by = match process.thread {
        Some(_) => "an assistant".to_owned(),
        None => name_of(state, &process.source),
    };
    ProcessRow {
        id: process.id.to_string(),
        task: process.task_preview(),
        kind: process.kind.as_str(),
        state: match (process.state, process.code) {
            (ProcessState::Starting | ProcessState::Running, _) => "running",
            (ProcessState::Exited, Some(0)) => "done",
            (ProcessState::Exited, _) => "failed",
            (ProcessState::Killed, _) => "stopped",
            (ProcessState::Lost, _) => "interrupted",
        },
        words: words(&process),
        ended: process.state.is_ended(),
        terminal: process.kind == ProcessKind::Interactive,
        started: rfc3339(process.created_ms),
        ran,
        lines: process.lines,
        by,
        owner: process.owner,
        labels: process.labels,
        command: process.command,
        cwd: process.cwd,
    }
}

fn words(process: &Process) -> String {
    let text = match process.state {
        ProcessState::Starting => "starting",
        ProcessState::Running => "running",
        ProcessState::Lost => "lost",
        ProcessState::Exited | ProcessState::Killed => process.reason.as_str(),
    };
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}
