//! The statements that take messages in from elsewhere.

use crate::db::{DbError, TenantRead, TenantTx};
use crate::protocol::ids::{MessageId, ThreadId};
use crate::workspaces::import::ImportedLine;

/// The message that the line with this key became before.
pub(in crate::workspaces) fn known(
    read: &TenantRead<'_>,
    thread: ThreadId,
    key: &[u8; 32],
) -> Result<Option<MessageId>, DbError> {
    let sql = "SELECT id FROM messages WHERE tenant = ?1 AND thread_id = ?2 AND import_key = ?3";
    read.query_opt(sql, &[&thread, key], |row| row.get(0))
}

pub(in crate::workspaces) fn insert(
    tx: &mut TenantTx<'_>,
    (id, thread): (MessageId, ThreadId),
    line: &ImportedLine,
    key: &[u8; 32],
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO messages (tenant, id, thread_id, role, content, provenance, created_ms, author, import_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            &id,
            &thread,
            &line.role,
            &line.content,
            &line.provenance,
            &line.created_ms,
            &line.author,
            key,
        ],
    )?;
    Ok(())
}
