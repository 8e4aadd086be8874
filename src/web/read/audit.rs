//! Entries of the audit trail as rows.

use jiff::Timestamp;

use super::{rfc3339, store_problem};
use crate::audit::{Filter, Record};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::web::view::audit::{AuditFilter, AuditPage, AuditRow, ChainView};

/// Entries of a page.
const ROWS: usize = 50;
/// Entries whose links every page follows.
const CHECKED: i64 = 500;

/// A page of entries before this one, and whether there are older ones.
pub(in crate::web) async fn rows(
    state: &AppState,
    by: &Principal,
    filter: &AuditFilter,
    before: Option<i64>,
) -> Result<(Vec<AuditRow>, bool), Problem> {
    let wanted = wanted(filter, Timestamp::now().as_millisecond());
    let found = state.audit.newest(&by.tenant, wanted, before, ROWS + 1).await;
    let mut found = found.map_err(|error| store_problem(&error))?;
    let older = found.len() > ROWS;
    found.truncate(ROWS);
    Ok((found.iter().map(row).collect(), older))
}

/// How whole the chain is, by its newest entries or by all.
pub(in crate::web) async fn chain(state: &AppState, by: &Principal, all: bool) -> Result<ChainView, Problem> {
    let checked = state.audit.check(&by.tenant, (!all).then_some(CHECKED)).await;
    let checked = checked.map_err(|error| store_problem(&error))?;
    Ok(ChainView {
        entries: checked.entries,
        all: checked.all,
        broken: checked.broken,
        seq: checked.head.map_or(0, |head| head.seq),
        hash: checked.head.map(|head| head.hex()).unwrap_or_default(),
    })
}

/// The time that the filter's word stands for, in milliseconds since 1970.
pub(in crate::web) fn since_ms(filter: &AuditFilter, now_ms: i64) -> Option<i64> {
    let (_, _, ago) = AuditPage::TIMES.iter().find(|(word, ..)| *word == filter.since)?;
    Some(now_ms - ago)
}

fn wanted(filter: &AuditFilter, now_ms: i64) -> Filter {
    let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Filter {
        action: word(&filter.action),
        principal: word(&filter.principal),
        outcome: word(&filter.outcome),
        since_ms: since_ms(filter, now_ms),
        until_ms: None,
    }
}

fn row(record: &Record) -> AuditRow {
    let detail = record.detail();
    let empty = detail.as_object().is_some_and(serde_json::Map::is_empty);
    AuditRow {
        seq: record.seq,
        at: rfc3339(record.at_ms),
        principal: record.principal.clone(),
        actor: record.actor.clone(),
        action: record.action.clone(),
        target: record.target.clone(),
        outcome: record.outcome.clone(),
        reason: record.reason.clone(),
        // silent-ok: a value that was read as JSON always has a JSON form
        detail: if empty { String::new() } else { serde_json::to_string_pretty(&detail).unwrap_or_default() },
        hash: record.head().hex(),
    }
}
