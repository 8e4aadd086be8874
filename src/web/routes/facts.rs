//! Facts in the library: kept, changed, confirmed and forgotten.

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::read;
use super::super::view::library::{FactDraft, LibraryShown};
use super::library::{is_final, lines, refused};
use crate::http::auth::Admin;
use crate::http::extract::Named;
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::memory::{Category, FactChange, FactScope, NewFact, Visible};
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
}

#[derive(Deserialize)]
pub(super) struct ChangeFields {
    version: i64,
    text: Option<String>,
    #[serde(default)]
    tags: String,
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
    };
    let outcome = keep(&state, &by, &draft).await;
    done(&state, &by, &reader, outcome.map(|()| "kept"), draft).await
}

async fn keep(state: &AppState, by: &Principal, draft: &FactDraft) -> Result<(), Problem> {
    let assistant = match draft.assistant.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| Problem::invalid_field("assistant", "is no id"))?),
    };
    let new = NewFact {
        scope: FactScope { assistant, ..FactScope::default() },
        key: draft.key.trim().to_owned(),
        category: if draft.core { Category::Core } else { Category::Custom },
        text: state.clean(by, "memory", lines(&draft.text)),
        tags: tags(state, by, &draft.tags),
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
            (FactChange { text, tags: Some(tags(&state, &by, &fields.tags)) }, "changed")
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
    let outcome = memory.forget(&by, &fact, fields.version).await;
    let outcome = outcome.map(|()| "forgotten").map_err(Problem::from);
    done(&state, &by, &reader, outcome, FactDraft::default()).await
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
            let view = read::library::memory(state, by, String::new(), draft).await?;
            Ok(refused(reader, "memory", &problem, LibraryShown::Memory(view)))
        }
    }
}

fn tags(state: &AppState, by: &Principal, text: &str) -> Vec<String> {
    let text = state.clean(by, "memory", text.to_owned());
    text.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
