//! `/api/v1/memory`: what assistants remember.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Admin, May, ReadChats};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::memory::{Category, Fact, FactChange, FactScope, MemoryError, NewFact, Visible};
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
}

/// What changes. What is absent stays; whoever changes a fact, even nothing of it, has read it and trusts it.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeFact {
    text: Option<String>,
    tags: Option<Vec<String>>,
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
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list, create)).routes(routes!(read, change, forget))
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
    let found = memory.list(&by.tenant, visible, category, (paging.after, paging.fetch())).await?;
    Ok(Json(paging.page(found, |fact| fact.id.to_string(), FactView::from)))
}

/// Keeps a fact.
#[utoipa::path(
    post, path = "/api/v1/memory", tag = "memory", request_body = StoreFact,
    responses(
        (status = 201, body = FactView),
        (status = 409, description = "There is a fact with this key in this place, or there are too many"),
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
    let new = NewFact {
        scope,
        key: body.key,
        category: category("/category", body.category)?.unwrap_or(Category::Custom),
        text: state.clean(&by, "memory", body.text),
        tags: body.tags.into_iter().map(|tag| state.clean(&by, "memory", tag)).collect(),
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
    };
    let fact = memory.change(&by, fact, version, change).await?;
    Ok(tagged(StatusCode::OK, fact.version, FactView::from(fact)))
}

/// Forgets a fact that still has the version of `If-Match`.
#[utoipa::path(
    delete, path = "/api/v1/memory/{id}", tag = "memory", params(("id" = String, Path)),
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
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    let (version, memory) = (known.required()?, &state.knowledge.memory);
    let fact = memory.get(&by.tenant, seen(&by), id).await?;
    may_keep(&by, &fact.scope)?;
    memory.forget(&by, &fact, version).await?;
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
