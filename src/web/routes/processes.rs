//! Processes: started, followed, told and ended.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::processes::{ProcessDraft, ProcessPage, ProcessesFragment, ProcessesPage};
use crate::http::auth::{RunProcesses, SeeProcesses};
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::processes::{ProcessKind, Wish};
use crate::protocol::process::ProcessId;

#[derive(Deserialize)]
pub(super) struct ProcessesQuery {
    /// `list`: the list alone.
    #[serde(default)]
    part: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StartFields {
    task: String,
    how: String,
    cwd: String,
    workspace: String,
}

#[derive(Deserialize)]
pub(super) struct InputFields {
    #[serde(default)]
    input: String,
    /// `end`: the input is over.
    #[serde(default)]
    then: String,
}

impl StartFields {
    fn wish(&self, state: &AppState) -> Result<Wish, Problem> {
        let workspace = super::workspace_of(&self.workspace)?;
        let preset = (!matches!(self.how.as_str(), "" | "terminal")).then(|| self.how.clone());
        let interactive = match &preset {
            Some(name) => state.config.processes.preset(name).is_some_and(|preset| preset.interactive),
            None => self.how == "terminal",
        };
        let kind = match (interactive, &preset) {
            (true, _) => ProcessKind::Interactive,
            (false, Some(_)) => ProcessKind::Print,
            (false, None) => ProcessKind::Exec,
        };
        let (task, cwd) = (self.task.clone(), Some(self.cwd.clone()));
        Ok(Wish { task, cwd, kind: Some(kind), preset, workspace, ..Wish::default() })
    }
}

/// `GET /processes`.
pub(super) async fn list(
    by: May<SeeProcesses>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<ProcessesQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if query.part == "list" {
        let (rows, more) = read::processes::rows(&state, &by).await?;
        let may_run = read::processes::may_run(&by);
        return Ok(page(StatusCode::OK, &ProcessesFragment { rows: &rows, more, may_run }));
    }
    let template = read::processes::page(&state, &by, reader.frame("Processes", "processes")).await?;
    Ok(page(StatusCode::OK, &template))
}

/// `POST /processes`.
pub(super) async fn start(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<StartFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let started = async {
        let wish = fields.wish(&state)?;
        state.processes.start(&by, wish, None).await.map_err(read::processes::problem)
    };
    match started.await {
        Ok(made) => Ok(Redirect::to(&format!("/processes/{}", made.thing.id)).into_response()),
        Err(problem) if reader.json || problem.status.is_server_error() => Err(problem),
        Err(problem) => {
            let template = read::processes::page(&state, &by, reader.frame("Processes", "processes")).await?;
            let draft = ProcessDraft { task: fields.task, how: fields.how, cwd: fields.cwd };
            let error = Some(sentence(&problem.detail));
            Ok(page(problem.status, &ProcessesPage { draft, error, ..template }))
        }
    }
}

/// `GET /processes/{id}`.
pub(super) async fn show(
    by: May<SeeProcesses>,
    State(state): State<AppState>,
    reader: Reader,
    Named(id): Named<ProcessId>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let template = read::processes::one(&state, &by, id, |title| reader.frame(title, "processes")).await?;
    Ok(page(StatusCode::OK, &template))
}

/// `POST /processes/{id}/input`: a line, as the field of the page sends it.
pub(super) async fn input(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    reader: Reader,
    Named(id): Named<ProcessId>,
    Fields(fields): Fields<InputFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let told = match fields.then.as_str() {
        "end" => state.processes.end_input(&by.tenant, id),
        _ => state.processes.input(&by.tenant, id, &format!("{}\n", fields.input)),
    };
    done(&state, &by, &reader, id, told.map_err(read::processes::problem)).await
}

/// `POST /processes/{id}/kill`.
pub(super) async fn kill(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    reader: Reader,
    Named(id): Named<ProcessId>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let killed = state.processes.kill(&by.tenant, &by.source(), id).await;
    done(&state, &by, &reader, id, killed.map_err(read::processes::problem)).await
}

/// Back to the page of the process, or that page with why it was not done.
async fn done(
    state: &AppState,
    by: &crate::identity::Principal,
    reader: &Reader,
    id: ProcessId,
    outcome: Result<(), Problem>,
) -> Result<Response, Problem> {
    match outcome {
        Ok(()) => Ok(reader.answer(StatusCode::OK, serde_json::json!({}), &format!("/processes/{id}"))),
        Err(problem) if reader.json || problem.status.is_server_error() => Err(problem),
        Err(problem) if problem.status == StatusCode::NOT_FOUND => Err(problem),
        Err(problem) => {
            let template =
                read::processes::one(state, by, id, |title| reader.frame(title, "processes")).await?;
            Ok(page(problem.status, &ProcessPage { error: Some(sentence(&problem.detail)), ..template }))
        }
    }
}
