//! The statements of the change table.

use super::document::RawId;
use crate::db::{DbError, Row, TenantRead, TenantTx};

/// A change as its row says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Change {
    pub(super) n: i64,
    pub(super) kind: String,
    pub(super) id: RawId,
}

/// Up to `limit` changes after this one, oldest first.
pub(super) fn after(read: &TenantRead<'_>, n: i64, limit: usize) -> Result<Vec<Change>, DbError> {
    let sql = "SELECT n, kind, id FROM search_changes WHERE tenant = ?1 AND n > ?2 ORDER BY n LIMIT ?3";
    read.query_all(sql, &[&n, &limit], change)
}

/// The last change.
pub(super) fn last(read: &TenantRead<'_>) -> Result<Option<Change>, DbError> {
    let sql = "SELECT n, kind, id FROM search_changes WHERE tenant = ?1 ORDER BY n DESC LIMIT 1";
    read.query_opt(sql, &[], change)
}

/// The change with this number.
pub(super) fn at(read: &TenantRead<'_>, n: i64) -> Result<Option<Change>, DbError> {
    read.query_opt("SELECT n, kind, id FROM search_changes WHERE tenant = ?1 AND n = ?2", &[&n], change)
}

/// Forgets up to `limit` changes before this one; how many it were.
pub(super) fn prune(tx: &mut TenantTx<'_>, before: i64, limit: usize) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM search_changes WHERE n IN
            (SELECT n FROM search_changes WHERE tenant = ?1 AND n < ?2 ORDER BY n LIMIT ?3)",
        &[&before, &limit],
    )
}

fn change(row: &Row<'_>) -> Result<Change, DbError> {
    // An id of another length is of no thing of ours: nothing is found for it.
    let id = row.get::<Vec<u8>>(2)?.try_into().unwrap_or_default();
    Ok(Change { n: row.get(0)?, kind: row.get(1)?, id })
}
