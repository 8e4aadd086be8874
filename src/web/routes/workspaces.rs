//! `/settings/workspaces`: projects, and the folders that their assistants work in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::headers::page;
use super::super::read;
use super::super::view::workspaces::{WorkspaceRow, WorkspacesPage};
use crate::http::auth::{Admin, ReadChats};
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::protocol::ids::WorkspaceId;
use crate::workspaces::{NewWorkspace, WorkspaceChange, WorkspaceError};

/// Workspaces that are shown.
const WORKSPACES_MAX: usize = 200;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DoneQuery {
    done: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct WorkspaceFields {
    name: String,
    root: String,
    /// Globs, one in a line; absent where the form has none.
    indexed: Option<String>,
    version: Option<i64>,
    sure: String,
}

/// `GET /settings/workspaces`.
pub(super) async fn show(
    by: May<ReadChats>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<DoneQuery>,
) -> Result<Response, Problem> {
    let mut shown = shown(&state, &by, &reader).await?;
    shown.notice = match query.done.as_str() {
        "made" => Some("Made. The chats beside a conversation have it now."),
        "changed" => Some("Saved."),
        "deleted" => Some("Deleted with its chats. Files in a folder of yours are still there."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /settings/workspaces`.
pub(super) async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<WorkspaceFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let new = NewWorkspace { name: fields.name.trim().to_owned(), assistant_id: None };
    let made = async {
        let made = state.workspaces.create(&by, new, None).await?.thing;
        set_root(&state, &by, made.id, (Some(made.version), &fields.root)).await?;
        Ok("made")
    };
    done(&state, &by, &reader, (made.await, fields.name.clone())).await
}

/// `POST /settings/workspaces/{id}`.
pub(super) async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WorkspaceId>,
    reader: Reader,
    Fields(fields): Fields<WorkspaceFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let globs =
        |text: &String| text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    let change = WorkspaceChange {
        name: Some(fields.name.trim().to_owned()),
        indexed_files: fields.indexed.as_ref().map(globs),
        ..WorkspaceChange::default()
    };
    let changed = async {
        let known = state.workspaces.update(&by, id, fields.version, change).await?;
        if fields.root.trim() != known.root.as_deref().unwrap_or_default() {
            set_root(&state, &by, id, (Some(known.version), &fields.root)).await?;
        }
        Ok("changed")
    };
    done(&state, &by, &reader, (changed.await, String::new())).await
}

/// `POST /settings/workspaces/{id}/delete`.
pub(super) async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WorkspaceId>,
    reader: Reader,
    Fields(fields): Fields<WorkspaceFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to delete a workspace"));
    }
    let outcome = state.workspaces.delete(&by, id, fields.version).await.map(|()| "deleted");
    done(&state, &by, &reader, (outcome, String::new())).await
}

/// A folder of the person's; without one, the daemon's own.
async fn set_root(
    state: &AppState,
    by: &Principal,
    id: WorkspaceId,
    (version, root): (Option<i64>, &str),
) -> Result<(), WorkspaceError> {
    let root = root.trim();
    let root = (!root.is_empty()).then(|| root.to_owned());
    state.workspaces.set_root(by, id, version, root).await.map(|_| ())
}

async fn shown(state: &AppState, by: &Principal, reader: &Reader) -> Result<WorkspacesPage, Problem> {
    let found = state.workspaces.list(by, None, WORKSPACES_MAX).await.map_err(read::problem)?;
    let workspaces = found.into_iter().map(|workspace| WorkspaceRow {
        id: workspace.id.to_string(),
        name: workspace.name,
        is_default: workspace.is_default,
        root: workspace.root.unwrap_or_default(),
        indexed: workspace.indexed_files.join("\n"),
        created: read::rfc3339(workspace.created_ms),
        version: workspace.version,
    });
    Ok(WorkspacesPage {
        frame: reader.frame("Workspaces", "settings"),
        workspaces: workspaces.collect(),
        name: String::new(),
        notice: None,
        error: None,
    })
}

/// Back to the page with what was done, or the page with why it was not.
async fn done(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    (outcome, name): (Result<&'static str, WorkspaceError>, String),
) -> Result<Response, Problem> {
    let refused = |page: &mut WorkspacesPage, why| (page.error, page.name) = (Some(why), name);
    let outcome = outcome.map_err(read::problem);
    reader.after("/settings/workspaces", outcome, shown(state, by, reader), refused).await
}
