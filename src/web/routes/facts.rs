//! Facts in the library: kept, changed, confirmed, pinned and forgotten, and their history.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::headers::page;
use super::super::read;
use super::super::view::library::{FactDraft, LibraryShown};
use super::library::{is_final, lines, refused};
use crate::http::auth::Admin;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::memory::{Category, Confidence, FactChange, FactScope, NewFact, Visible, parse_expiry};
use crate::protocol::ids::FactId;

const MEMORY: &str = "/library?tab=memory";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct NewFields {
    key: String,
    text: String,
    tags: String,
    core: String,
    assistant: String,
    confidence: String,
    expires: String,
    pinned: String,
}

#[derive(Deserialize)]
pub(super) struct ChangeFields {
    version: i64,
    text: Option<String>,
    #[serde(default)]
    tags: String,
    #[serde(default)]
    confidence: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    why: String,
}

#[derive(Deserialize)]
pub(super) struct PinFields {
    version: i64,
    pinned: bool,
}

#[derive(Deserialize)]
pub(super) struct RestoreFields {
    /// Of the fact as the page showed it; absent for one that was forgotten.
    version: Option<i64>,
    number: i64,
}

#[derive(Deserialize)]
pub(super) struct PurgeFields {
    #[serde(default)]
    sure: String,
}

#[derive(Deserialize)]
pub(super) struct HistoryQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(super) struct ForgetFields {
    version: i64,
    #[serde(default)]
    sure: String,
}

/// `POST /library/memory`.
pub(super) async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<NewFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let draft = FactDraft {
        key: fields.key,
        text: fields.text,
        tags: fields.tags,
        core: fields.core == "yes",
        assistant: fields.assistant,
        confidence: fields.confidence,
        expires: fields.expires,
        pinned: fields.pinned == "yes",
    };
    let outcome = keep(&state, &by, &draft).await;
    done(&state, &by, &reader, outcome.map(|()| "kept"), draft).await
}

async fn keep(state: &AppState, by: &Principal, draft: &FactDraft) -> Result<(), Problem> {
    let assistant = match draft.assistant.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| Problem::invalid_field("assistant", "is no id"))?),
    };
    let scope = FactScope { assistant, ..FactScope::default() };
    let category = if draft.core { Category::Core } else { Category::Custom };
    let text = state.clean(by, "memory", lines(&draft.text));
    let new = NewFact {
        tags: tags(state, by, &draft.tags),
        confidence: confidence(&draft.confidence)?.unwrap_or_default(),
        expires_ms: end(&draft.expires)?,
        pinned: draft.pinned,
        ..NewFact::new(scope, draft.key.trim(), category, text)
    };
    state.knowledge.memory.create(by, new, None).await?;
    Ok(())
}

/// `POST /library/memory/{id}`. Without a text it is confirmed as it is.
pub(super) async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    reader: Reader,
    Fields(fields): Fields<ChangeFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let memory = &state.knowledge.memory;
    let fact = memory.get(&by.tenant, Visible::default(), id).await?;
    let (change, what) = match &fields.text {
        None => (FactChange::default(), "trusted"),
        Some(text) => {
            let text = Some(state.clean(&by, "memory", lines(text)));
            let change = FactChange {
                text,
                tags: Some(tags(&state, &by, &fields.tags)),
                confidence: confidence(&fields.confidence)?
                    .filter(|new| new.word() != fact.confidence.word()),
                expires_ms: Some(same_or(fact.expires_ms, &fields.expires)?),
                pinned: None,
                why: state.clean(&by, "memory", fields.why),
            };
            (change, "changed")
        }
    };
    let outcome = memory.change(&by, fact, fields.version, change).await;
    done(&state, &by, &reader, outcome.map(|_| what).map_err(Problem::from), FactDraft::default()).await
}

/// `POST /library/memory/{id}/forget`.
pub(super) async fn forget(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    reader: Reader,
    Fields(fields): Fields<ForgetFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to forget a fact"));
    }
    let memory = &state.knowledge.memory;
    let fact = memory.get(&by.tenant, Visible::default(), id).await?;
    let outcome = memory.forget(&by, &fact, fields.version, "").await;
    let outcome = outcome.map(|()| "forgotten").map_err(Problem::from);
    done(&state, &by, &reader, outcome, FactDraft::default()).await
}

