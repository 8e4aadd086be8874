//! The ledger's statements about what plugs put before messages.

use super::reads;
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::extensions::Injection;
use crate::protocol::ids::{InjectionId, ThreadId, TurnId};
use crate::protocol::turn::Provenance;
use crate::turns::data::json;
use crate::turns::injected::{ByTurn, Exchange, Injected};

const COLUMNS: &str =
    "id, turn_id, instead, plug, key, title, text, provenance, sources, created_ms, removed_ms";

/// Most that are read of a thread.
const THREAD_MAX: usize = 5_000;

/// Stores one, unless the thread knows its key.
pub(in crate::turns) fn insert(
    tx: &mut TenantTx<'_>,
    (thread, turn): (ThreadId, TurnId),
    instead: bool,
    injection: &Injection,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO injections (id, tenant, thread_id, turn_id, instead, plug, key, title, text, provenance, sources,
                                 created_ms)
         VALUES (?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
        &[
            &InjectionId::new(),
            &thread,
            &turn,
            &instead,
            &injection.plug,
            &injection.key,
            &injection.title,
            &injection.text,
            &injection.provenance.as_str(),
            &json(&injection.sources),
            &now_ms,
        ],
    )?;
    Ok(())
}

/// What stands before a turn's message; not what is kept out.
pub(in crate::turns) fn of_turn(read: &TenantRead<'_>, turn: TurnId) -> Result<Vec<Injected>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM injections INDEXED BY injections_by_turn
         WHERE tenant = ?1 AND turn_id = ?2 AND removed_ms IS NULL ORDER BY id"
    );
    read.query_all(&sql, &[&turn], injected)
}

/// All of a thread, oldest first.
pub(in crate::turns) fn of_thread(read: &TenantRead<'_>, thread: ThreadId) -> Result<Vec<Injected>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM injections WHERE tenant = ?1 AND thread_id = ?2 ORDER BY id LIMIT {THREAD_MAX}"
    );
    read.query_all(&sql, &[&thread], injected)
}

/// What stands before the messages of a thread, by turn.
pub(in crate::turns) fn by_turn(read: &TenantRead<'_>, thread: ThreadId) -> Result<ByTurn, DbError> {
    let mut found = ByTurn::new();
    for one in of_thread(read, thread)?.into_iter().filter(|one| one.removed_ms.is_none()) {
        found.entry(one.turn).or_default().push(one);
    }
    Ok(found)
}

/// The keys that a thread knows.
pub(in crate::turns) fn keys(read: &TenantRead<'_>, thread: ThreadId) -> Result<Vec<String>, DbError> {
    let sql = "SELECT key FROM injections INDEXED BY injections_by_key WHERE tenant = ?1 AND thread_id = ?2";
    read.query_all(sql, &[&thread], |row| row.get(0))
}

/// Whether a thread was told something untrusted by a plug, up to a turn.
pub(in crate::turns) fn untrusted(
    read: &TenantRead<'_>,
    thread: ThreadId,
    turn: TurnId,
) -> Result<bool, DbError> {
    let found = read.query_opt(
        "SELECT 1 FROM injections INDEXED BY injections_by_key
         WHERE tenant = ?1 AND thread_id = ?2 AND turn_id <= ?3
           AND provenance IN ('stranger', 'tool', 'web', 'webhook') LIMIT 1",
        &[&thread, &turn],
        |_| Ok::<_, DbError>(()),
    )?;
    Ok(found.is_some())
}

/// Keeps one out since a time, or no longer.
pub(in crate::turns) fn remove(
    tx: &mut TenantTx<'_>,
    thread: ThreadId,
    id: InjectionId,
    since_ms: Option<i64>,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE injections SET removed_ms = ?4 WHERE tenant = ?1 AND thread_id = ?2 AND id = ?3",
        &[&thread, &id, &since_ms],
    )?;
    Ok(changed > 0)
}

/// Deletes what has this key; what is kept out only with `all`.
pub(in crate::turns) fn delete(tx: &mut TenantTx<'_>, key: &str, all: bool) -> Result<usize, DbError> {
    let sql = "DELETE FROM injections WHERE tenant = ?1 AND key = ?2 AND (?3 OR removed_ms IS NULL)";
    tx.execute(sql, &[&key, &all])
}

/// A turn with its messages.
pub(in crate::turns) fn exchange(read: &TenantRead<'_>, turn: TurnId) -> Result<Option<Exchange>, DbError> {
    let Some(record) = reads::turn(read, turn)? else { return Ok(None) };
    let asked = read.query_opt(
        "SELECT turns.source, messages.content, messages.provenance
         FROM turns JOIN messages ON messages.id = turns.message_id WHERE turns.tenant = ?1 AND turns.id = ?2",
        &[&turn],
        |row| Ok::<_, DbError>((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?)),
    )?;
    let Some((source, prompt, provenance)) = asked else { return Ok(None) };
    let messages = read.query_all(
        "SELECT role, content FROM messages INDEXED BY messages_by_thread
         WHERE tenant = ?1 AND thread_id = ?2 AND turn_id = ?3 ORDER BY id",
        &[&record.thread_id, &turn],
        |row| Ok::<_, DbError>((row.get(0)?, row.get(1)?)),
    )?;
    let provenance = Provenance::parse(&provenance).unwrap_or(Provenance::Stranger);
    Ok(Some(Exchange { record, source, prompt, provenance, messages }))
}

fn injected(row: &Row<'_>) -> Result<Injected, DbError> {
    // A word of another version is trusted least.
    let provenance = Provenance::parse(&row.get::<String>(7)?).unwrap_or(Provenance::Stranger);
    Ok(Injected {
        id: row.get(0)?,
        turn: row.get(1)?,
        instead: row.get(2)?,
        injection: Injection {
            plug: row.get(3)?,
            key: row.get(4)?,
            title: row.get(5)?,
            text: row.get(6)?,
            provenance,
            sources: serde_json::from_str(&row.get::<String>(8)?).unwrap_or_default(),
        },
        created_ms: row.get(9)?,
        removed_ms: row.get(10)?,
    })
}
