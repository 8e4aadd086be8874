//! `/api/v1/workspaces/{id}/files`: the files of a project. They are answered as what they are to the console: bytes
//! to store, never a page to show.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Chat, May, ReadChats};
use crate::http::conditional::{IfMatchTag, stale, unconditional};
use crate::http::extract::{Named, Params, RawBody};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::WorkspaceId;
use crate::workspaces::files::{Entry, FileError, Kind, Stamp, WorkspacePath};

/// Largest file that is answered, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Names of one folder that are looked at.
const NAMES_MAX: usize = 50_000;

/// A name in a folder.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkspaceFile)]
pub(super) struct FileView {
    name: String,
    /// From the workspace on.
    path: String,
    /// `file`, `folder`, `link` (never followed) or `other`.
    kind: &'static str,
    bytes: u64,
    updated_at: String,
}

/// A file that was written.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WrittenWorkspaceFile)]
pub(super) struct WrittenView {
    path: String,
    bytes: usize,
}

#[derive(Deserialize)]
struct ListFiles {
    path: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(read, write, remove))
}

/// The names in one folder of a project.
#[utoipa::path(
    get, path = "/api/v1/workspaces/{id}/files", tag = "workspaces",
    params(
        ("id" = String, Path),
        ("path" = Option<String>, Query, description = "A folder of the project; the project's own without it"),
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<FileView>), (status = 404, description = "No such project or folder")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<WorkspaceId>,
    Params(query): Params<ListFiles>,
) -> Result<Json<Page<FileView>>, Problem> {
    let paging = Paging::<String>::new(query.limit, query.after.as_deref())?;
    let text = query.path.unwrap_or_else(|| ".".to_owned());
    let (after, fetch) = (paging.after.clone(), paging.fetch());
    let (path, entries) = state
        .workspaces
        .with_files(&by, id, move |folder, root| {
            let path = WorkspacePath::parse(&text, root)?;
            let (entries, _) = folder.entries(&path, NAMES_MAX)?;
            let later = |entry: &Entry| after.as_ref().is_none_or(|after| entry.name > *after);
            Ok((path, entries.into_iter().filter(later).take(fetch).collect()))
        })
        .await?;
    let view = |entry: Entry| view(&path, entry);
    Ok(Json(paging.page(entries, |entry: &Entry| entry.name.clone(), view)))
}

/// The bytes of a file.
#[utoipa::path(
    get, path = "/api/v1/workspaces/{id}/files/{*path}", tag = "workspaces",
    params(("id" = String, Path), ("path" = String, Path, description = "From the project on")),
    responses(
        (status = 200, description = "The bytes, with an ETag", content_type = "application/octet-stream"),
        (status = 404, description = "No such project or file"),
        (status = 409, description = "It is no plain file"),
        (status = 413, description = "It is too large to be answered"),
    ),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named((id, path)): Named<(WorkspaceId, String)>,
) -> Result<Response, Problem> {
    let found = state.workspaces.with_files(&by, id, move |folder, root| {
        folder.content(&WorkspacePath::parse(&path, root)?, FILE_BYTES_MAX)
    });
    let (content, stamp) = found.await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment")),
        (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
    ];
    Ok(with_tag((StatusCode::OK, headers, content).into_response(), stamp))
}

/// Writes a whole file, with the folders that are missing. One that is there already wants `If-Match` with its ETag, or
/// `*` for whatever it is.
#[utoipa::path(
    put, path = "/api/v1/workspaces/{id}/files/{*path}", tag = "workspaces",
    params(("id" = String, Path), ("path" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = WrittenView, description = "It was there before"),
        (status = 201, body = WrittenView, description = "It is new"),
        (status = 404, description = "No such project"),
        (status = 409, description = "It is no plain file"),
        (status = 412, description = "Somebody else changed it"),
        (status = 413, description = "The body is too large"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["chat"]))
)]
async fn write(
    by: May<Chat>,
    State(state): State<AppState>,
    Named((id, path)): Named<(WorkspaceId, String)>,
    known: IfMatchTag,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let written = state.workspaces.with_files(&by, id, move |folder, root| {
        let path = WorkspacePath::parse(&path, root)?;
        let found = folder.stamp(&path)?;
        if let Err(refusal) = check(&known, found) {
            return Ok(Err(refusal));
        }
        let stamp = folder.replace(&path, &body)?;
        Ok(Ok((WrittenView { path: path.to_string(), bytes: body.len() }, stamp, found.is_some())))
    });
    let (view, stamp, was_there) = written.await??;
    let status = if was_there { StatusCode::OK } else { StatusCode::CREATED };
    Ok(with_tag((status, Json(view)).into_response(), stamp))
}

/// Removes a file with the ETag of `If-Match`, or a folder with nothing in it.
#[utoipa::path(
    delete, path = "/api/v1/workspaces/{id}/files/{*path}", tag = "workspaces",
    params(("id" = String, Path), ("path" = String, Path)),
    responses(
        (status = 204),
        (status = 404, description = "No such project or file"),
        (status = 409, description = "A folder with something in it"),
        (status = 412, description = "Somebody else changed it"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["chat"]))
)]
async fn remove(
    by: May<Chat>,
    State(state): State<AppState>,
    Named((id, path)): Named<(WorkspaceId, String)>,
    known: IfMatchTag,
) -> Result<StatusCode, Problem> {
    let removed = state.workspaces.with_files(&by, id, move |folder, root| {
        let path = WorkspacePath::parse(&path, root)?;
        // Only files have tags.
        if let Ok(Some(found)) = folder.stamp(&path)
            && let Err(refusal) = check(&known, Some(found))
        {
            return Ok(Err(refusal));
        }
        folder.remove(&path).map(Ok)
    });
    removed.await??;
    Ok(StatusCode::NO_CONTENT)
}

fn view(folder: &WorkspacePath, entry: Entry) -> FileView {
    let inside = folder.to_string();
    let path = if inside == "." { entry.name.clone() } else { format!("{inside}/{}", entry.name) };
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Folder => "folder",
        Kind::Link => "link",
        Kind::Other => "other",
    };
    FileView { name: entry.name, path, kind, bytes: entry.bytes, updated_at: rfc3339(entry.modified_ms) }
}

/// Whether the caller knows this state of a file. What is not there yet is known to everybody.
fn check(known: &IfMatchTag, found: Option<Stamp>) -> Result<(), Problem> {
    match (known.tag(), found) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(unconditional()),
        (Some(_), None) => Err(stale()),
        (Some(tag), Some(found)) if tag == "*" || tag == found.to_string() => Ok(()),
        (Some(_), Some(_)) => Err(stale()),
    }
}

fn with_tag(mut response: Response, stamp: Stamp) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{stamp}\"")) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let detail = error.to_string();
        match error {
            FileError::NoPath(_) | FileError::Outside(_) => Self::invalid_field("path", detail),
            FileError::Missing(_) => Self::new(StatusCode::NOT_FOUND, "not_found", detail),
            FileError::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", detail),
            FileError::Changed(_) => stale(),
            FileError::NotEmpty(_) => Self::conflict("not_empty", detail),
            FileError::Denied(_) => Self::conflict("not_permitted", detail),
            FileError::Workspace
            | FileError::IsFolder(_)
            | FileError::NoFolder(_)
            | FileError::NotPlain(_)
            | FileError::Link(_) => Self::conflict("not_a_plain_file", detail),
            FileError::Broken { .. } => {
                tracing::error!(error = %detail, "a file of a workspace cannot be used");
                Self::conflict("unusable_file", detail)
            }
        }
    }
}
