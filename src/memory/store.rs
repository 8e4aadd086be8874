//! The statements of memory.

pub(super) mod versions;

use super::backend::FactFilter;
use super::{Confidence, Fact, FactScope};
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::memory::Category;
use crate::protocol::ids::FactId;
use crate::protocol::turn::Provenance;

const COLUMNS: &str = "m.id, m.assistant_id, m.workspace_id, m.thread_id, m.key, m.category, m.text, m.tags, \
                       m.source, m.provenance, m.version, m.created_ms, m.updated_ms, m.confidence, m.expires_ms, \
                       m.pinned";
/// What a filter takes: its eight parameters are ?2 to ?9.
const WANTED: &str = "m.tenant = ?1
    AND (?2 IS NULL OR m.assistant_id IS NULL OR m.assistant_id = ?2)
    AND (?3 IS NULL OR m.workspace_id IS NULL OR m.workspace_id = ?3)
    AND (?4 IS NULL OR m.thread_id IS NULL OR m.thread_id = ?4)
    AND (?5 IS NULL OR m.category = ?5)
    AND (m.category <> 'daily' OR m.updated_ms >= ?6)
    AND (?7 IS NULL OR m.id > ?7)
    AND (?8 IS NULL OR m.pinned = ?8)
    AND (?9 IS NULL OR m.expires_ms IS NULL OR m.expires_ms > ?9)";

pub(super) fn list(read: &TenantRead<'_>, filter: FactFilter) -> Result<Vec<Fact>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM memories m WHERE {WANTED} ORDER BY m.id LIMIT ?10");
    let (seen, category) = (filter.visible, filter.category.map(Category::as_str));
    read.query_all(
        &sql,
        &[
            &seen.assistant,
            &seen.workspace,
            &seen.thread,
            &category,
            &filter.daily_since_ms,
            &filter.after,
            &filter.pinned,
            &filter.live_at_ms,
            &filter.limit,
        ],
        fact,
    )
}

/// Facts with any of the words of an FTS5 query; the key counts more than a tag, and a tag more than the text.
pub(super) fn search(read: &TenantRead<'_>, query: &str, filter: FactFilter) -> Result<Vec<Fact>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM memories_index CROSS JOIN memories m ON m.n = memories_index.rowid
         WHERE {WANTED} AND memories_index MATCH ?11
         ORDER BY bm25(memories_index, 4.0, 1.0, 2.0), m.updated_ms DESC LIMIT ?10"
    );
    let (seen, category) = (filter.visible, filter.category.map(Category::as_str));
    read.query_all(
        &sql,
        &[
            &seen.assistant,
            &seen.workspace,
            &seen.thread,
            &category,
            &filter.daily_since_ms,
            &filter.after,
            &filter.pinned,
            &filter.live_at_ms,
            &filter.limit,
            &query,
        ],
        fact,
    )
}

pub(super) fn by_id(read: &TenantRead<'_>, id: FactId) -> Result<Option<Fact>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM memories m WHERE m.tenant = ?1 AND m.id = ?2");
    read.query_opt(&sql, &[&id], fact)
}

pub(super) fn by_key(read: &TenantRead<'_>, scope: &FactScope, key: &str) -> Result<Option<Fact>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM memories m WHERE m.tenant = ?1 AND m.key = ?2
         AND m.assistant_id IS ?3 AND m.workspace_id IS ?4 AND m.thread_id IS ?5"
    );
    read.query_opt(&sql, &[&key, &scope.assistant, &scope.workspace, &scope.thread], fact)
}

pub(super) fn count(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one("SELECT count(*) FROM memories WHERE tenant = ?1", &[], |row| row.get(0))
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Fact) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO memories (tenant, id, assistant_id, workspace_id, thread_id, key, category, text, tags, source,
                               provenance, version, created_ms, updated_ms, confidence, expires_ms, pinned)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        &[
            &new.id,
            &new.scope.assistant,
            &new.scope.workspace,
            &new.scope.thread,
            &new.key,
            &new.category.as_str(),
            &new.text,
            &new.tags.join(" "),
            &new.source,
            &new.provenance.as_str(),
            &new.version,
            &new.created_ms,
            &new.updated_ms,
            &new.confidence,
            &new.expires_ms,
            &new.pinned,
        ],
    )?;
    Ok(())
}

/// Writes a changed fact; whether there is still one with this version.
pub(super) fn update(tx: &mut TenantTx<'_>, changed: &Fact, was: i64) -> Result<bool, DbError> {
    let rows = tx.execute(
        "UPDATE memories SET category = ?4, text = ?5, tags = ?6, source = ?7, provenance = ?8, version = ?9,
                             updated_ms = ?10, confidence = ?11, expires_ms = ?12, pinned = ?13
         WHERE tenant = ?1 AND id = ?2 AND version = ?3",
        &[
            &changed.id,
            &was,
            &changed.category.as_str(),
            &changed.text,
            &changed.tags.join(" "),
            &changed.source,
            &changed.provenance.as_str(),
            &changed.version,
            &changed.updated_ms,
            &changed.confidence,
            &changed.expires_ms,
            &changed.pinned,
        ],
    )?;
    Ok(rows == 1)
}

/// Deletes a fact; whether there was one with this version.
pub(super) fn delete(tx: &mut TenantTx<'_>, id: FactId, version: i64) -> Result<bool, DbError> {
    let sql = "DELETE FROM memories WHERE tenant = ?1 AND id = ?2 AND version = ?3";
    Ok(tx.execute(sql, &[&id, &version])? == 1)
}

/// Whether everything that a fact belongs to is still there.
pub(super) fn has_its_place(read: &TenantRead<'_>, scope: &FactScope) -> Result<bool, DbError> {
    read.query_one(
        "SELECT (?2 IS NULL OR EXISTS (SELECT 1 FROM assistants WHERE tenant = ?1 AND id = ?2))
            AND (?3 IS NULL OR EXISTS (SELECT 1 FROM workspaces WHERE tenant = ?1 AND id = ?3))
            AND (?4 IS NULL OR EXISTS (SELECT 1 FROM threads WHERE tenant = ?1 AND id = ?4))",
        &[&scope.assistant, &scope.workspace, &scope.thread],
        |row| row.get(0),
    )
}

/// A fact out of a row that begins with these columns.
fn fact(row: &Row<'_>) -> Result<Fact, DbError> {
    let tags: String = row.get(7)?;
    Ok(Fact {
        id: row.get(0)?,
        scope: FactScope { assistant: row.get(1)?, workspace: row.get(2)?, thread: row.get(3)? },
        key: row.get(4)?,
        category: row.get::<String>(5)?.parse().unwrap_or(Category::Custom),
        text: row.get(6)?,
        tags: tags.split_whitespace().map(str::to_owned).collect(),
        source: row.get(8)?,
        // A word of another version is trusted least.
        provenance: Provenance::parse(&row.get::<String>(9)?).unwrap_or(Provenance::Tool),
        version: row.get(10)?,
        created_ms: row.get(11)?,
        updated_ms: row.get(12)?,
        confidence: row.get::<Confidence>(13)?,
        expires_ms: row.get(14)?,
        pinned: row.get(15)?,
    })
}
