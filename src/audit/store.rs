//! The statements of the audit trail.

use std::ops::ControlFlow;

use super::chain::{Head, Record};
use super::trail::Filter;
use crate::db::{DbError, Row, SystemRead, TenantRead, TenantTx};

const COLUMNS: &str = "tenant, seq, version, at_ms, actor, principal, action, target, outcome, reason, \
                       detail, prev, hash";

/// The end of the chain. A lost head is taken from the chain itself; the verifier finds that it was lost.
pub(super) fn head(read: &TenantRead<'_>) -> Result<Option<Head>, DbError> {
    let of = |row: &Row<'_>| Ok::<_, DbError>(Head { seq: row.get(0)?, hash: row.get(1)? });
    match read.query_opt("SELECT seq, hash FROM audit_heads WHERE tenant = ?1", &[], of)? {
        Some(head) => Ok(Some(head)),
        None => {
            let last = "SELECT seq, hash FROM audit WHERE tenant = ?1 ORDER BY seq DESC LIMIT 1";
            read.query_opt(last, &[], of)
        }
    }
}

/// Adds the next entry and moves the head.
pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Record) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO audit (tenant, seq, version, at_ms, actor, principal, action, target, outcome, reason,
                            detail, prev, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        &[
            &new.seq,
            &new.version,
            &new.at_ms,
            &new.actor,
            &new.principal,
            &new.action,
            &new.target,
            &new.outcome,
            &new.reason,
            &new.detail,
            &new.prev,
            &new.hash,
        ],
    )?;
    tx.execute(
        "INSERT INTO audit_heads (tenant, seq, hash) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        &[&new.seq, &new.hash],
    )?;
    Ok(())
}

/// Entries before this one, newest first.
pub(super) fn newest_first(
    read: &TenantRead<'_>,
    filter: &Filter,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Record>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit
         WHERE tenant = ?1 AND (?2 IS NULL OR seq < ?2) AND {FILTERED} ORDER BY seq DESC LIMIT ?8"
    );
    read.query_all(
        &sql,
        &[
            &before,
            &filter.action,
            &filter.principal,
            &filter.outcome,
            &filter.since_ms,
            &filter.until_ms,
            &limit,
        ],
        record,
    )
}

/// Entries after this one, oldest first.
pub(super) fn oldest_first(
    read: &TenantRead<'_>,
    filter: &Filter,
    after: i64,
    limit: usize,
) -> Result<Vec<Record>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit
         WHERE tenant = ?1 AND seq > ?2 AND {FILTERED} ORDER BY seq LIMIT ?8"
    );
    read.query_all(
        &sql,
        &[
            &after,
            &filter.action,
            &filter.principal,
            &filter.outcome,
            &filter.since_ms,
            &filter.until_ms,
            &limit,
        ],
        record,
    )
}

/// An action matches itself and everything below it: `sign_in` finds `sign_in.failed` too.
const FILTERED: &str = "(?3 IS NULL OR action = ?3 OR substr(action, 1, length(?3) + 1) = ?3 || '.')
    AND (?4 IS NULL OR principal = ?4) AND (?5 IS NULL OR outcome = ?5)
    AND (?6 IS NULL OR at_ms >= ?6) AND (?7 IS NULL OR at_ms < ?7)";

/// The hash of one entry.
pub(super) fn hash_at(read: &TenantRead<'_>, seq: i64) -> Result<Option<[u8; 32]>, DbError> {
    read.query_opt("SELECT hash FROM audit WHERE tenant = ?1 AND seq = ?2", &[&seq], |row| row.get(0))
}

fn record(row: &Row<'_>) -> Result<Record, DbError> {
    Ok(Record {
        tenant: row.get(0)?,
        seq: row.get(1)?,
        version: row.get(2)?,
        at_ms: row.get(3)?,
        actor: row.get(4)?,
        principal: row.get(5)?,
        action: row.get(6)?,
        target: row.get(7)?,
        outcome: row.get(8)?,
        reason: row.get(9)?,
        detail: row.get(10)?,
        prev: row.get(11)?,
        hash: row.get(12)?,
    })
}

// === Whole trails, for the verifier ===

/// Whether the file has an audit trail at all.
pub(super) fn exists(read: &SystemRead<'_>) -> Result<bool, DbError> {
    let tables =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('audit', 'audit_heads')";
    read.query_one(tables, &[], |row| row.get::<i64>(0)).map(|found| found == 2)
}

/// Every entry in the order in which the table holds them: no index is asked, and no key is looked up. A row
/// whose columns are not what they must be is passed on as the error that it is.
pub(super) fn walk<E: From<DbError>>(
    read: &SystemRead<'_>,
    mut each: impl FnMut(Result<Record, DbError>) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    let sql = format!("SELECT {COLUMNS} FROM audit NOT INDEXED");
    read.query_each(&sql, &[], |row| each(record(row)))
}

/// The stored ends of all chains, by tenant.
pub(super) fn heads(read: &SystemRead<'_>) -> Result<Vec<(String, Head)>, DbError> {
    read.query_all("SELECT tenant, seq, hash FROM audit_heads ORDER BY tenant", &[], |row| {
        Ok((row.get(0)?, Head { seq: row.get(1)?, hash: row.get(2)? }))
    })
}

/// What SQLite finds wrong with the pages of the two tables, at most ten findings.
pub(super) fn damage(read: &SystemRead<'_>) -> Result<Vec<String>, DbError> {
    let mut findings = Vec::new();
    for table in ["audit", "audit_heads"] {
        let sql = format!("SELECT integrity_check FROM pragma_integrity_check('{table}') LIMIT 10");
        let found: Vec<String> = read.query_all(&sql, &[], |row| row.get(0))?;
        findings.extend(found.into_iter().filter(|finding| finding != "ok"));
    }
    Ok(findings)
}
