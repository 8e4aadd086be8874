//! `/api/v1/memory`: what assistants remember. Its history is beside.

mod history;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::optional::set_or_cleared;
use crate::http::auth::{Admin, May, ReadChats};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::{parse_rfc3339, rfc3339};
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::memory::{
    Category, Confidence, Fact, FactChange, FactFilter, FactScope, MemoryError, NewFact, Visible,
};
use crate::protocol::ids::{AssistantId, FactId};

/// A fact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fact)]
pub(super) struct FactView {
    id: String,
    /// Its name: `a-z`, `0-9`, `-` and `_`.
    key: String,
    /// `core`, `custom`, `daily` or `conversation`.
    category: &'static str,
    text: String,
    tags: Vec<String>,
    /// Whose it is; `null` for every assistant.
    assistant_id: Option<String>,
    /// The workspace of a daily fact.
    workspace_id: Option<String>,
    /// The thread of a conversation's fact.
    thread_id: Option<String>,
    /// Who stored it: a principal, or `turn ID`.
    source: String,
    /// What it was made of: `owner`, `model`, `tool` …
    provenance: &'static str,
    /// Whether prompts may have it as it is. What is not trusted is fenced until a person changes or confirms it.
    trusted: bool,
    /// From 0 to 1.
    confidence: f64,
    /// The same in a word: `certain`, `likely`, `unsure` or `doubtful`.
    confidence_word: &'static str,
    /// When it is over; `null` for never.
    expires_at: Option<String>,
    /// Whether it is over. Then it is in no prompt, and forgotten some days later.
    expired: bool,
    /// Whether prompts always have it.
    pinned: bool,
    /// The turn that stored it, if one did.
    turn_id: Option<String>,
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<Fact> for FactView {
    fn from(fact: Fact) -> Self {
        Self {
            id: fact.id.to_string(),
            category: fact.category.as_str(),
            assistant_id: fact.scope.assistant.map(|id| id.to_string()),
            workspace_id: fact.scope.workspace.map(|id| id.to_string()),
            thread_id: fact.scope.thread.map(|id| id.to_string()),
            provenance: fact.provenance.as_str(),
            trusted: fact.is_trusted(),
            confidence: fact.confidence.fraction(),
            confidence_word: fact.confidence.word(),
            expires_at: fact.expires_ms.map(rfc3339),
            expired: fact.is_expired(jiff::Timestamp::now().as_millisecond()),
            pinned: fact.pinned,
            turn_id: fact.source.strip_prefix("turn ").map(str::to_owned),
            version: fact.version,
            created_at: rfc3339(fact.created_ms),
            updated_at: rfc3339(fact.updated_ms),
            key: fact.key,
            text: fact.text,
            tags: fact.tags,
            source: fact.source,
        }
    }
}

/// A new fact.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct StoreFact {
    /// Its name: 1–64 of `a-z`, `0-9`, `-` and `_`; unique in its place.
    key: String,
    /// 1–4,096 bytes.
    text: String,
    /// `core`, `custom`, `daily` or `conversation`; `custom` without it.
    category: Option<String>,
    /// At most 8 words.
    #[serde(default)]
    tags: Vec<String>,
    /// Whose it is; every assistant's without it.
    assistant_id: Option<String>,
    /// The workspace of a daily fact.
    workspace_id: Option<String>,
    /// The thread of a conversation's fact.
    thread_id: Option<String>,
    /// How sure it is, from 0 to 1; 1 without it.
    confidence: Option<f64>,
    /// When it is over, RFC 3339; never without it.
    expires_at: Option<String>,
    /// Whether prompts always have it.
    #[serde(default)]
    pinned: bool,
    /// Why, for its history; at most 300 characters.
    #[serde(default)]
    why: String,
}

/// What changes. What is absent stays; whoever changes a fact, even nothing of it, has read it and trusts it.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeFact {
    text: Option<String>,
    tags: Option<Vec<String>>,
    /// From 0 to 1.
    confidence: Option<f64>,
    /// RFC 3339; `null` for never.
    #[serde(default, deserialize_with = "set_or_cleared")]
    #[schema(value_type = Option<String>)]
    expires_at: Option<Option<String>>,
    pinned: Option<bool>,
    /// Why, for its history; at most 300 characters.
    #[serde(default)]
    why: String,
}

