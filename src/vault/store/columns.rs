//! The statements of all columns that hold sealed values, whosever table they are in.

use crate::db::{DbError, TenantRead, TenantTx};
use crate::vault::record::KeyMark;
use crate::vault::sealing::SealedColumn;

/// A row with its sealed value.
pub(in crate::vault) struct SealedRow {
    /// What identifies the row.
    pub(in crate::vault) row: Vec<u8>,
    /// The record.
    pub(in crate::vault) sealed: Vec<u8>,
}

/// Some rows whose value begins with this mark of a key.
pub(in crate::vault) fn sealed_with(
    read: &TenantRead<'_>,
    column: &SealedColumn,
    mark: KeyMark,
    limit: usize,
) -> Result<Vec<SealedRow>, DbError> {
    let SealedColumn { table, name, row, .. } = column;
    let sql =
        format!("SELECT {row}, {name} FROM {table} WHERE tenant = ?1 AND substr({name}, 1, 5) = ?2 LIMIT ?3");
    read.query_all(&sql, &[&mark, &limit], |row| Ok(SealedRow { row: row.get(0)?, sealed: row.get(1)? }))
}

/// Replaces the value of a row if it is still `old`; whether it was.
pub(in crate::vault) fn reseal(
    tx: &mut TenantTx<'_>,
    column: &SealedColumn,
    SealedRow { row: id, sealed: old }: &SealedRow,
    new: &[u8],
) -> Result<bool, DbError> {
    let SealedColumn { table, name, row, .. } = column;
    let sql = format!("UPDATE {table} SET {name} = ?4 WHERE tenant = ?1 AND {row} = ?2 AND {name} = ?3");
    Ok(tx.execute(&sql, &[id, old, &new])? == 1)
}
