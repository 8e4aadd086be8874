//! `/api/v1/audit`: what happened, newest first; all of it to take away; and the end of the chain.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::audit::{Audit, Filter, Record};
use crate::http::auth::{Admin, May};
use crate::http::extract::Params;
use crate::http::moment::{parse_rfc3339, rfc3339};
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::TenantId;

/// Entries that an export reads at a time.
const EXPORT_PAGE: usize = 500;

/// One entry of the trail.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditEntry {
    /// Its place in the chain: 1, 2, … without gaps.
    seq: i64,
    at: String,
    /// Which part of the daemon told it.
    actor: String,
    /// On whose behalf: `owner`, the id of a member or a token, `system`.
    principal: String,
    /// What was done: `secret.used`.
    action: String,
    target: String,
    /// `allowed`, `denied`, `asked`, `done` or `failed`.
    outcome: String,
    reason: String,
    /// More, without secrets.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// SHA-256 over the entry and the one before.
    hash: String,
}

/// The end of the chain.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditHead {
    /// The number of entries; 0 for none.
    seq: i64,
    /// The hash of the last one. Written down elsewhere, it proves that nothing before it was changed.
    hash: Option<String>,
}

#[derive(Deserialize)]
struct Query {
    limit: Option<usize>,
    after: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    outcome: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(export)).routes(routes!(head))
}

/// What happened, newest first.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit",
    params(
        ("limit" = Option<usize>, Query),
        ("after" = Option<String>, Query, description = "The cursor of the page before"),
        ("action" = Option<String>, Query, description = "This action, and those below it: `secret` is also `secret.used`"),
        ("principal" = Option<String>, Query),
        ("outcome" = Option<String>, Query, description = "allowed, denied, asked, done or failed"),
        ("since" = Option<String>, Query, description = "RFC 3339; at this time or later"),
        ("until" = Option<String>, Query, description = "RFC 3339; before this time"),
    ),
    responses((status = 200, body = Page<AuditEntry>)), security(("token" = ["admin"]))
)]
async fn list(
    by: May<Admin>,
    State(state): State<AppState>,
    Params(query): Params<Query>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let paging = Paging::<i64>::new(query.limit, query.after.as_deref())?;
    let found = state.audit.newest(&by.tenant, filter(query)?, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |record| record.seq.to_string(), AuditEntry::from)))
}

/// Every entry, oldest first, as JSON lines with both hashes.
#[utoipa::path(
    get, path = "/api/v1/audit/export", tag = "audit",
    params(
        ("action" = Option<String>, Query),
        ("principal" = Option<String>, Query),
        ("outcome" = Option<String>, Query),
        ("since" = Option<String>, Query),
        ("until" = Option<String>, Query),
    ),
    responses((status = 200, content_type = "application/x-ndjson", body = String)),
    security(("token" = ["admin"]))
)]
async fn export(
    by: May<Admin>,
    State(state): State<AppState>,
    Params(query): Params<Query>,
) -> Result<Response, Problem> {
    let reader = Reader { audit: state.audit, tenant: by.tenant.clone(), filter: filter(query)?, after: 0 };
    let mut response = Body::from_stream(reader.into_stream()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    let name = HeaderValue::from_static("attachment; filename=\"audit.jsonl\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// The end of the chain, to be written down elsewhere.
#[utoipa::path(
    get, path = "/api/v1/audit/head", tag = "audit",
    responses((status = 200, body = AuditHead)), security(("token" = ["admin"]))
)]
async fn head(by: May<Admin>, State(state): State<AppState>) -> Result<Json<AuditHead>, Problem> {
    let head = state.audit.head(&by.tenant).await?;
    Ok(Json(AuditHead { seq: head.map_or(0, |head| head.seq), hash: head.map(|head| head.hex()) }))
}

fn filter(query: Query) -> Result<Filter, Problem> {
    let time = |name: &str, text: Option<String>| {
        let parse = |text: String| {
            parse_rfc3339(&text).ok_or_else(|| Problem::invalid_field(name, "is no RFC 3339 time"))
        };
        text.map(parse).transpose()
    };
    Ok(Filter {
        action: query.action,
        principal: query.principal,
        outcome: query.outcome,
        since_ms: time("since", query.since)?,
        until_ms: time("until", query.until)?,
    })
}

impl From<Record> for AuditEntry {
    fn from(record: Record) -> Self {
        Self {
            seq: record.seq,
            at: rfc3339(record.at_ms),
            hash: record.head().hex(),
            detail: record.detail(),
            actor: record.actor,
            principal: record.principal,
            action: record.action,
            target: record.target,
            outcome: record.outcome,
            reason: record.reason,
        }
    }
}

/// Reads page by page, so that a long trail is never in memory at once.
struct Reader {
    audit: Audit,
    tenant: TenantId,
    filter: Filter,
    after: i64,
}

/// The store failed in the middle: the body ends without its end, so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
#[error("the audit trail could not be read to its end")]
struct Cut;

impl Reader {
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, Cut>> + Send {
        stream::unfold(Some(self), |reader| async move {
            let mut reader = reader?;
            match reader.next().await {
                Ok(Some(bytes)) => Some((Ok(bytes), Some(reader))),
                Ok(None) => None,
                Err(cut) => Some((Err(cut), None)),
            }
        })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        let page = self.audit.oldest(&self.tenant, self.filter.clone(), self.after, EXPORT_PAGE);
        let records = page.await.map_err(|error| {
            tracing::warn!(%error, "an export of the audit trail ends early");
            Cut
        })?;
        let Some(last) = records.last() else { return Ok(None) };
        self.after = last.seq;
        let lines: String = records.iter().map(|record| format!("{}\n", record.to_json())).collect();
        Ok(Some(lines.into()))
    }
}