#[derive(Deserialize)]
struct ListFacts {
    limit: Option<usize>,
    after: Option<String>,
    category: Option<String>,
    assistant: Option<String>,
    workspace: Option<String>,
    thread: Option<String>,
    q: Option<String>,
    pinned: Option<bool>,
}

#[derive(Deserialize)]
struct Why {
    #[serde(default)]
    why: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(read, change, forget))
        .merge(history::routes())
}

/// Facts in the order of their ids; with `q` those that fit its words, the best first and on one page. A token for
/// one assistant sees what that one knows.
#[utoipa::path(
    get, path = "/api/v1/memory", tag = "memory",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
        ("category" = Option<String>, Query, description = "Only these"),
        ("assistant" = Option<String>, Query, description = "Only what this assistant knows"),
        ("workspace" = Option<String>, Query, description = "Of daily facts only those of this workspace"),
        ("thread" = Option<String>, Query, description = "Of conversations' facts only those of this thread"),
        ("pinned" = Option<bool>, Query, description = "Only those that are pinned, or are not; not with `q`"),
        ("q" = Option<String>, Query, description = "Words to find"),
    ),
    responses((status = 200, body = Page<FactView>), (status = 422, description = "A parameter is no id or word")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Params(query): Params<ListFacts>,
) -> Result<Json<Page<FactView>>, Problem> {
    let paging = Paging::<FactId>::new(query.limit, query.after.as_deref())?;
    let asked: Option<AssistantId> = id("assistant", query.assistant)?;
    if asked.is_some_and(|asked| !by.may_use(asked)) {
        return Ok(Json(Page::whole(Vec::new())));
    }
    let visible = Visible {
        assistant: asked.or(by.assistant),
        workspace: id("workspace", query.workspace)?,
        thread: id("thread", query.thread)?,
    };
    let category = category("category", query.category)?;
    let memory = &state.knowledge.memory;
    if let Some(question) = query.q {
        let found = memory.search(&by.tenant, &question, visible, category, paging.limit).await?;
        return Ok(Json(Page::whole(found.into_iter().map(FactView::from).collect())));
    }
    let (after, limit) = (paging.after, paging.fetch());
    let filter = FactFilter { pinned: query.pinned, after, limit, ..memory.filter(visible, category) };
    let found = memory.page(&by.tenant, filter).await?;
    Ok(Json(paging.page(found, |fact| fact.id.to_string(), FactView::from)))
}

/// Keeps a fact.
#[utoipa::path(
    post, path = "/api/v1/memory", tag = "memory", request_body = StoreFact,
    responses(
        (status = 201, body = FactView),
        (status = 409, description = "There is a fact with this key in this place, there are too many, or it does not fit beside those that are pinned"),
        (status = 422, description = "A field is wrong"),
    ),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<StoreFact>,
) -> Result<Response, Problem> {
    let key = key.of(&by, "POST /api/v1/memory", &body);
    let scope = FactScope {
        assistant: id("/assistant_id", body.assistant_id)?,
        workspace: id("/workspace_id", body.workspace_id)?,
        thread: id("/thread_id", body.thread_id)?,
    };
    may_keep(&by, &scope)?;
    let category = category("/category", body.category)?.unwrap_or(Category::Custom);
    let new = NewFact {
        tags: body.tags.into_iter().map(|tag| state.clean(&by, "memory", tag)).collect(),
        confidence: confidence(body.confidence)?.unwrap_or_default(),
        expires_ms: body.expires_at.map(|text| moment(&text)).transpose()?,
        pinned: body.pinned,
        why: state.clean(&by, "memory", body.why),
        ..NewFact::new(scope, body.key, category, state.clean(&by, "memory", body.text))
    };
    let made = state.knowledge.memory.create(&by, new, key).await?;
    Ok(created(made, |fact| Some(fact.version), FactView::from))
}

/// One fact.
#[utoipa::path(
    get, path = "/api/v1/memory/{id}", tag = "memory", params(("id" = String, Path)),
    responses((status = 200, body = FactView), (status = 404, description = "No such fact")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
) -> Result<Response, Problem> {
    let fact = state.knowledge.memory.get(&by.tenant, seen(&by), id).await?;
    Ok(tagged(StatusCode::OK, fact.version, FactView::from(fact)))
}

