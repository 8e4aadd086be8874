//! SQL of leaks.

use crate::db::{DbError, SystemTx, TenantRead, TenantTx};

use super::leaks::{Leak, LeakId};

/// Stores one record.
pub(super) fn insert(tx: &mut TenantTx<'_>, leak: &Leak) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO leaks (id, tenant, at_ms, place, kind, thread_id, count)
         VALUES (?2, ?1, ?3, ?4, ?5, ?6, ?7)",
        &[
            &leak.id.as_bytes().as_slice(),
            &leak.at_ms,
            &leak.place.as_ref(),
            &leak.kind.as_ref(),
            &leak.thread,
            &leak.count,
        ],
    )?;
    Ok(())
}

/// Records older than `after`, newest first.
pub(super) fn list(read: &TenantRead<'_>, after: Option<LeakId>, limit: usize) -> Result<Vec<Leak>, DbError> {
    let after = after.map_or([0xff; 16], |id| *id.as_bytes());
    read.query_all(
        "SELECT id, at_ms, place, kind, thread_id, count FROM leaks
         WHERE tenant = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        &[&after.as_slice(), &limit],
        |row| {
            let id: Vec<u8> = row.get(0)?;
            let id = id.try_into().map_err(|_| DbError::Corrupt("the id of a leak".to_owned()))?;
            Ok(Leak {
                id: LeakId::from_bytes(id),
                at_ms: row.get(1)?,
                place: row.get::<String>(2)?.into(),
                kind: row.get::<String>(3)?.into(),
                thread: row.get(4)?,
                count: row.get(5)?,
            })
        },
    )
}

/// Deletes up to `rows` records from before `before_ms`; how many went.
pub(super) fn prune(tx: &mut SystemTx<'_>, before_ms: i64, rows: usize) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM leaks WHERE id IN (SELECT id FROM leaks WHERE at_ms < ?1 LIMIT ?2)",
        &[&before_ms, &rows],
    )
}
