//! The history of facts: versions, what differs between two of them, putting one back, and purging.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{FactView, may_keep, seen};
use crate::http::auth::{Admin, May, ReadChats};
use crate::http::conditional::{IfMatch, tagged, unconditional};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::memory::{FactVersion, MemoryError, diff};
use crate::protocol::ids::FactId;

/// A version of a fact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactVersion)]
struct VersionView {
    /// 1 is the oldest.
    number: i64,
    /// What was done: `stored`, `changed`, `confirmed`, `restored`, `forgotten`, `expired`, or `found` for a file that was
    /// changed by hand.
    deed: &'static str,
    /// Who did it: a principal, `turn ID`, `system`, or `a file`.
    by: String,
    /// Why, if they said so.
    why: String,
    at: String,
    /// The fact after it; of a forgotten one, as it was last.
    fact: FactView,
}

impl From<FactVersion> for VersionView {
    fn from(version: FactVersion) -> Self {
        Self {
            number: version.number,
            deed: version.note.deed.as_str(),
            by: version.note.by,
            why: version.note.why,
            at: rfc3339(version.note.at_ms),
            fact: version.fact.into(),
        }
    }
}

/// How two versions differ.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactDiff)]
struct DiffView {
    from: i64,
    to: i64,
    /// What changed besides the text.
    fields: Vec<FieldView>,
    /// The text in pieces.
    text: Vec<PieceView>,
}

/// Something that changed besides the text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactDiffField)]
struct FieldView {
    name: &'static str,
    before: String,
    after: String,
}

/// A piece of the text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FactDiffPiece)]
struct PieceView {
    /// `kept`, `added` or `removed`.
    change: &'static str,
    text: String,
}

/// Which version is put back.
#[derive(Deserialize, ToSchema)]
struct RestoreFact {
    /// Its number.
    version: i64,
    /// Why, for its history; at most 300 characters.
    #[serde(default)]
    why: String,
}

#[derive(Deserialize)]
struct Two {
    from: i64,
    to: i64,
}

#[derive(Deserialize)]
struct Most {
    limit: Option<usize>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(forgotten))
        .routes(routes!(versions, purge))
        .routes(routes!(differ))
        .routes(routes!(restore))
}

/// What was forgotten and can be had back, the newest first, on one page.
#[utoipa::path(
    get, path = "/api/v1/memory/forgotten", tag = "memory",
    params(("limit" = Option<usize>, Query, description = "1–200, 50 without it")),
    responses((status = 200, body = Page<VersionView>), (status = 422, description = "The limit is out of bounds")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn forgotten(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Params(most): Params<Most>,
) -> Result<Json<Page<VersionView>>, Problem> {
    let limit = Paging::<FactId>::new(most.limit, None)?.limit;
    let gone = state.knowledge.memory.forgotten(&by.tenant, seen(&by), limit).await?;
    Ok(Json(Page::whole(gone.into_iter().map(VersionView::from).collect())))
}

/// Every version of a fact, the newest first; at most 100 are kept. Also of one that was forgotten.
#[utoipa::path(
    get, path = "/api/v1/memory/{id}/versions", tag = "memory", params(("id" = String, Path)),
    responses((status = 200, body = Page<VersionView>), (status = 404, description = "No such fact")),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn versions(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
) -> Result<Json<Page<VersionView>>, Problem> {
    let versions = state.knowledge.memory.versions(&by.tenant, seen(&by), id).await?;
    Ok(Json(Page::whole(versions.into_iter().map(VersionView::from).collect())))
}

/// What differs between two versions of a fact.
#[utoipa::path(
    get, path = "/api/v1/memory/{id}/diff", tag = "memory",
    params(("id" = String, Path), ("from" = i64, Query), ("to" = i64, Query)),
    responses(
        (status = 200, body = DiffView),
        (status = 400, description = "A number is missing"),
        (status = 404, description = "No such fact, or no such version of it"),
    ),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn differ(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    Params(two): Params<Two>,
) -> Result<Json<DiffView>, Problem> {
    let memory = &state.knowledge.memory;
    let from = memory.version(&by.tenant, seen(&by), (id, two.from)).await?;
    let to = memory.version(&by.tenant, seen(&by), (id, two.to)).await?;
    let found = diff(&from.fact, &to.fact);
    let fields = found.fields.into_iter().map(|(name, before, after)| FieldView { name, before, after });
    let text = found.text.into_iter().map(|(change, text)| PieceView { change: change.as_str(), text });
    Ok(Json(DiffView { from: two.from, to: two.to, fields: fields.collect(), text: text.collect() }))
}

/// Puts a version back, as a new one that you have read and so trust. A fact that is still there needs its version in
/// `If-Match`; one that was forgotten is there again.
#[utoipa::path(
    post, path = "/api/v1/memory/{id}/restore", tag = "memory", params(("id" = String, Path)),
    request_body = RestoreFact,
    responses(
        (status = 200, body = FactView),
        (status = 404, description = "No such fact, or no such version of it"),
        (status = 409, description = "Its key was given to another fact meanwhile, or it does not fit beside those that are pinned"),
        (status = 412, description = "Somebody else changed it"),
        (status = 422, description = "The reason is too long, or what it belonged to is gone"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn restore(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
    known: IfMatch,
    Body(body): Body<RestoreFact>,
) -> Result<Response, Problem> {
    let memory = &state.knowledge.memory;
    let old = memory.version(&by.tenant, seen(&by), (id, body.version)).await?;
    may_keep(&by, &old.fact.scope)?;
    let why = state.clean(&by, "memory", body.why);
    let fact = match memory.restore(&by, old, known.version(), &why).await {
        Err(MemoryError::Stale) if known.version().is_none() => return Err(unconditional()),
        outcome => outcome?,
    };
    Ok(tagged(StatusCode::OK, fact.version, FactView::from(fact)))
}

/// Removes the history of a fact for good: of one that was forgotten all of it, of one that is there what came before now.
#[utoipa::path(
    delete, path = "/api/v1/memory/{id}/versions", tag = "memory", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "No such fact")),
    security(("token" = ["admin"]))
)]
async fn purge(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<FactId>,
) -> Result<StatusCode, Problem> {
    let memory = &state.knowledge.memory;
    let versions = memory.versions(&by.tenant, seen(&by), id).await?;
    if let Some(newest) = versions.first() {
        may_keep(&by, &newest.fact.scope)?;
    }
    memory.purge(&by, seen(&by), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
