//! The ledger's statements that read, and those of its housekeeping.

use std::ops::ControlFlow;

use crate::db::{DbError, Row, SystemRead, SystemTx, TenantRead, TenantTx, prune_keys};
use crate::protocol::event::{EventKind, ThreadEvent};
use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::protocol::turn::{Cause, PendingTurn, Provenance, TurnState};

use super::history;
use crate::turns::data::delta_text;
use crate::turns::record::{StepRecord, TurnRecord};

const TURN_COLUMNS: &str = "id, thread_id, message_id, state, attempt, backend, model, stop_reason, failure, \
                            input_tokens, output_tokens, created_ms, started_ms, ended_ms";

/// The turns of a thread that have not ended, oldest first.
pub(in crate::turns) fn pending(tx: &TenantTx<'_>, thread: ThreadId) -> Result<Vec<PendingTurn>, DbError> {
    let mut turns = tx.query_all(
        "SELECT turns.id, message_id, state, attempt, overrides, waits + max(waiting, progressed), source, messages.provenance
         FROM turns INDEXED BY turns_pending LEFT JOIN messages ON messages.id = turns.message_id
         WHERE turns.tenant = ?1 AND turns.thread_id = ?2 AND state IN ('queued', 'running') ORDER BY turns.id",
        &[&thread],
        |row| {
            let overrides = row.get::<Option<String>>(4)?;
            let provenance = row.get::<Option<String>>(7)?;
            // A word of another version is trusted least.
            let provenance = provenance.as_deref().and_then(Provenance::parse).unwrap_or(Provenance::Stranger);
            Ok::<_, DbError>(PendingTurn {
                turn_id: row.get(0)?,
                message_id: row.get(1)?,
                state: word(row, 2, TurnState::parse)?,
                attempt: row.get(3)?,
                waits: row.get(5)?,
                cause: Cause { source: row.get(6)?, provenance },
                visible: false,
                partial: String::new(),
                overrides: overrides.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
            })
        },
    )?;
    for turn in turns.iter_mut().filter(|turn| turn.attempt > 0) {
        add_partial(tx, thread, turn)?;
    }
    Ok(turns)
}

/// Adds what the log has of the answer of the present round: those before it are messages of the thread.
fn add_partial(tx: &TenantTx<'_>, thread: ThreadId, turn: &mut PendingTurn) -> Result<(), DbError> {
    let kept = history::rounds(tx, thread, turn.turn_id)?;
    tx.query_each(
        "SELECT data FROM events INDEXED BY events_by_thread
         WHERE tenant = ?1 AND thread_id = ?2 AND turn_id = ?3 AND kind = 'delta' ORDER BY id",
        &[&thread, &turn.turn_id],
        |row| {
            if let Some((round, text)) = delta_text(&row.get::<String>(0)?)
                && round > u64::from(kept)
            {
                turn.visible = true;
                turn.partial.push_str(&text);
            }
            Ok(ControlFlow::Continue(()))
        },
    )
}

/// Threads in which a turn has not ended.
pub(in crate::turns) fn threads_with_pending(read: &TenantRead<'_>) -> Result<Vec<ThreadId>, DbError> {
    read.query_all(
        "SELECT DISTINCT thread_id FROM turns INDEXED BY turns_pending
         WHERE tenant = ?1 AND state IN ('queued', 'running') ORDER BY thread_id",
        &[],
        |row| row.get(0),
    )
}

/// All tenants.
pub(in crate::turns) fn tenants(read: &SystemRead<'_>) -> Result<Vec<TenantId>, DbError> {
    read.query_all("SELECT id FROM tenants ORDER BY id", &[], |row| row.get(0))
}

/// The log of a thread after an event, oldest first.
pub(in crate::turns) fn events_after(
    read: &TenantRead<'_>,
    thread: ThreadId,
    after: i64,
    limit: usize,
) -> Result<Vec<ThreadEvent>, DbError> {
    read.query_all(
        "SELECT id, turn_id, kind, data FROM events INDEXED BY events_by_thread
         WHERE tenant = ?1 AND thread_id = ?2 AND id > ?3 ORDER BY id LIMIT ?4",
        &[&thread, &after, &limit],
        |row| {
            let (id, turn, kind) = (row.get(0)?, row.get(1)?, word(row, 2, EventKind::parse)?);
            Ok(ThreadEvent { id, thread, turn, kind, data: row.get(3)? })
        },
    )
}

