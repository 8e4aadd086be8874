//! `/api/v1/workspaces`: projects.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::optional::set_or_cleared;
use crate::http::auth::{Admin, Chat, May, ReadChats};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::{AssistantId, WorkspaceId};
use crate::workspaces::{NewWorkspace, Workspace, WorkspaceChange};

/// A project.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workspace)]
pub(super) struct WorkspaceView {
    id: String,
    name: String,
    /// Who answers in it; `null` for the default assistant.
    assistant_id: Option<String>,
    /// The folder of yours that it works in; `null` for one of capuchin's own.
    root: Option<String>,
    /// Globs of files that search finds, such as `docs/**/*.md`.
    indexed_files: Vec<String>,
    is_default: bool,
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<Workspace> for WorkspaceView {
    fn from(workspace: Workspace) -> Self {
        Self {
            id: workspace.id.to_string(),
            name: workspace.name,
            assistant_id: workspace.assistant_id.map(|id| id.to_string()),
            root: workspace.root,
            indexed_files: workspace.indexed_files,
            is_default: workspace.is_default,
            version: workspace.version,
            created_at: rfc3339(workspace.created_ms),
            updated_at: rfc3339(workspace.updated_ms),
        }
    }
}

/// A new project.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateWorkspace {
    /// 1–100 characters, unique.
    name: String,
    /// Who answers in it; the default assistant without it.
    #[schema(value_type = Option<String>)]
    assistant_id: Option<AssistantId>,
}

/// What changes. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeWorkspace {
    name: Option<String>,
    /// `null` for the default assistant.
    #[serde(default, deserialize_with = "set_or_cleared")]
    #[schema(value_type = Option<String>)]
    assistant_id: Option<Option<AssistantId>>,
    /// Globs of text files that search shall find, up to 50; an empty list for none. Each is up to 1 MiB, and the first 20,000
    /// count; names that begin with a dot and what `.gitignore` leaves out do not.
    indexed_files: Option<Vec<String>>,
}

/// Where a project works.
#[derive(Deserialize, ToSchema)]
pub(super) struct MoveWorkspace {
    /// An absolute path of a folder that exists; `null` for one of capuchin's own.
    #[serde(deserialize_with = "Option::deserialize")]
    path: Option<String>,
}

#[derive(Deserialize)]
struct ListWorkspaces {
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(read, change, delete))
        .routes(routes!(set_folder))
}

/// Projects, in the order of their making.
#[utoipa::path(
    get, path = "/api/v1/workspaces", tag = "workspaces",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<WorkspaceView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Params(query): Params<ListWorkspaces>,
) -> Result<Json<Page<WorkspaceView>>, Problem> {
    let paging = Paging::<WorkspaceId>::new(query.limit, query.after.as_deref())?;
    let found = state.workspaces.list(&by, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |workspace| workspace.id.to_string(), WorkspaceView::from)))
}

/// Makes a project.
#[utoipa::path(
    post, path = "/api/v1/workspaces", tag = "workspaces", request_body = CreateWorkspace,
    responses((status = 201, body = WorkspaceView), (status = 409, description = "The name is taken")),
    security(("token" = ["chat"]))
)]
async fn create(
    by: May<Chat>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateWorkspace>,
) -> Result<Response, Problem> {
    let key = key.of(&by, "POST /api/v1/workspaces", &body);
    let new = NewWorkspace { name: state.clean(&by, "name", body.name), assistant_id: body.assistant_id };
    let made = state.workspaces.create(&by, new, key).await?;
    Ok(created(made, |workspace| Some(workspace.version), WorkspaceView::from))
}

/// One project.
#[utoipa::path(
    get, path = "/api/v1/workspaces/{id}", tag = "workspaces", params(("id" = String, Path)),
    responses((status = 200, body = WorkspaceView)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<WorkspaceId>,
) -> Result<Response, Problem> {
    let workspace = state.workspaces.get(&by, id).await?;
    Ok(tagged(StatusCode::OK, workspace.version, WorkspaceView::from(workspace)))
}

/// Changes a project; with `If-Match` only if nobody else did.
#[utoipa::path(
    patch, path = "/api/v1/workspaces/{id}", tag = "workspaces", params(("id" = String, Path)),
    request_body = ChangeWorkspace, responses((status = 200, body = WorkspaceView)),
    security(("token" = ["chat"]))
)]
async fn change(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(id): Named<WorkspaceId>,
    known: IfMatch,
    Body(body): Body<ChangeWorkspace>,
) -> Result<Response, Problem> {
    let change = WorkspaceChange {
        name: body.name.map(|name| state.clean(&by, "name", name)),
        assistant_id: body.assistant_id,
        indexed_files: body.indexed_files,
    };
    let workspace = state.workspaces.update(&by, id, known.version(), change).await?;
    Ok(tagged(StatusCode::OK, workspace.version, WorkspaceView::from(workspace)))
}

/// Deletes a project with all its conversations.
#[utoipa::path(
    delete, path = "/api/v1/workspaces/{id}", tag = "workspaces", params(("id" = String, Path)),
    responses((status = 204), (status = 409, description = "It is the default one")),
    security(("token" = ["chat"]))
)]
async fn delete(
    by: May<Chat>,
    State(state): State<AppState>,
    Named(id): Named<WorkspaceId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    state.workspaces.delete(&by, id, known.version()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a project work in a folder of yours, or in one of capuchin's own again. Files stay where they are.
#[utoipa::path(
    put, path = "/api/v1/workspaces/{id}/folder", tag = "workspaces", params(("id" = String, Path)),
    request_body = MoveWorkspace,
    responses((status = 200, body = WorkspaceView), (status = 422, description = "A folder that is not taken")),
    security(("token" = ["admin"]))
)]
async fn set_folder(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<WorkspaceId>,
    known: IfMatch,
    Body(body): Body<MoveWorkspace>,
) -> Result<Response, Problem> {
    if by.assistant.is_some() {
        let text = "a token for one assistant cannot choose folders";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", text));
    }
    let workspace = state.workspaces.set_root(&by, id, known.version(), body.path).await?;
    Ok(tagged(StatusCode::OK, workspace.version, WorkspaceView::from(workspace)))
}
