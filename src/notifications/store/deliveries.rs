//! The statements of what goes out.

use super::word;
use crate::db::{DbError, Row, SystemRead, SystemTx, TenantRead, TenantTx};
use crate::notifications::sending::{LetterKind, Outgoing};
use crate::protocol::ids::{LetterId, TenantId};

const COLUMNS: &str = "id, kind, way, target, notification, pattern, severity, title, body, attempts, duplicate, due_ms, created_ms";

/// How many of a tenant are not done.
pub(in crate::notifications) fn open(read: &TenantRead<'_>) -> Result<usize, DbError> {
    let sql = "SELECT count(*) FROM notification_deliveries WHERE tenant = ?1 AND ended_ms IS NULL";
    read.query_one(sql, &[], |row| row.get(0))
}

pub(in crate::notifications) fn insert(
    tx: &mut TenantTx<'_>,
    new: &Outgoing,
    is_held: bool,
) -> Result<(), DbError> {
    let state = if is_held { "held" } else { "waiting" };
    tx.execute(
        "INSERT INTO notification_deliveries (tenant, id, kind, way, target, notification, pattern, severity, title, body,
                                              state, attempts, duplicate, due_ms, error, created_ms, ended_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0, ?12, '', ?13, NULL)",
        &[
            &new.id,
            &new.kind.as_str(),
            &new.way.as_str(),
            &new.target,
            &new.notification,
            &new.pattern,
            &new.severity.as_str(),
            &new.title,
            &new.body,
            &state,
            &new.due_ms,
            &new.created_ms,
        ],
    )?;
    Ok(())
}

/// When the next one is due; `held` ones, or those that wait to be sent.
pub(in crate::notifications) fn next_due(read: &SystemRead<'_>) -> Result<Option<i64>, DbError> {
    read.query_one(
        "SELECT min(due_ms) FROM notification_deliveries WHERE state IN ('held', 'waiting') AND ended_ms IS NULL",
        &[],
        |row| row.get(0),
    )
}

/// Tenants with something held that is due.
pub(in crate::notifications) fn tenants_with_held(
    read: &SystemRead<'_>,
    now_ms: i64,
) -> Result<Vec<TenantId>, DbError> {
    read.query_all(
        "SELECT DISTINCT tenant FROM notification_deliveries
         WHERE state = 'held' AND due_ms <= ?1 AND ended_ms IS NULL",
        &[&now_ms],
        |row| row.get(0),
    )
}

/// What is held and due, the first first.
pub(in crate::notifications) fn held(
    read: &TenantRead<'_>,
    now_ms: i64,
    limit: usize,
) -> Result<Vec<Outgoing>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM notification_deliveries
         WHERE tenant = ?1 AND state = 'held' AND due_ms <= ?2 AND ended_ms IS NULL ORDER BY created_ms, id LIMIT ?3"
    );
    read.query_all(&sql, &[&now_ms, &limit], |row| outgoing(row, 0))
}

/// It waits no longer for others.
pub(in crate::notifications) fn release(tx: &mut TenantTx<'_>, id: LetterId) -> Result<(), DbError> {
    tx.execute("UPDATE notification_deliveries SET state = 'waiting' WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

/// Takes what is due to be sent. Nobody else sends it then.
pub(in crate::notifications) fn claim(
    tx: &mut SystemTx<'_>,
    now_ms: i64,
    limit: usize,
) -> Result<Vec<(TenantId, Outgoing)>, DbError> {
    let sql = format!(
        "SELECT tenant, {COLUMNS} FROM notification_deliveries INDEXED BY notification_deliveries_due
         WHERE state = 'waiting' AND due_ms <= ?1 AND ended_ms IS NULL ORDER BY due_ms LIMIT ?2"
    );
    let due =
        tx.query_all(&sql, &[&now_ms, &limit], |row| Ok::<_, DbError>((row.get(0)?, outgoing(row, 1)?)))?;
    let mut claimed: Vec<(TenantId, Outgoing)> = Vec::with_capacity(due.len());
    for (tenant, mut one) in due {
        one.attempts += 1;
        tx.execute(
            "UPDATE notification_deliveries SET state = 'claimed', attempts = ?3 WHERE tenant = ?1 AND id = ?2",
            &[&tenant, &one.id, &one.attempts],
        )?;
        claimed.push((tenant, one));
    }
    Ok(claimed)
}

/// What was being sent when a life ended may have arrived. It is sent again and says so. How many.
pub(in crate::notifications) fn recover(tx: &mut SystemTx<'_>, now_ms: i64) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE notification_deliveries SET state = 'waiting', duplicate = 1, due_ms = ?1
         WHERE state = 'claimed' AND ended_ms IS NULL",
        &[&now_ms],
    )
}

/// It is over: `sent`, `unknown`, `dead` or `folded`.
pub(in crate::notifications) fn end(
    tx: &mut TenantTx<'_>,
    id: LetterId,
    (state, error): (&str, &str),
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE notification_deliveries SET state = ?3, error = ?4, ended_ms = ?5 WHERE tenant = ?1 AND id = ?2",
        &[&id, &state, &error, &now_ms],
    )?;
    Ok(())
}

/// It is tried again.
pub(in crate::notifications) fn again(
    tx: &mut TenantTx<'_>,
    id: LetterId,
    (duplicate, error): (bool, &str),
    due_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE notification_deliveries SET state = 'waiting', duplicate = duplicate OR ?3, error = ?4, due_ms = ?5
         WHERE tenant = ?1 AND id = ?2",
        &[&id, &duplicate, &error, &due_ms],
    )?;
    Ok(())
}

/// Deletes what ended before this moment. How many went.
pub(in crate::notifications) fn prune(
    tx: &mut SystemTx<'_>,
    before_ms: i64,
    limit: usize,
) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM notification_deliveries WHERE (tenant, id) IN (
             SELECT tenant, id FROM notification_deliveries INDEXED BY notification_deliveries_ended
             WHERE ended_ms < ?1 LIMIT ?2)",
        &[&before_ms, &limit],
    )
}

fn outgoing(row: &Row<'_>, at: usize) -> Result<Outgoing, DbError> {
    Ok(Outgoing {
        id: row.get(at)?,
        kind: word::<LetterKind>(row, at + 1)?,
        way: word(row, at + 2)?,
        target: row.get(at + 3)?,
        notification: row.get(at + 4)?,
        pattern: row.get(at + 5)?,
        severity: word(row, at + 6)?,
        title: row.get(at + 7)?,
        body: row.get(at + 8)?,
        attempts: row.get(at + 9)?,
        duplicate: row.get(at + 10)?,
        due_ms: row.get(at + 11)?,
        created_ms: row.get(at + 12)?,
    })
}
