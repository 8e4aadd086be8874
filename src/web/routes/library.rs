//! The library: its tabs, agent files and skills. Facts are beside.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::framed::sentence;
use super::super::headers::page;
use super::super::read;
use super::super::view::library::{FactDraft, LibraryPage, LibraryShown, LibraryTextPage};
use crate::assistants::files::FileName;
use crate::http::auth::Admin;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::protocol::ids::AssistantId;
use crate::skills::{NewSkill, SkillPlace};

#[derive(Deserialize)]
pub(super) struct LibraryQuery {
    #[serde(default)]
    tab: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct TextQuery {
    #[serde(default)]
    workspace: String,
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct TextFields {
    version: i64,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
pub(super) struct NewSkillFields {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
pub(super) struct EnableFields {
    version: i64,
    enabled: bool,
    #[serde(default)]
    workspace: String,
}

#[derive(Deserialize)]
pub(super) struct RestoreFields {
    version: i64,
    number: i64,
}

#[derive(Deserialize)]
pub(super) struct RemoveFields {
    version: i64,
    #[serde(default)]
    sure: String,
}

/// What the last form did.
fn notice(done: &str) -> Option<&'static str> {
    Some(match done {
        "written" => "Written. It counts from the next message on.",
        "kept" => "Kept.",
        "changed" => "Changed.",
        "trusted" => "Confirmed: it is trusted from now on.",
        "pinned" => "Pinned: it is in every prompt from the next message on.",
        "unpinned" => "Not pinned any more.",
        "forgotten" => "Forgotten. It can be had back below.",
        "purged" => "Removed for good.",
        "added" => "Added, and on.",
        "decided" => "Done. It counts from the next message on.",
        "removed" => "Removed.",
        _ => return None,
    })
}

/// `GET /library`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<LibraryQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let (tab, shown) = match query.tab.as_str() {
        "memory" => {
            let view = read::facts::memory(&state, &by, query.q, FactDraft::default()).await?;
            ("memory", LibraryShown::Memory(Box::new(view)))
        }
        "skills" => {
            ("skills", LibraryShown::Skills(read::library::skills(&state, &by, String::new()).await?))
        }
        _ => ("files", LibraryShown::Files(read::library::files(&state, &by).await?)),
    };
    let frame = reader.frame("Library", "library");
    let template = LibraryPage { frame, tab, notice: notice(&query.done), error: None, shown };
    Ok(page(StatusCode::OK, &template))
}

/// `GET /library/files/{assistant}/{name}`.
pub(super) async fn file(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((id, name)): Named<(AssistantId, String)>,
    reader: Reader,
    Params(query): Params<TextQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let name = file_name(&name)?;
    let template = read::library::file(&state, &by, framed(&reader), (id, name)).await?;
    Ok(page(StatusCode::OK, &LibraryTextPage { notice: notice(&query.done), ..template }))
}

/// `POST /library/files/{assistant}/{name}`. A blank text removes the file.
pub(super) async fn write_file(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((id, name)): Named<(AssistantId, String)>,
    reader: Reader,
    Fields(fields): Fields<TextFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let name = file_name(&name)?;
    let text = state.clean(&by, "agent_file", lines(&fields.text));
    let outcome = state.knowledge.files.write(&by, id, name, fields.version, text).await;
    let back = format!("/library/files/{id}/{}?done=written", name.as_str());
    match outcome.map_err(Problem::from) {
        Ok(_) => Ok(Redirect::to(&back).into_response()),
        Err(problem) if is_final(&reader, &problem) => Err(problem),
        Err(problem) => {
            let template = read::library::file(&state, &by, framed(&reader), (id, name)).await?;
            Ok(again(&problem, fields.text, template))
        }
    }
}

/// `POST /library/skills`.
pub(super) async fn create_skill(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<NewSkillFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let text = state.clean(&by, "skill", lines(&fields.text));
    let made = state.knowledge.skills.create(&by, NewSkill { text, files: Vec::new() }, None).await;
    match made.map_err(Problem::from) {
        Ok(made) => {
            Ok(Redirect::to(&format!("/library/skills/{}?done=added", made.thing.name)).into_response())
        }
        Err(problem) if is_final(&reader, &problem) => Err(problem),
        Err(problem) => {
            let shown = LibraryShown::Skills(read::library::skills(&state, &by, fields.text).await?);
            Ok(refused(&reader, "skills", &problem, shown))
        }
    }
}

/// `GET /library/skills/{name}`.
pub(super) async fn skill(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
    Params(query): Params<TextQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let place = place(&state, &by, &query.workspace).await?;
    let template = read::library::skill(&state, &by, framed(&reader), (place, &name)).await?;
    Ok(page(StatusCode::OK, &LibraryTextPage { notice: notice(&query.done), ..template }))
}

/// `POST /library/skills/{name}`.
pub(super) async fn write_skill(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
    Fields(fields): Fields<TextFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let text = state.clean(&by, "skill", lines(&fields.text));
    let outcome = state.knowledge.skills.write(&by, &name, fields.version, text).await;
    match outcome.map_err(Problem::from) {
        Ok(_) => Ok(Redirect::to(&format!("/library/skills/{name}?done=written")).into_response()),
        Err(problem) if is_final(&reader, &problem) => Err(problem),
        Err(problem) => {
            let at = (SkillPlace::Home, name.as_str());
            let template = read::library::skill(&state, &by, framed(&reader), at).await?;
            Ok(again(&problem, fields.text, template))
        }
    }
}

/// `POST /library/skills/{name}/enable`: on as the page showed it, or off.
pub(super) async fn enable_skill(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    reader: Reader,
    Fields(fields): Fields<EnableFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let at = (place(&state, &by, &fields.workspace).await?, name.as_str());
    let outcome = state.knowledge.skills.enable(&by, at, fields.version, fields.enabled).await;
    match outcome.map_err(Problem::from) {
        Ok(_) => {
            let query = [("workspace", fields.workspace.as_str()), ("done", "decided")];
            let back = super::address(&format!("/library/skills/{name}"), query.into_iter());
            Ok(Redirect::to(&back).into_response())
        }
        Err(problem) if is_final(&reader, &problem) => Err(problem),
        Err(problem) => {
            let template = read::library::skill(&state, &by, framed(&reader), at).await?;
            let error = Some(sentence(&problem.detail));
            Ok(page(problem.status, &LibraryTextPage { error, ..template }))
        }
    }
}

/// `POST /library/skills/{name}/restore`: a text of it again.
pub(super) async fn restore_skill(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    Fields(fields): Fields<RestoreFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    state.knowledge.skills.restore(&by, &name, fields.number, Some(fields.version)).await?;
    Ok(Redirect::to(&format!("/library/skills/{name}?done=written")).into_response())
}

/// `POST /library/skills/{name}/remove`.
pub(super) async fn remove_skill(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    Fields(fields): Fields<RemoveFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to remove a skill"));
    }
    state.knowledge.skills.remove(&by, &name, fields.version).await?;
    Ok(Redirect::to("/library?tab=skills&done=removed").into_response())
}