/// `POST /library/memory/{id}/pin`: in every prompt, or no longer.
pub(super) async fn pin(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    reader: Reader,
    Fields(fields): Fields<PinFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let memory = &state.knowledge.memory;
    let fact = memory.get(&by.tenant, Visible::default(), id).await?;
    let change = FactChange { pinned: Some(fields.pinned), ..FactChange::default() };
    let what = if fields.pinned { "pinned" } else { "unpinned" };
    let outcome = memory.change(&by, fact, fields.version, change).await;
    done(&state, &by, &reader, outcome.map(|_| what).map_err(Problem::from), FactDraft::default()).await
}

/// `GET /library/memory/{id}`: what it said before, and who changed it.
pub(super) async fn history(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    reader: Reader,
    Params(query): Params<HistoryQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let template = read::facts::history(&state, &by, id, |title| reader.frame(title, "library")).await?;
    let notice = match query.done.as_str() {
        "restored" => Some("Put back, as a new version."),
        "purged" => Some("What it said before is removed for good."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &crate::web::view::facts::FactPage { notice, ..template }))
}

/// `POST /library/memory/{id}/restore`.
pub(super) async fn restore(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    Fields(fields): Fields<RestoreFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let memory = &state.knowledge.memory;
    let old = memory.version(&by.tenant, Visible::default(), (id, fields.number)).await?;
    memory.restore(&by, old, fields.version, "").await?;
    Ok(Redirect::to(&format!("/library/memory/{id}?done=restored")).into_response())
}

/// `POST /library/memory/{id}/purge`.
pub(super) async fn purge(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    Fields(fields): Fields<PurgeFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to remove what it said before"));
    }
    let memory = &state.knowledge.memory;
    memory.purge(&by, Visible::default(), id).await?;
    let is_there = memory.get(&by.tenant, Visible::default(), id).await.is_ok();
    let back =
        if is_there { format!("/library/memory/{id}?done=purged") } else { format!("{MEMORY}&done=purged") };
    Ok(Redirect::to(&back).into_response())
}

/// Back to the tab with what was done, or the tab with why it was not.
async fn done(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    outcome: Result<&'static str, Problem>,
    draft: FactDraft,
) -> Result<Response, Problem> {
    match outcome {
        Ok(done) => Ok(Redirect::to(&format!("{MEMORY}&done={done}")).into_response()),
        Err(problem) if is_final(reader, &problem) => Err(problem),
        Err(problem) => {
            let view = read::facts::memory(state, by, String::new(), draft).await?;
            Ok(refused(reader, "memory", &problem, LibraryShown::Memory(Box::new(view))))
        }
    }
}

fn tags(state: &AppState, by: &Principal, text: &str) -> Vec<String> {
    let text = state.clean(by, "memory", text.to_owned());
    text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The confidence of a word of the forms.
fn confidence(word: &str) -> Result<Option<Confidence>, Problem> {
    let fraction = match word {
        "" => return Ok(None),
        "certain" => 1.0,
        "likely" => 0.8,
        "unsure" => 0.5,
        "doubtful" => 0.2,
        _ => return Err(Problem::invalid_field("confidence", "is certain, likely, unsure or doubtful")),
    };
    Ok(Confidence::of(fraction))
}

fn end(day: &str) -> Result<Option<i64>, Problem> {
    let wrong = || Problem::invalid_field("expires", "is no day");
    (!day.is_empty()).then(|| parse_expiry(day).ok_or_else(wrong)).transpose()
}

/// A form shows the day of an end, which may be a time of that day: it stays while the day does.
fn same_or(known_ms: Option<i64>, day: &str) -> Result<Option<i64>, Problem> {
    match known_ms {
        Some(known_ms) if crate::memory::last_day(known_ms) == day => Ok(Some(known_ms)),
        _ => end(day),
    }
}
