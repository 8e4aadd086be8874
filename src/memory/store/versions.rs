//! The statements of the history of facts.

use super::fact;
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::memory::backend::Visible;
use crate::memory::version::{Deed, FactVersion, Note, VERSIONS_MAX};
use crate::memory::{FACTS_MAX, Fact};
use crate::protocol::ids::FactId;

const COLUMNS: &str = "v.fact_id, v.assistant_id, v.workspace_id, v.thread_id, v.key, v.category, v.text, v.tags, \
                       v.source, v.provenance, v.version, v.created_ms, v.updated_ms, v.confidence, v.expires_ms, \
                       v.pinned, v.number, v.deed, v.done_by, v.why, v.done_ms";

/// The number of the version that comes next.
pub(in crate::memory) fn next(read: &TenantRead<'_>, id: FactId) -> Result<i64, DbError> {
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM memory_versions WHERE tenant = ?1 AND fact_id = ?2";
    read.query_one(sql, &[&id], |row| row.get(0))
}

/// Notes a version; the oldest one over [`VERSIONS_MAX`] goes.
pub(in crate::memory) fn append(
    tx: &mut TenantTx<'_>,
    number: i64,
    fact: &Fact,
    note: &Note,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO memory_versions (tenant, fact_id, number, deed, done_by, why, done_ms, assistant_id, workspace_id,
             thread_id, key, category, text, tags, source, provenance, confidence, expires_ms, pinned, version, created_ms,
             updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
        &[
            &fact.id,
            &number,
            &note.deed.as_str(),
            &note.by,
            &note.why,
            &note.at_ms,
            &fact.scope.assistant,
            &fact.scope.workspace,
            &fact.scope.thread,
            &fact.key,
            &fact.category.as_str(),
            &fact.text,
            &fact.tags.join(" "),
            &fact.source,
            &fact.provenance.as_str(),
            &fact.confidence,
            &fact.expires_ms,
            &fact.pinned,
            &fact.version,
            &fact.created_ms,
            &fact.updated_ms,
        ],
    )?;
    let sql = "DELETE FROM memory_versions WHERE tenant = ?1 AND fact_id = ?2 AND number <= ?3 - ?4";
    tx.execute(sql, &[&fact.id, &number, &VERSIONS_MAX])?;
    Ok(())
}

/// The versions of a fact, the newest first.
pub(in crate::memory) fn of(read: &TenantRead<'_>, id: FactId) -> Result<Vec<FactVersion>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM memory_versions v WHERE v.tenant = ?1 AND v.fact_id = ?2
         ORDER BY v.number DESC LIMIT {VERSIONS_MAX}"
    );
    read.query_all(&sql, &[&id], version)
}

/// What was forgotten and can be had back, the newest first.
pub(in crate::memory) fn gone(
    read: &TenantRead<'_>,
    visible: Visible,
    limit: usize,
) -> Result<Vec<FactVersion>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM memory_versions v INDEXED BY memory_versions_gone
         WHERE v.tenant = ?1 AND v.deed IN ('forgotten', 'expired')
           AND (?2 IS NULL OR v.assistant_id IS NULL OR v.assistant_id = ?2)
           AND NOT EXISTS (SELECT 1 FROM memory_versions later
                           WHERE later.tenant = ?1 AND later.fact_id = v.fact_id AND later.number > v.number)
         ORDER BY v.done_ms DESC LIMIT ?3"
    );
    read.query_all(&sql, &[&visible.assistant, &limit], version)
}

/// Removes the versions of a fact but the one with this number, if one is given; how many.
pub(in crate::memory) fn purge(
    tx: &mut TenantTx<'_>,
    id: FactId,
    but: Option<i64>,
) -> Result<usize, DbError> {
    let sql =
        "DELETE FROM memory_versions WHERE tenant = ?1 AND fact_id = ?2 AND (?3 IS NULL OR number <> ?3)";
    tx.execute(sql, &[&id, &but])
}

/// Removes the history of facts that were forgotten before a time, and of the oldest ones over as many as there may be
/// facts; how many versions.
pub(in crate::memory) fn purge_old(tx: &mut TenantTx<'_>, before_ms: i64) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM memory_versions WHERE tenant = ?1 AND fact_id IN (
             SELECT fact_id FROM (
                 SELECT v.fact_id, v.done_ms, row_number() OVER (ORDER BY v.done_ms DESC) AS place
                 FROM memory_versions v INDEXED BY memory_versions_gone
                 WHERE v.tenant = ?1 AND v.deed IN ('forgotten', 'expired')
                   AND NOT EXISTS (SELECT 1 FROM memory_versions later
                                   WHERE later.tenant = ?1 AND later.fact_id = v.fact_id AND later.number > v.number))
             WHERE done_ms <= ?2 OR place > ?3)",
        &[&before_ms, &FACTS_MAX],
    )
}

fn version(row: &Row<'_>) -> Result<FactVersion, DbError> {
    Ok(FactVersion {
        number: row.get(16)?,
        note: Note {
            // A word of another version of the program.
            deed: Deed::parse(&row.get::<String>(17)?).unwrap_or(Deed::Changed),
            by: row.get(18)?,
            why: row.get(19)?,
            at_ms: row.get(20)?,
        },
        fact: fact(row)?,
    })
}
