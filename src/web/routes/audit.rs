//! The audit trail.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;

use super::super::answer::Reader;
use super::super::headers::page;
use super::super::read;
use super::super::view::audit::{AuditFilter, AuditPage};
use crate::http::auth::Admin;
use crate::http::extract::Params;
use crate::http::{AppState, May, Problem};

#[derive(Deserialize)]
pub(super) struct AuditQuery {
    #[serde(default)]
    action: String,
    #[serde(default)]
    principal: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    since: String,
    before: Option<i64>,
    /// `all`: every link of the chain is followed.
    #[serde(default)]
    check: String,
}

/// `GET /audit`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<AuditQuery>,
) -> Result<Response, Problem> {
    let trimmed = |text: String| text.trim().to_owned();
    let filter = AuditFilter {
        action: trimmed(query.action),
        principal: trimmed(query.principal),
        outcome: query.outcome,
        since: query.since,
    };
    let (rows, more) = read::audit::rows(&state, &by, &filter, query.before).await?;
    let chain = read::audit::chain(&state, &by, query.check == "all").await?;
    let last = rows.last().filter(|_| more).map(|row| row.seq.to_string());
    let template = AuditPage {
        frame: reader.frame("Audit", "audit"),
        older: last.map(|seq| address("/audit", &filter, &[("before", &seq)])),
        newest: query.before.is_some().then(|| address("/audit", &filter, &[])),
        export: export(&filter),
        filter,
        rows,
        chain,
    };
    Ok(page(StatusCode::OK, &template))
}

/// An address with the filter in its query.
fn address(path: &str, filter: &AuditFilter, more: &[(&str, &str)]) -> String {
    let own = [
        ("action", filter.action.as_str()),
        ("principal", &filter.principal),
        ("outcome", &filter.outcome),
        ("since", &filter.since),
    ];
    super::address(path, own.iter().chain(more).copied())
}

fn export(filter: &AuditFilter) -> String {
    let since = read::audit::since_ms(filter, Timestamp::now().as_millisecond());
    let since = since.map(read::rfc3339).unwrap_or_default();
    address("/api/v1/audit/export", &AuditFilter { since, ..filter.clone() }, &[])
}
