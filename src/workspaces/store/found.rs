//! The statements that read messages with where they are, for search.

use crate::db::{DbError, Row, TenantRead};
use crate::protocol::ids::{AssistantId, MessageId, ThreadId};
use crate::workspaces::indexed::FoundMessage;

const COLUMNS: &str = "m.id, m.thread_id, t.title, t.workspace_id, t.assistant_id, m.role, m.author, m.content, m.provenance, \
                       m.created_ms";
const FROM: &str = "messages m JOIN threads t ON t.id = m.thread_id";
/// Who answers in a thread.
const EFFECTIVE: &str = "coalesce(t.assistant_id, (SELECT assistant_id FROM workspaces WHERE id = t.workspace_id), \
                         (SELECT id FROM assistants WHERE tenant = ?1 AND is_default = 1))";

pub(in crate::workspaces) fn by_id(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    id: MessageId,
) -> Result<Option<FoundMessage>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE m.tenant = ?1 AND m.id = ?2 AND (?3 IS NULL OR {EFFECTIVE} = ?3)"
    );
    read.query_opt(&sql, &[&id, &only], message)
}

pub(in crate::workspaces) fn after(
    read: &TenantRead<'_>,
    thread: Option<ThreadId>,
    after: Option<MessageId>,
    limit: usize,
) -> Result<Vec<FoundMessage>, DbError> {
    // Two statements, so that each has its index.
    let of_thread = if thread.is_some() { "m.thread_id = ?2" } else { "?2 IS NULL" };
    let start = if after.is_some() { "m.id > ?3" } else { "?3 IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM} WHERE m.tenant = ?1 AND {of_thread} AND {start} ORDER BY m.id LIMIT ?4"
    );
    read.query_all(&sql, &[&thread, &after, &limit], message)
}

/// Messages around this one in its thread, oldest first; none where it is gone.
pub(in crate::workspaces) fn around(
    read: &TenantRead<'_>,
    id: MessageId,
    (before, after): (usize, usize),
) -> Result<Vec<FoundMessage>, DbError> {
    let sql = "SELECT thread_id FROM messages WHERE tenant = ?1 AND id = ?2";
    let Some(thread) = read.query_opt(sql, &[&id], |row| row.get::<ThreadId>(0))? else {
        return Ok(Vec::new());
    };
    let sql = |sign: &str, order: &str| {
        format!(
            "SELECT {COLUMNS} FROM {FROM} WHERE m.tenant = ?1 AND m.thread_id = ?2 AND m.id {sign} ?3
             AND m.role IN ('user', 'assistant') AND m.content <> '' ORDER BY m.id {order} LIMIT ?4"
        )
    };
    let mut found = read.query_all(&sql("<=", "DESC"), &[&thread, &id, &(before + 1)], message)?;
    found.reverse();
    found.extend(read.query_all(&sql(">", "ASC"), &[&thread, &id, &after], message)?);
    Ok(found)
}

fn message(row: &Row<'_>) -> Result<FoundMessage, DbError> {
    Ok(FoundMessage {
        id: row.get(0)?,
        thread_id: row.get(1)?,
        title: row.get(2)?,
        workspace_id: row.get(3)?,
        assistant_id: row.get(4)?,
        role: row.get(5)?,
        author: row.get(6)?,
        content: row.get(7)?,
        provenance: row.get(8)?,
        created_ms: row.get(9)?,
    })
}
