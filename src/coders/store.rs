//! The statements of sessions.

use crate::db::{DbError, TenantRead, TenantTx};
use crate::protocol::ids::{ThreadId, TurnId};

/// The session of a thread in a program, and the last turn that it was told.
pub(super) fn session(
    read: &TenantRead<'_>,
    thread: ThreadId,
    backend: &str,
) -> Result<Option<(String, TurnId)>, DbError> {
    read.query_opt(
        "SELECT session, turn_id FROM coder_sessions WHERE tenant = ?1 AND thread_id = ?2 AND backend = ?3",
        &[&thread, &backend],
        |row| Ok::<_, DbError>((row.get(0)?, row.get(1)?)),
    )
}

pub(super) fn put(
    tx: &mut TenantTx<'_>,
    (thread, backend): (ThreadId, &str),
    (session, turn): (&str, TurnId),
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO coder_sessions (tenant, thread_id, backend, session, turn_id, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (tenant, thread_id, backend)
         DO UPDATE SET session = excluded.session, turn_id = excluded.turn_id, updated_ms = excluded.updated_ms",
        &[&thread, &backend, &session, &turn, &now_ms],
    )?;
    Ok(())
}

pub(super) fn remove(tx: &mut TenantTx<'_>, thread: ThreadId, backend: &str) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM coder_sessions WHERE tenant = ?1 AND thread_id = ?2 AND backend = ?3",
        &[&thread, &backend],
    )?;
    Ok(())
}
