//! `/api/v1/search`: what was said, remembered and written down, by its words.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::adapters::search::{FindError, Item, KINDS, Wanted};
use crate::http::auth::{self, Admin, May, ReadChats};
use crate::http::extract::Params;
use crate::http::moment::{parse_rfc3339, rfc3339};
use crate::http::page::LIMIT_MAX;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::{ThreadId, WorkspaceId};
use crate::recall::RecallError;
use crate::search::{Order, SearchError, TEXT_CHARS_MAX};
use crate::semantic::SemanticStatus;

/// Items of a page unless the request says otherwise.
const LIMIT_DEFAULT: usize = 20;
/// The roles of messages.
const ROLES: &[&str] = &["user", "assistant", "tool", "system"];

/// Something that was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchItem)]
pub(super) struct ItemView {
    /// `message`, `memory`, `skill` or `file`.
    kind: &'static str,
    /// Its id; a skill's name; a file's path with the line where the part begins: `docs/a.md:12`.
    id: String,
    /// The thread of a message.
    thread_id: Option<String>,
    /// Where it is; `null` for what is everywhere.
    workspace_id: Option<String>,
    /// The title of the thread, the key of the fact, the name of the skill, the path of the file.
    title: String,
    /// Who spoke: `user`, `assistant`, `tool` or `system`; `null` for what nobody said.
    role: Option<String>,
    /// The name of who said it, where somebody outside did.
    author: Option<String>,
    /// Where the text came from: `owner`, `model`, `web` …
    provenance: Option<String>,
    /// How well it fits; figures of one search compare with each other only.
    score: f32,
    /// The part that fits, as plain text on one line.
    snippet: String,
    /// Which characters of the snippet fit: from the first to one past the last, counted in code points.
    highlights: Vec<[usize; 2]>,
    created_at: String,
}

impl From<Item> for ItemView {
    fn from(item: Item) -> Self {
        let said = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            kind: item.kind,
            id: item.id,
            thread_id: item.thread_id.map(|id| id.to_string()),
            workspace_id: item.workspace_id.map(|id| id.to_string()),
            title: item.title,
            role: said(item.role),
            author: item.author,
            provenance: said(item.provenance),
            score: item.score,
            snippet: item.snippet.text,
            highlights: item.snippet.highlights.into_iter().map(|(start, end)| [start, end]).collect(),
            created_at: rfc3339(item.created_ms),
        }
    }
}

/// What fits, a page of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchPage)]
struct FoundView {
    items: Vec<ItemView>,
    /// The `cursor` of the next page; `null` after the last one.
    next: Option<String>,
    /// Whether the time of a search was over before everything was looked at: more or rarer words find more.
    partial: bool,
}

/// How the index is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SearchStatus)]
pub(super) struct StatusView {
    /// `ready`, `building` (what serves meanwhile is older, or grows), `failing` (it is tried again) or `closed`.
    state: &'static str,
    /// Things that can be found.
    documents: u64,
    /// What went wrong last, while it fails.
    trouble: Option<String>,
    /// Whether messages are found by their meaning too; `null` where no model for that is set.
    semantic: Option<SemanticView>,
}

/// How what finds by meaning does.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SemanticStatus)]
pub(super) struct SemanticView {
    /// The backend and the model that make vectors.
    backend: String,
    model: String,
    /// Messages that have a vector.
    vectors: usize,
    /// Messages that should have one.
    messages: usize,
    /// Messages of these that the policy or the provider refuses.
    left_out: usize,
    /// What went wrong last, while it does.
    trouble: Option<String>,
}

impl From<SemanticStatus> for SemanticView {
    fn from(status: SemanticStatus) -> Self {
        let SemanticStatus { backend, model, vectors, messages, left_out, trouble } = status;
        Self { backend, model, vectors, messages, left_out, trouble }
    }
}

/// The parameters of a search.
#[derive(Deserialize)]
struct Asked {
    q: Option<String>,
    workspace: Option<WorkspaceId>,
    workspace_id: Option<WorkspaceId>,
    thread: Option<ThreadId>,
    thread_id: Option<ThreadId>,
    role: Option<String>,
    kind: Option<String>,
    after: Option<String>,
    before: Option<String>,
    sort: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(search)).routes(routes!(status)).routes(routes!(rebuild))
}

