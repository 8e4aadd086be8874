//! The statements of vectors.

use super::shelf::{Entry, Place};
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::protocol::ids::{AssistantId, MessageId, ThreadId, WorkspaceId};
use crate::search::RawId;
use crate::workspaces::finders;

/// A model whose vectors are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Model {
    pub(super) n: i64,
    pub(super) figures: usize,
}

/// A message as a look at everything sees it.
pub(super) struct Looked {
    pub(super) id: MessageId,
    /// Whether it should have a vector and has none.
    pub(super) wanted: bool,
}

/// The model with this name that was used last.
pub(super) fn model(read: &TenantRead<'_>, name: &str) -> Result<Option<Model>, DbError> {
    let sql =
        "SELECT n, figures FROM embedding_models WHERE tenant = ?1 AND name = ?2 ORDER BY n DESC LIMIT 1";
    read.query_opt(sql, &[&name], |row| Ok(Model { n: row.get(0)?, figures: row.get(1)? }))
}

/// The model with this name and this many figures, made where there is none.
pub(super) fn model_of(tx: &mut TenantTx<'_>, name: &str, figures: usize) -> Result<Model, DbError> {
    tx.execute(
        "INSERT INTO embedding_models (tenant, name, figures) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        &[&name, &figures],
    )?;
    let sql = "SELECT n FROM embedding_models WHERE tenant = ?1 AND name = ?2 AND figures = ?3";
    tx.query_one(sql, &[&name, &figures], |row| Ok(Model { n: row.get(0)?, figures }))
}

/// Deletes up to `limit` vectors of other models; how many it were. Without any left the models go too.
pub(super) fn drop_others(tx: &mut TenantTx<'_>, keep: i64, limit: usize) -> Result<usize, DbError> {
    let gone = tx.execute(
        "DELETE FROM embeddings WHERE (model, message_id) IN
            (SELECT e.model, e.message_id FROM embedding_models o JOIN embeddings e ON e.model = o.n
             WHERE o.tenant = ?1 AND o.n <> ?2 LIMIT ?3)",
        &[&keep, &limit],
    )?;
    if gone == 0 {
        tx.execute("DELETE FROM embedding_models WHERE tenant = ?1 AND n <> ?2", &[&keep])?;
    }
    Ok(gone)
}

/// Up to `limit` vectors after this message, in the order of their ids.
pub(super) fn page(
    read: &TenantRead<'_>,
    model: i64,
    after: RawId,
    limit: usize,
) -> Result<Vec<Entry>, DbError> {
    let sql =
        "SELECT e.message_id, m.thread_id, t.workspace_id, t.assistant_id, m.role, m.created_ms, e.vector
               FROM embeddings e JOIN messages m ON m.id = e.message_id JOIN threads t ON t.id = m.thread_id
               WHERE e.tenant = ?1 AND e.model = ?2 AND e.message_id > ?3 ORDER BY e.message_id LIMIT ?4";
    read.query_all(sql, &[&model, &after, &limit], entry)
}

/// The vectors of these messages.
pub(super) fn vectors(
    read: &TenantRead<'_>,
    model: i64,
    ids: &[RawId],
) -> Result<Vec<(RawId, Vec<u8>)>, DbError> {
    let sql = "SELECT vector FROM embeddings WHERE tenant = ?1 AND model = ?2 AND message_id = ?3";
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let vector = read.query_opt(sql, &[&model, id], |row| row.get::<Vec<u8>>(0))?;
        found.extend(vector.map(|vector| (*id, vector)));
    }
    Ok(found)
}

/// Those of these messages that have a vector.
pub(super) fn having(read: &TenantRead<'_>, model: i64, ids: &[RawId]) -> Result<Vec<RawId>, DbError> {
    let sql = "SELECT 1 FROM embeddings WHERE tenant = ?1 AND model = ?2 AND message_id = ?3";
    let mut found = Vec::new();
    for id in ids {
        found.extend(read.query_opt(sql, &[&model, id], |_| Ok::<_, DbError>(*id))?);
    }
    Ok(found)
}

/// Up to `limit` messages after this one in the order of their ids.
pub(super) fn look(
    read: &TenantRead<'_>,
    model: Option<i64>,
    after: RawId,
    limit: usize,
) -> Result<Vec<Looked>, DbError> {
    let sql = "SELECT m.id, m.role IN ('user', 'assistant') AND octet_length(m.content) > 0 AND NOT EXISTS
                   (SELECT 1 FROM embeddings e WHERE e.model = ?2 AND e.message_id = m.id)
               FROM messages m WHERE m.tenant = ?1 AND m.id > ?3 ORDER BY m.id LIMIT ?4";
    read.query_all(sql, &[&model, &after, &limit], |row| Ok(Looked { id: row.get(0)?, wanted: row.get(1)? }))
}

/// Keeps vectors of messages that still say what they were made of; says which it kept.
pub(super) fn keep(
    tx: &mut TenantTx<'_>,
    model: i64,
    made: &[(MessageId, String, Vec<u8>)],
) -> Result<Vec<RawId>, DbError> {
    let mut kept = Vec::with_capacity(made.len());
    for (id, content, vector) in made {
        let rows = tx.execute(
            "INSERT INTO embeddings (tenant, model, message_id, vector)
             SELECT ?1, ?2, id, ?3 FROM messages WHERE tenant = ?1 AND id = ?4 AND content = ?5
             ON CONFLICT (model, message_id) DO UPDATE SET vector = excluded.vector",
            &[&model, vector, id, content],
        )?;
        kept.extend((rows > 0).then(|| *id.as_bytes()));
    }
    Ok(kept)
}

/// Where a thread is, and who may find what is in it.
pub(super) fn place(read: &TenantRead<'_>, thread: RawId) -> Result<Option<Place>, DbError> {
    let sql = "SELECT workspace_id, assistant_id FROM threads WHERE tenant = ?1 AND id = ?2";
    read.query_opt(sql, &[&thread], |row| {
        Ok(place_of(ThreadId::from_bytes(thread), row.get(0)?, row.get(1)?))
    })
}

/// The same of what is known.
pub(super) fn place_of(thread: ThreadId, workspace: WorkspaceId, assistant: Option<AssistantId>) -> Place {
    let owner = assistant.map_or_else(|| finders::of_workspace(workspace), finders::of_assistant);
    Place { thread: *thread.as_bytes(), workspace: *workspace.as_bytes(), owner }
}

fn entry(row: &Row<'_>) -> Result<Entry, DbError> {
    Ok(Entry {
        id: row.get(0)?,
        place: place_of(row.get(1)?, row.get(2)?, row.get(3)?),
        by_assistant: row.get::<String>(4)? == "assistant",
        at_ms: row.get(5)?,
        vector: row.get(6)?,
    })
}