/// Changes a fact that still has the version of `If-Match`, and trusts it from then on.
#[utoipa::path(
    patch, path = "/api/v1/memory/{id}", tag = "memory", params(("id" = String, Path)), request_body = ChangeFact,
    responses(
        (status = 200, body = FactView),
        (status = 404, description = "No such fact"),
        (status = 409, description = "It does not fit beside those that are pinned"),
        (status = 412, description = "Somebody else changed it"),
        (status = 422, description = "A field is wrong"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    known: IfMatch,
    Body(body): Body<ChangeFact>,
) -> Result<Response, Problem> {
    let (version, memory) = (known.required()?, &state.knowledge.memory);
    let fact = memory.get(&by.tenant, seen(&by), id).await?;
    may_keep(&by, &fact.scope)?;
    let clean = |text| state.clean(&by, "memory", text);
    let change = FactChange {
        text: body.text.map(clean),
        tags: body.tags.map(|tags| tags.into_iter().map(clean).collect()),
        confidence: confidence(body.confidence)?,
        expires_ms: body.expires_at.map(|end| end.map(|text| moment(&text)).transpose()).transpose()?,
        pinned: body.pinned,
        why: clean(body.why),
    };
    let fact = memory.change(&by, fact, version, change).await?;
    Ok(tagged(StatusCode::OK, fact.version, FactView::from(fact)))
}

/// Forgets a fact that still has the version of `If-Match`. It can be had back until its versions are removed, by
/// `DELETE …/versions` or after `memory.forgotten_days`.
#[utoipa::path(
    delete, path = "/api/v1/memory/{id}", tag = "memory",
    params(("id" = String, Path), ("why" = Option<String>, Query, description = "For its history")),
    responses(
        (status = 204),
        (status = 404, description = "No such fact"),
        (status = 412, description = "Somebody else changed it"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn forget(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    Params(of): Params<Why>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    let (version, memory) = (known.required()?, &state.knowledge.memory);
    let fact = memory.get(&by.tenant, seen(&by), id).await?;
    may_keep(&by, &fact.scope)?;
    memory.forget(&by, &fact, version, &state.clean(&by, "memory", of.why)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a caller sees: a token for one assistant, what that one knows.
fn seen(by: &Principal) -> Visible {
    Visible { assistant: by.assistant, ..Visible::default() }
}

/// A token for one assistant changes what that one knows, and not what all know.
fn may_keep(by: &Principal, scope: &FactScope) -> Result<(), Problem> {
    match (by.assistant, scope.assistant) {
        (None, _) => Ok(()),
        (Some(only), Some(of)) if only == of => Ok(()),
        _ => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "a token for one assistant keeps facts of that assistant only",
        )),
    }
}

fn confidence(fraction: Option<f64>) -> Result<Option<Confidence>, Problem> {
    let wrong = || Problem::invalid_field("/confidence", "is from 0 to 1");
    fraction.map(|fraction| Confidence::of(fraction).ok_or_else(wrong)).transpose()
}

fn moment(text: &str) -> Result<i64, Problem> {
    parse_rfc3339(text)
        .ok_or_else(|| Problem::invalid_field("/expires_at", "is no time, 2026-12-31T18:00:00Z"))
}

fn category(pointer: &str, word: Option<String>) -> Result<Option<Category>, Problem> {
    let parsed = word.map(|word| word.parse::<Category>()).transpose();
    parsed.map_err(|error| Problem::invalid_field(pointer, error.to_string()))
}

fn id<T: std::str::FromStr>(pointer: &str, text: Option<String>) -> Result<Option<T>, Problem> {
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|_| Problem::invalid_field(pointer, "is no id"))
}

impl From<MemoryError> for Problem {
    fn from(error: MemoryError) -> Self {
        let detail = error.to_string();
        match error {
            MemoryError::Field { field, text } => Self::invalid_field(format!("/{field}"), text),
            MemoryError::TooMany => Self::conflict("too_many_facts", detail),
            MemoryError::KeyTaken => Self::conflict("key_taken", detail),
            MemoryError::PinnedFull(_) => Self::conflict("pinned_full", detail),
            MemoryError::Trusted => Self::conflict("trusted", detail),
            MemoryError::Stale => stale(),
            MemoryError::NotFound => Self::not_found(),
            MemoryError::KeyReused(reused) => reused.into(),
            MemoryError::Io { .. } => {
                tracing::error!(error = %detail, "a fact's file cannot be used");
                Self::conflict("unusable_file", detail)
            }
            MemoryError::Store(error) => error.into(),
        }
    }
}
