//! `/api/v1/threads/import`: conversations from elsewhere, as JSON lines.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Chat, May};
use crate::http::extract::{Params, RawBody};
use crate::http::moment::parse_rfc3339;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::protocol::ids::WorkspaceId;
use crate::protocol::turn::Provenance;
use crate::workspaces::{Imported, ImportedLine, THREAD_CHARS_MAX};

/// Most lines of one import. More are sent in several: a name of a thread stays the same thread.
const LINES_MAX: usize = 20_000;
/// Most bytes of the text of one message.
const CONTENT_BYTES_MAX: usize = 1024 * 1024;
/// Most characters of a name of who said something.
const AUTHOR_CHARS_MAX: usize = 200;
/// Bad lines that an answer names.
const PROBLEMS_MAX: usize = 20;

/// What was made, in the order of the lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub(super) struct ImportView {
    /// The ids of the messages.
    ids: Vec<String>,
    /// The same with more, one item per line.
    items: Vec<ImportedView>,
    /// Always `null`: the list is whole.
    next: Option<String>,
    /// Messages that were made.
    created: usize,
    /// Messages that were there before.
    repeated: usize,
}

/// What became of one line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportedLine)]
pub(super) struct ImportedView {
    id: String,
    thread_id: String,
    /// Whether the message was there before.
    repeated: bool,
}

/// One line, as the export of a thread writes it; what else it has is left out.
#[derive(Deserialize, ToSchema)]
#[schema(as = ImportLine)]
pub(super) struct Line {
    /// The name of the thread: any text, 1–200 characters. The same name is the same thread, in later imports too.
    thread: String,
    /// `user`, `assistant`, `tool` or `system`.
    role: String,
    /// Who said it.
    author: Option<String>,
    /// The text.
    content: String,
    /// When it was said, RFC 3339.
    created_at: String,
    /// Where the text came from, as an export says it. It can only make a text less trusted.
    provenance: Option<String>,
}

#[derive(Deserialize)]
struct Where {
    workspace: Option<WorkspaceId>,
    workspace_id: Option<WorkspaceId>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(import))
}

/// Takes conversations in: one JSON object per line, at most 20,000 lines. Where a line is wrong, nothing is taken in; a
/// line that was taken in before is found and not made again, so an import that was cut off can be sent again. What a named author said counts as a stranger's.
#[utoipa::path(
    post, path = "/api/v1/threads/import", tag = "threads",
    params(("workspace" = Option<String>, Query, description = "Where new threads go; the default workspace without it")),
    request_body(content = String, content_type = "application/x-ndjson", description = "Lines of `ImportLine`"),
    responses(
        (status = 201, body = ImportView),
        (status = 200, body = ImportView, description = "Everything was there before"),
        (status = 413, description = "It is larger than console.body_bytes_max allows"),
        (status = 422, description = "Lines are wrong; nothing is taken in, and the answer names them"),
    ),
    security(("token" = ["chat"]))
)]
async fn import(
    by: May<Chat>,
    State(state): State<AppState>,
    Params(place): Params<Where>,
    RawBody(body): RawBody,
) -> Result<(StatusCode, Json<ImportView>), Problem> {
    let (cleaner, principal) = (state.clone(), by.0.clone());
    // Thousands of lines are scanned for secrets: that takes a thread of its own.
    let read = tokio::task::spawn_blocking(move || lines(&cleaner, &principal, &body));
    let lines = read.await.map_err(|_| Problem::internal())??;
    let made = state.threads.import(&by, place.workspace.or(place.workspace_id), lines).await?;
    let fresh = made.iter().any(|one| !one.repeated);
    Ok((if fresh { StatusCode::CREATED } else { StatusCode::OK }, Json(view(&made))))
}

fn view(made: &[Imported]) -> ImportView {
    let repeated = made.iter().filter(|one| one.repeated).count();
    let items = made.iter().map(|one| ImportedView {
        id: one.id.to_string(),
        thread_id: one.thread_id.to_string(),
        repeated: one.repeated,
    });
    ImportView {
        ids: made.iter().map(|one| one.id.to_string()).collect(),
        items: items.collect(),
        next: None,
        created: made.len() - repeated,
        repeated,
    }
}

/// All lines, or every problem with its number.
fn lines(state: &AppState, by: &Principal, body: &[u8]) -> Result<Vec<ImportedLine>, Problem> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (at, line) in body.split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if good.len() + bad.len() >= LINES_MAX {
            let text = format!("an import has at most {LINES_MAX} lines; send the rest in another one");
            return Err(Problem::invalid_field(format!("line {}", at + 1), text));
        }
        match checked(line, by) {
            Ok(line) => good.push(line),
            Err(text) => bad.push(format!("line {}: {text}", at + 1)),
        }
    }
    if !bad.is_empty() {
        let more = bad.len().saturating_sub(PROBLEMS_MAX);
        bad.truncate(PROBLEMS_MAX);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_lines",
            format!("nothing was taken in. {}{more}", bad.join("; ")),
        ));
    }
    let clean = |text: String| state.clean(by, "import", text);
    let cleaned = |line: ImportedLine| ImportedLine {
        content: clean(line.content),
        author: line.author.map(clean),
        ..line
    };
    Ok(good.into_iter().map(cleaned).collect())
}

fn checked(line: &[u8], by: &Principal) -> Result<ImportedLine, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let name = line.thread.trim();
    if !(1..=THREAD_CHARS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(format!("`thread` has 1 to {THREAD_CHARS_MAX} characters and no control characters"));
    }
    if !matches!(line.role.as_str(), "user" | "assistant" | "tool" | "system") {
        return Err("`role` is one of user, assistant, tool, system".to_owned());
    }
    if line.content.len() > CONTENT_BYTES_MAX {
        return Err(format!("`content` has at most {CONTENT_BYTES_MAX} bytes"));
    }
    let author = line.author.map(|author| author.trim().to_owned()).filter(|author| !author.is_empty());
    if author.as_ref().is_some_and(|author| author.chars().count() > AUTHOR_CHARS_MAX) {
        return Err(format!("`author` has at most {AUTHOR_CHARS_MAX} characters"));
    }
    let created_ms = parse_rfc3339(&line.created_at).ok_or("`created_at` is no time as RFC 3339 has it")?;
    let said = match line.provenance.as_deref() {
        None => None,
        Some(word) => {
            Some(Provenance::parse(word).ok_or("`provenance` is no word for where a text comes from")?)
        }
    };
    let provenance = provenance(by, &line.role, author.is_some(), said).as_str();
    Ok(ImportedLine {
        thread: name.to_owned(),
        role: line.role,
        author,
        content: line.content,
        provenance,
        created_ms,
    })
}

/// Where an imported text comes from. Nobody can import words as those of a more trusted one.
fn provenance(by: &Principal, role: &str, named: bool, said: Option<Provenance>) -> Provenance {
    match said {
        Some(said) if !said.is_trusted() => said,
        _ if role == "tool" => Provenance::Tool,
        _ if named => Provenance::Stranger,
        _ if role == "assistant" => Provenance::Model,
        _ => by.provenance(),
    }
}
