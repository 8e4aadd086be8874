//! The statements of threads.

use serde_json::json;

use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::extensions::Hook;
use crate::models::Routing;
use crate::policy::{Autonomy, Ceiling, PermissionMode};
use crate::protocol::ids::{AssistantId, ThreadId, WorkspaceId};
use crate::workspaces::thread::{Answering, Thread};

const COLUMNS: &str = "t.id, t.workspace_id, t.assistant_id, t.title, t.session_key, t.version, t.created_ms, \
                       t.updated_ms";
/// Who answers in a thread.
const EFFECTIVE: &str = "coalesce(t.assistant_id, w.assistant_id, \
                         (SELECT id FROM assistants WHERE tenant = ?1 AND is_default = 1))";
const FROM: &str = "threads t JOIN workspaces w ON w.id = t.workspace_id";

/// Threads before this one, newest first; with `only`, those that this assistant answers.
pub(in crate::workspaces) fn list(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    workspace: Option<WorkspaceId>,
    after: Option<ThreadId>,
    limit: usize,
) -> Result<Vec<Thread>, DbError> {
    // Two statements, so that each has its index.
    let of_workspace = if workspace.is_some() { "t.workspace_id = ?3" } else { "?3 IS NULL" };
    let sql = format!(
        "SELECT {COLUMNS}, {EFFECTIVE} FROM {FROM}
         WHERE t.tenant = ?1 AND (?2 IS NULL OR {EFFECTIVE} = ?2) AND {of_workspace}
               AND (?4 IS NULL OR t.id < ?4)
         ORDER BY t.id DESC LIMIT ?5"
    );
    read.query_all(&sql, &[&only, &workspace, &after, &limit], thread)
}

/// One thread; with `only`, if this assistant answers there.
pub(in crate::workspaces) fn by_id(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    id: ThreadId,
) -> Result<Thread, DbError> {
    let sql = format!(
        "SELECT {COLUMNS}, {EFFECTIVE} FROM {FROM}
         WHERE t.tenant = ?1 AND t.id = ?2 AND (?3 IS NULL OR {EFFECTIVE} = ?3)"
    );
    read.query_one(&sql, &[&id, &only], thread)
}

/// Who answers in a thread.
pub(in crate::workspaces) fn answering(
    read: &TenantRead<'_>,
    id: ThreadId,
) -> Result<Option<Answering>, DbError> {
    let sql = format!(
        "SELECT a.id, t.workspace_id, a.permission_mode, a.autonomy, a.backend, a.model, a.system_prompt,
                t.ceiling, t.brief, a.routing
         FROM {FROM} JOIN assistants a ON a.id = {EFFECTIVE} WHERE t.tenant = ?1 AND t.id = ?2"
    );
    read.query_opt(&sql, &[&id], |row| {
        Ok::<_, DbError>(Answering {
            assistant: row.get(0)?,
            workspace: row.get(1)?,
            // A word of another version is read as the narrowest one.
            mode: row.get::<String>(2)?.parse().unwrap_or(PermissionMode::Plan),
            autonomy: row.get::<String>(3)?.parse().unwrap_or(Autonomy::ReadOnly),
            backend: row.get(4)?,
            model: row.get(5)?,
            system_prompt: row.get(6)?,
            ceiling: row.get::<Option<String>>(7)?.map(|word| word.parse().unwrap_or(Ceiling::NoTools)),
            brief: row.get(8)?,
            routing: Routing::from_json(&row.get::<String>(9)?),
        })
    })
}

/// The thread of a session.
pub(in crate::workspaces) fn by_session(
    read: &TenantRead<'_>,
    source: &str,
    key: &str,
) -> Result<Option<Thread>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS}, {EFFECTIVE} FROM {FROM}
         WHERE t.tenant = ?1 AND t.session_source = ?2 AND t.session_key = ?3"
    );
    read.query_opt(&sql, &[&source, &key], thread)
}

/// Inserts a thread; `session_source` says who named its session.
pub(in crate::workspaces) fn insert(
    tx: &mut TenantTx<'_>,
    new: &Thread,
    session_source: Option<&str>,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO threads (tenant, id, workspace_id, assistant_id, title, session_source, session_key,
                              version, created_ms, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            &new.id,
            &new.workspace_id,
            &new.assistant_id,
            &new.title,
            &session_source,
            &new.session_key,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
        ],
    )?;
    tell(tx, Hook::ChannelCreated, new.id)
}

pub(in crate::workspaces) fn update(tx: &mut TenantTx<'_>, changed: &Thread) -> Result<(), DbError> {
    tx.execute(
        "UPDATE threads SET workspace_id = ?3, assistant_id = ?4, title = ?5, version = ?6, updated_ms = ?7
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.workspace_id,
            &changed.assistant_id,
            &changed.title,
            &changed.version,
            &changed.updated_ms,
        ],
    )?;
    tell(tx, Hook::ChannelUpdated, changed.id)
}

/// Says what a thread is for and how far its turns may go, if it is not so already.
pub(in crate::workspaces) fn bind(
    tx: &mut TenantTx<'_>,
    id: ThreadId,
    (brief, ceiling): (&str, Option<&str>),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE threads SET brief = ?3, ceiling = ?4
         WHERE tenant = ?1 AND id = ?2 AND (brief <> ?3 OR ceiling IS NOT ?4)",
        &[&id, &brief, &ceiling],
    )?;
    Ok(())
}

/// Gives a thread a title unless it has one.
pub(in crate::workspaces) fn title_if_empty(
    tx: &mut TenantTx<'_>,
    id: ThreadId,
    title: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    let titled = tx.execute(
        "UPDATE threads SET title = ?3, version = version + 1, updated_ms = ?4
         WHERE tenant = ?1 AND id = ?2 AND title = ''",
        &[&id, &title, &now_ms],
    )?;
    if titled > 0 { tell(tx, Hook::ChannelUpdated, id) } else { Ok(()) }
}

/// Deletes a thread with its messages, turns and events.
pub(in crate::workspaces) fn delete(tx: &mut TenantTx<'_>, gone: &Thread) -> Result<(), DbError> {
    tx.execute("DELETE FROM threads WHERE tenant = ?1 AND id = ?2", &[&gone.id])?;
    tx.tell(Hook::ChannelDeleted, |_| Ok(json!({ "kind": "thread", "channel": gone })))
}

/// What plugs are told of a thread as it is now; of what goes with its workspace they are not told.
fn tell(tx: &mut TenantTx<'_>, hook: Hook, id: ThreadId) -> Result<(), DbError> {
    tx.tell(hook, |read| Ok(json!({ "kind": "thread", "channel": by_id(read, None, id)? })))
}

fn thread(row: &Row<'_>) -> Result<Thread, DbError> {
    Ok(Thread {
        id: row.get(0)?,
        workspace_id: row.get(1)?,
        assistant_id: row.get(2)?,
        title: row.get(3)?,
        session_key: row.get(4)?,
        version: row.get(5)?,
        created_ms: row.get(6)?,
        updated_ms: row.get(7)?,
        effective_assistant_id: row.get(8)?,
    })
}
