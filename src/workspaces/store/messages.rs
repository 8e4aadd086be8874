//! The statements that read messages. Whether the caller may see the thread is asked before.

use crate::db::{DbError, Row, TenantRead};
use crate::protocol::ids::{MessageId, ThreadId};
use crate::workspaces::message::Message;

const COLUMNS: &str = "id, thread_id, turn_id, role, content, thinking, tool_calls, partial, provenance, created_ms, call_id, outcome, \
                       author";

/// Messages of a thread after this one, oldest first.
pub(in crate::workspaces) fn list(
    read: &TenantRead<'_>,
    thread: ThreadId,
    after: Option<MessageId>,
    limit: usize,
) -> Result<Vec<Message>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages
         WHERE tenant = ?1 AND thread_id = ?2 AND (?3 IS NULL OR id > ?3) ORDER BY id LIMIT ?4"
    );
    read.query_all(&sql, &[&thread, &after, &limit], message)
}

/// The last messages of a thread before this one, newest first.
pub(in crate::workspaces) fn latest(
    read: &TenantRead<'_>,
    thread: ThreadId,
    before: Option<MessageId>,
    limit: usize,
) -> Result<Vec<Message>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM messages
         WHERE tenant = ?1 AND thread_id = ?2 AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4"
    );
    read.query_all(&sql, &[&thread, &before, &limit], message)
}

pub(in crate::workspaces) fn by_id(read: &TenantRead<'_>, id: MessageId) -> Result<Message, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], message)
}

fn message(row: &Row<'_>) -> Result<Message, DbError> {
    Ok(Message {
        id: row.get(0)?,
        thread_id: row.get(1)?,
        turn_id: row.get(2)?,
        role: row.get(3)?,
        content: row.get(4)?,
        thinking: row.get(5)?,
        tool_calls: row.get(6)?,
        partial: row.get(7)?,
        provenance: row.get(8)?,
        created_ms: row.get(9)?,
        call_id: row.get(10)?,
        outcome: row.get(11)?,
        author: row.get(12)?,
    })
}