/// The tab again, with why its form was refused.
pub(super) fn refused(
    reader: &Reader,
    tab: &'static str,
    problem: &Problem,
    shown: LibraryShown,
) -> Response {
    let (frame, error) = (reader.frame("Library", "library"), Some(sentence(&problem.detail)));
    page(problem.status, &LibraryPage { frame, tab, notice: None, error, shown })
}

/// Whether a problem is the answer itself, and no reason to show the form again.
pub(super) fn is_final(reader: &Reader, problem: &Problem) -> bool {
    reader.json || problem.status.is_server_error() || problem.status == StatusCode::NOT_FOUND
}

/// The text page again, with what was typed.
fn again(problem: &Problem, text: String, template: LibraryTextPage) -> Response {
    let error = Some(sentence(&problem.detail));
    page(problem.status, &LibraryTextPage { error, text, ..template })
}

fn framed(reader: &Reader) -> impl Fn(String) -> super::super::view::Frame {
    |title| reader.frame(title, "library")
}

async fn place(state: &AppState, by: &Principal, workspace: &str) -> Result<SkillPlace, Problem> {
    if workspace.is_empty() {
        return Ok(SkillPlace::Home);
    }
    let id = workspace.parse().map_err(|_| Problem::not_found())?;
    let found = state.workspaces.get(by, id).await.map_err(read::problem)?;
    Ok(SkillPlace::Workspace(found.id))
}

fn file_name(text: &str) -> Result<FileName, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}

/// Forms end lines with two characters, files with one.
pub(super) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}