/// The event before the oldest turn that has not ended, or the last one.
pub(in crate::turns) fn cursor(read: &TenantRead<'_>, thread: ThreadId) -> Result<i64, DbError> {
    let oldest = read.query_opt(
        "SELECT id FROM turns INDEXED BY turns_pending
         WHERE tenant = ?1 AND thread_id = ?2 AND state IN ('queued', 'running') ORDER BY id LIMIT 1",
        &[&thread],
        |row| row.get::<TurnId>(0),
    )?;
    if let Some(turn) = oldest {
        let accepted = read.query_opt(
            "SELECT id - 1 FROM events INDEXED BY events_by_thread
             WHERE tenant = ?1 AND thread_id = ?2 AND turn_id = ?3 AND kind = 'accepted'
             ORDER BY id DESC LIMIT 1",
            &[&thread, &turn],
            |row| row.get::<i64>(0),
        )?;
        if let Some(before) = accepted {
            return Ok(before);
        }
    }
    read.query_one(
        "SELECT coalesce(max(id), 0) FROM events INDEXED BY events_by_thread
         WHERE tenant = ?1 AND thread_id = ?2",
        &[&thread],
        |row| row.get(0),
    )
}

/// One turn.
pub(in crate::turns) fn turn(read: &TenantRead<'_>, turn: TurnId) -> Result<Option<TurnRecord>, DbError> {
    let sql = format!("SELECT {TURN_COLUMNS} FROM turns WHERE tenant = ?1 AND id = ?2");
    read.query_opt(&sql, &[&turn], turn_record)
}

/// Turns of a thread after one of them, oldest first.
pub(in crate::turns) fn turns(
    read: &TenantRead<'_>,
    thread: ThreadId,
    after: Option<TurnId>,
    limit: usize,
) -> Result<Vec<TurnRecord>, DbError> {
    let after = after.unwrap_or(TurnId::from_bytes([0; 16]));
    let sql = format!(
        "SELECT {TURN_COLUMNS} FROM turns INDEXED BY turns_by_thread
         WHERE tenant = ?1 AND thread_id = ?2 AND id > ?3 ORDER BY id LIMIT ?4"
    );
    read.query_all(&sql, &[&thread, &after, &limit], turn_record)
}

/// The journal of a turn.
pub(in crate::turns) fn steps(read: &TenantRead<'_>, turn: TurnId) -> Result<Vec<StepRecord>, DbError> {
    read.query_all(
        "SELECT seq, kind, state, started_ms, finished_ms, subject, detail FROM steps
         WHERE tenant = ?1 AND turn_id = ?2 ORDER BY seq",
        &[&turn],
        |row| {
            Ok(StepRecord {
                seq: row.get(0)?,
                kind: row.get(1)?,
                state: row.get(2)?,
                started_ms: row.get(3)?,
                finished_ms: row.get(4)?,
                subject: row.get(5)?,
                detail: row.get::<Option<String>>(6)?.and_then(|json| serde_json::from_str(&json).ok()),
            })
        },
    )
}

fn turn_record(row: &Row<'_>) -> Result<TurnRecord, DbError> {
    let failure = row.get::<Option<String>>(8)?;
    Ok(TurnRecord {
        id: row.get(0)?,
        thread_id: row.get(1)?,
        message_id: row.get(2)?,
        state: word(row, 3, TurnState::parse)?,
        attempt: row.get(4)?,
        backend: row.get(5)?,
        model: row.get(6)?,
        stop_reason: row.get(7)?,
        failure: failure.and_then(|json| serde_json::from_str(&json).ok()),
        input_tokens: row.get(9)?,
        output_tokens: row.get(10)?,
        created_ms: row.get(11)?,
        started_ms: row.get(12)?,
        ended_ms: row.get(13)?,
    })
}

/// Deletes pieces of answers whose turns ended before this moment; their `done` and `error` events hold
/// the whole text. How many went.
pub(in crate::turns) fn prune_pieces(
    tx: &mut SystemTx<'_>,
    before_ms: i64,
    limit: usize,
) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM events WHERE id IN (
             SELECT events.id FROM events INDEXED BY events_prunable
             JOIN turns ON turns.id = events.turn_id
             WHERE events.kind IN ('delta', 'thinking') AND turns.ended_ms < ?1
             ORDER BY events.id LIMIT ?2)",
        &[&before_ms, &limit],
    )
}

/// Deletes idempotency keys from before this moment. How many went.
pub(in crate::turns) fn prune_old_keys(
    tx: &mut SystemTx<'_>,
    before_ms: i64,
    limit: usize,
) -> Result<usize, DbError> {
    prune_keys(tx, before_ms, limit)
}

/// A column that holds one of our words.
pub(super) fn word<T>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, DbError> {
    parse(&row.get::<String>(column)?).ok_or(DbError::Type { column, expected: "one of the known words" })
}
