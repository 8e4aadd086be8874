//! `/api/v1/assistants/{id}/files`: the six files that an assistant is told besides its system prompt.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::assistants::refuse_restricted;
use crate::assistants::files::{AgentFile, FileError, FileName};
use crate::http::auth::{Admin, May, ReadChats};
use crate::http::conditional::{IfMatch, stale, tagged};
use crate::http::extract::{Body, Named};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::AssistantId;

/// One of the six files.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AgentFile)]
pub(super) struct AgentFileView {
    /// `IDENTITY.md`, `SOUL.md`, `USER.md`, `TOOLS.md`, `AGENTS.md` or `MEMORY.md`.
    name: &'static str,
    /// What belongs into it.
    purpose: &'static str,
    /// Its text; empty when there is no file.
    text: String,
    /// Its length.
    bytes: u64,
    /// Whether prompts have only its beginning: 20,480 bytes.
    cut: bool,
    /// Stands for this text; 0 when there is no file.
    version: i64,
    /// When it was changed last; `null` when there is no file.
    updated_at: Option<String>,
}

impl From<AgentFile> for AgentFileView {
    fn from(file: AgentFile) -> Self {
        Self {
            name: file.name.as_str(),
            purpose: file.name.purpose(),
            bytes: file.bytes,
            cut: file.is_cut(),
            version: file.version,
            updated_at: file.modified_ms.map(rfc3339),
            text: file.text,
        }
    }
}

/// A new text.
#[derive(Deserialize, ToSchema)]
pub(super) struct WriteAgentFile {
    /// At most 262,144 bytes. A blank one removes the file.
    text: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(read, write, remove))
}

/// All six files, in the order in which prompts have them; those that nobody wrote are empty.
#[utoipa::path(
    get, path = "/api/v1/assistants/{id}/files", tag = "assistants", params(("id" = String, Path)),
    responses((status = 200, body = Page<AgentFileView>), (status = 404, description = "No such assistant")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<AssistantId>,
) -> Result<Json<Page<AgentFileView>>, Problem> {
    if !by.may_use(id) {
        return Err(Problem::not_found());
    }
    let files = state.knowledge.files.list(&by.tenant, id).await?;
    Ok(Json(Page::whole(files.into_iter().map(AgentFileView::from).collect())))
}

/// One of the six files. One that nobody wrote is empty and has the version 0.
#[utoipa::path(
    get, path = "/api/v1/assistants/{id}/files/{name}", tag = "assistants",
    params(("id" = String, Path), ("name" = String, Path, description = "With or without `.md`, in any case")),
    responses((status = 200, body = AgentFileView), (status = 404, description = "No such assistant or file")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named((id, name)): Named<(AssistantId, String)>,
) -> Result<Response, Problem> {
    let name = file_name(&name)?;
    if !by.may_use(id) {
        return Err(Problem::not_found());
    }
    let file = state.knowledge.files.read(&by.tenant, id, name).await?;
    Ok(tagged(StatusCode::OK, file.version, AgentFileView::from(file)))
}

/// Puts a text in the place of a file that still has the version of `If-Match`. It counts from the next message on.
#[utoipa::path(
    put, path = "/api/v1/assistants/{id}/files/{name}", tag = "assistants",
    params(("id" = String, Path), ("name" = String, Path)), request_body = WriteAgentFile,
    responses(
        (status = 200, body = AgentFileView),
        (status = 404, description = "No such assistant or file"),
        (status = 412, description = "Somebody else changed it"),
        (status = 422, description = "The text is too long"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn write(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((id, name)): Named<(AssistantId, String)>,
    known: IfMatch,
    Body(body): Body<WriteAgentFile>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let name = file_name(&name)?;
    let text = state.clean(&by, "agent_file", body.text);
    let file = state.knowledge.files.write(&by, id, name, known.required()?, text).await?;
    Ok(tagged(StatusCode::OK, file.version, AgentFileView::from(file)))
}

/// Removes a file that still has the version of `If-Match`.
#[utoipa::path(
    delete, path = "/api/v1/assistants/{id}/files/{name}", tag = "assistants",
    params(("id" = String, Path), ("name" = String, Path)),
    responses(
        (status = 204),
        (status = 404, description = "No such assistant or file"),
        (status = 412, description = "Somebody else changed it"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn remove(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((id, name)): Named<(AssistantId, String)>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    let name = file_name(&name)?;
    state.knowledge.files.write(&by, id, name, known.required()?, String::new()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn file_name(text: &str) -> Result<FileName, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        let detail = error.to_string();
        match error {
            FileError::TooLong => Self::invalid_field("/text", detail),
            FileError::Stale => stale(),
            FileError::Assistant(error) => error.into(),
            FileError::Io { .. } => {
                tracing::error!(error = %detail, "an agent file cannot be used");
                Self::conflict("unusable_file", detail)
            }
            FileError::Store(error) => error.into(),
        }
    }
}