/// What fits, the best first. Words are alternatives; `"a phrase"` must stand together, `begin*` stands for any word that
/// begins so, `-word` must not be there. A question in words works too. A token for one assistant finds what that one may
/// see. Pages go as far as 1,000 items; `next` is the `cursor` of the next one.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "search",
    params(
        ("q" = String, Query, description = "What to find, 1–2,000 characters"),
        ("workspace" = Option<String>, Query, description = "Only in this workspace"),
        ("thread" = Option<String>, Query, description = "Only in this thread"),
        ("role" = Option<String>, Query, description = "Only messages by `user`, `assistant`, `tool` or `system`"),
        ("kind" = Option<String>, Query, description = "Only `message`, `memory`, `skill` or `file`"),
        ("after" = Option<String>, Query, description = "Made at this time or later: RFC 3339, or a date"),
        ("before" = Option<String>, Query, description = "Made before this time: RFC 3339, or a date"),
        ("sort" = Option<String>, Query, description = "`relevance` (without it) or `newest`"),
        ("limit" = Option<usize>, Query, description = "1–200, 20 without it"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses(
        (status = 200, body = FoundView),
        (status = 422, description = "A parameter is wrong"),
        (status = 503, description = "The index is being made, or too much is searched at once"),
    ),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn search(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Params(asked): Params<Asked>,
) -> Result<Json<FoundView>, Problem> {
    let wanted = asked.into_wanted()?;
    let found = state.finder.find(&by, &wanted).await?;
    let next = found.next.map(|(offset, id)| format!("{offset}-{:032x}", u128::from_be_bytes(id)));
    let items = found.items.into_iter().map(ItemView::from).collect();
    Ok(Json(FoundView { items, next, partial: found.partial }))
}

/// How the index is.
#[utoipa::path(
    get, path = "/api/v1/search/status", tag = "search",
    responses((status = 200, body = StatusView)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn status(by: May<ReadChats>, State(state): State<AppState>) -> Json<StatusView> {
    let status = state.finder.search().status(&by.tenant);
    // Figures of what a token for one assistant may not see are not for it.
    let documents = if by.assistant.is_some() { 0 } else { status.documents };
    let semantic = state.finder.semantic().filter(|_| by.assistant.is_none());
    let semantic = semantic.map(|semantic| semantic.status(&by.tenant).into());
    Json(StatusView { state: status.state.as_str(), documents, trouble: status.trouble, semantic })
}

/// Has the index made anew, in the background; the one before serves meanwhile.
#[utoipa::path(
    post, path = "/api/v1/search/rebuild", tag = "search",
    responses((status = 202, description = "It begins")),
    security(("token" = ["admin"]))
)]
async fn rebuild(by: May<Admin>, State(state): State<AppState>) -> Result<StatusCode, Problem> {
    auth::unrestricted(&by, "have the index made anew")?;
    state.finder.search().rebuild(&by.tenant);
    Ok(StatusCode::ACCEPTED)
}

// === impl Asked ===

impl Asked {
    fn into_wanted(self) -> Result<Wanted, Problem> {
        let text = self.q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Problem::invalid_field("q", "says what to find"))?;
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(Problem::invalid_field("q", format!("has at most {TEXT_CHARS_MAX} characters")));
        }
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::invalid_field("limit", format!("is between 1 and {LIMIT_MAX}")));
        }
        let role = one_of("role", self.role, ROLES)?;
        let order = match one_of("sort", self.sort, &["relevance", "newest"])? {
            Some("newest") => Order::Newest,
            _ => Order::Relevance,
        };
        // Lists of this API go on with `after`: a cursor is no time.
        let continues = self.after.as_deref().and_then(|text| cursor(text).ok());
        Ok(Wanted {
            text,
            workspace: self.workspace.or(self.workspace_id),
            thread: self.thread.or(self.thread_id),
            role: role.map(str::to_owned),
            kind: one_of("kind", self.kind, KINDS)?,
            from_ms: if continues.is_some() { None } else { time("after", self.after)? },
            until_ms: time("before", self.before)?,
            order,
            after: continues.or(self.cursor.map(|text| cursor(&text)).transpose()?),
            limit,
        })
    }
}

fn one_of(
    name: &str,
    word: Option<String>,
    known: &'static [&'static str],
) -> Result<Option<&'static str>, Problem> {
    let Some(word) = word else { return Ok(None) };
    let found = known.iter().find(|known| **known == word).copied();
    found.map(Some).ok_or_else(|| Problem::invalid_field(name, format!("is one of {}", known.join(", "))))
}

/// A moment, or the beginning of a day in UTC.
fn time(name: &str, text: Option<String>) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let day = || {
        let start = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(start.timestamp().as_millisecond())
    };
    let found = parse_rfc3339(&text).or_else(day);
    found.map(Some).ok_or_else(|| Problem::invalid_field(name, "is a time as RFC 3339 has it, or a date"))
}

fn cursor(text: &str) -> Result<(usize, [u8; 16]), Problem> {
    let parsed = text.split_once('-').and_then(|(offset, id)| {
        let id = u128::from_str_radix(id, 16).ok()?;
        Some((offset.parse().ok()?, id.to_be_bytes()))
    });
    parsed.ok_or_else(|| Problem::invalid_field("cursor", "is no cursor"))
}

impl From<FindError> for Problem {
    fn from(error: FindError) -> Self {
        match error {
            FindError::Search(error) | FindError::Recall(RecallError::Search(error)) => error.into(),
            FindError::Recall(RecallError::Workspace(error)) => error.into(),
            FindError::Workspace(error) => error.into(),
            FindError::Memory(error) => error.into(),
            FindError::Skill(error) => error.into(),
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        let detail = error.to_string();
        match error {
            SearchError::TooLong { .. } => Self::invalid_field("q", detail),
            SearchError::Busy | SearchError::Building | SearchError::Damaged => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "search_unavailable", detail)
            }
            SearchError::Folder { .. } | SearchError::Index(_) | SearchError::Source(_) => {
                tracing::error!(error = %detail, "search failed");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "search_unavailable",
                    "the index cannot be used; it is made anew, try again in a moment",
                )
            }
        }
    }
}
