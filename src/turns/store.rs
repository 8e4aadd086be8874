//! The ledger's statements that write.

pub(super) mod history;
pub(super) mod injected;
pub(super) mod journal;
pub(super) mod reads;

use crate::channels::OutboxBell;
use crate::channels::outbox::{self, Ended};
use crate::db::{DbError, Repeat, TenantTx, look_up_key, remember_key};
use crate::protocol::chat::Usage;
use crate::protocol::event::ThreadEvent;
use crate::protocol::ids::{MessageId, ThreadId, TurnId};
use crate::protocol::turn::{Accepted, Inbound, TurnAnswer, TurnState};

use super::data::{EventRow, json};
use super::error::TurnsError;
use super::hub::EventHub;
use super::ledger::EndedTurn;
use journal::{At, calls};

/// A message with its turn, ready to be stored.
pub(super) struct NewTurn {
    pub(super) inbound: Inbound,
    pub(super) turn: TurnId,
    pub(super) message: MessageId,
    pub(super) begin: bool,
    pub(super) event: EventRow,
    pub(super) fingerprint: Option<[u8; 32]>,
    pub(super) epoch: i64,
    pub(super) now_ms: i64,
}

/// Stores a message, its turn and its event, or answers what its key answered first.
pub(super) fn accept(tx: &mut TenantTx<'_>, hub: &EventHub, new: &NewTurn) -> Result<Accepted, TurnsError> {
    let inbound = &new.inbound;
    let key = inbound.idempotency_key.as_deref().zip(new.fingerprint.as_ref());
    if let Some((key, fingerprint)) = key {
        match look_up_key(tx, &inbound.source, key, fingerprint)? {
            Repeat::First => {}
            Repeat::Outcome(outcome) => {
                let first: Option<Accepted> = serde_json::from_str(&outcome).ok();
                return first
                    .map(|accepted| Accepted { repeated: true, ..accepted })
                    .ok_or_else(|| DbError::Corrupt("the outcome of an idempotency key".to_owned()).into());
            }
            Repeat::OtherRequest => return Err(TurnsError::KeyReused),
        }
    }
    touch_thread(tx, inbound.thread, new.now_ms)?;
    insert_accepted(tx, new)?;
    let event_id = log_one(tx, hub, (inbound.thread, new.turn), &new.event)?;
    let accepted = Accepted { turn_id: new.turn, message_id: new.message, event_id, repeated: false };
    if let Some((key, fingerprint)) = key {
        remember_key(tx, (&inbound.source, key), fingerprint, &json(&accepted), new.now_ms)?;
    }
    Ok(accepted)
}

/// Moves a thread to the front of its list, which is also how we know that it exists.
fn touch_thread(tx: &mut TenantTx<'_>, thread: ThreadId, now_ms: i64) -> Result<(), TurnsError> {
    let touched =
        tx.execute("UPDATE threads SET updated_ms = ?3 WHERE tenant = ?1 AND id = ?2", &[&thread, &now_ms])?;
    if touched == 0 { Err(TurnsError::NoThread) } else { Ok(()) }
}

fn insert_accepted(tx: &mut TenantTx<'_>, new: &NewTurn) -> Result<(), DbError> {
    let (inbound, now_ms) = (&new.inbound, new.now_ms);
    tx.execute(
        "INSERT INTO messages (id, tenant, thread_id, turn_id, role, content, provenance, created_ms)
         VALUES (?2, ?1, ?3, ?4, 'user', ?5, ?6, ?7)",
        &[&new.message, &inbound.thread, &new.turn, &inbound.content, &inbound.provenance.as_str(), &now_ms],
    )?;
    let (state, attempt, started_ms) = match new.begin {
        true => (TurnState::Running, 1_u32, Some(now_ms)),
        false => (TurnState::Queued, 0, None),
    };
    let overrides = (inbound.overrides != Default::default()).then(|| json(&inbound.overrides));
    tx.execute(
        "INSERT INTO turns (id, tenant, thread_id, message_id, source, state, attempt, epoch, overrides,
                            created_ms, started_ms)
         VALUES (?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &[
            &new.turn,
            &inbound.thread,
            &new.message,
            &inbound.source,
            &state.as_str(),
            &attempt,
            &new.epoch,
            &overrides,
            &now_ms,
            &started_ms,
        ],
    )?;
    if new.begin {
        let at = At { thread: inbound.thread, turn: new.turn, now_ms };
        journal::start(tx, at, ("model_call", "", None))?;
    }
    Ok(())
}

/// Takes a turn that waits, or that an earlier life or attempt left running.
pub(super) fn begin(
    tx: &mut TenantTx<'_>,
    turn: TurnId,
    attempt: u32,
    (epoch, now_ms): (i64, i64),
) -> Result<(), TurnsError> {
    let thread = tx.query_opt(
        "UPDATE turns SET state = 'running', attempt = ?3, epoch = ?4, started_ms = coalesce(started_ms, ?5),
                          waits = waits + max(waiting, progressed), waiting = 0, progressed = 0
         WHERE tenant = ?1 AND id = ?2 AND epoch <= ?4
           AND (state = 'queued' OR (state = 'running' AND (epoch < ?4 OR attempt < ?3)))
         RETURNING thread_id",
        &[&turn, &attempt, &epoch, &now_ms],
        |row| row.get(0),
    )?;
    let Some(thread) = thread else { return Err(TurnsError::Fenced) };
    end_steps(tx, turn, "unknown", now_ms)?;
    Ok(journal::start(tx, At { thread, turn, now_ms }, ("model_call", "", None))?)
}

/// Fences a write: the turn runs, in this life.
pub(super) fn require_running(
    tx: &TenantTx<'_>,
    thread: ThreadId,
    turn: TurnId,
    epoch: i64,
) -> Result<(), TurnsError> {
    tx.query_opt(
        "SELECT 1 FROM turns
         WHERE tenant = ?1 AND id = ?2 AND thread_id = ?3 AND epoch = ?4 AND state = 'running'",
        &[&turn, &thread, &epoch],
        |_| Ok::<_, DbError>(()),
    )?
    .ok_or(TurnsError::Fenced)
}

/// Notes whether a running turn waits for a person.
pub(super) fn set_waiting(tx: &mut TenantTx<'_>, turn: TurnId, waiting: bool) -> Result<(), TurnsError> {
    tx.execute("UPDATE turns SET waiting = ?3 WHERE tenant = ?1 AND id = ?2", &[&turn, &waiting])?;
    Ok(())
}

/// Ends a turn with everything that belongs to its end.
pub(super) fn settle(
    tx: &mut TenantTx<'_>,
    (hub, bell): (&EventHub, &OutboxBell),
    ended: EndedTurn,
) -> Result<(), TurnsError> {
    let (turn, answer) = (ended.settlement.turn_id, &ended.settlement.answer);
    let at = At { thread: ended.settlement.thread, turn, now_ms: ended.now_ms };
    let source = end_turn(tx, &ended)?;
    for entry in ended.entries {
        journal::keep(tx, at, entry)?;
    }
    let step = match ended.settlement.state {
        TurnState::Done => "finished",
        // Nobody knows what became of a call that a crash cut off.
        TurnState::Interrupted => "unknown",
        TurnState::Failed | TurnState::Stopped | TurnState::Queued | TurnState::Running => "failed",
    };
    end_steps(tx, turn, step, ended.now_ms)?;
    if let Some(message) = ended.message {
        insert_assistant(tx, at, message, (answer, ended.settlement.state != TurnState::Done))?;
    }
    let told = Ended {
        thread: at.thread,
        turn,
        source: &source,
        state: ended.settlement.state,
        text: &answer.text,
        failure: ended.failure.as_ref(),
    };
    if outbox::owe_answer(tx, &told, at.now_ms)? {
        ring(tx, bell);
    }
    if !answer.backend.is_empty() {
        let answered = (answer.backend.as_str(), answer.model.as_str());
        count_usage(tx, &ended.day, &source, answered, (answer.usage, ended.cost_nano))?;
    }
    log(tx, hub, (ended.settlement.thread, turn), ended.events)
}

/// Wakes the outboxes once this is durable.
pub(super) fn ring(tx: &mut TenantTx<'_>, bell: &OutboxBell) {
    let bell = bell.clone();
    tx.on_commit(move || bell.ring());
}

/// Writes the terminal state, unless another has; who asked for the turn.
fn end_turn(tx: &TenantTx<'_>, ended: &EndedTurn) -> Result<String, TurnsError> {
    let (settlement, answer) = (&ended.settlement, &ended.settlement.answer);
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let stop_reason = answer.stop_reason.map(|reason| json(&reason).trim_matches('"').to_owned());
    tx.query_opt(
        "UPDATE turns SET state = ?4, ended_ms = ?5, backend = ?6, model = ?7, stop_reason = ?8, failure = ?9,
                          input_tokens = input_tokens + ?10, output_tokens = output_tokens + ?11
         WHERE tenant = ?1 AND id = ?2 AND thread_id = ?3 AND state IN ('queued', 'running') AND epoch <= ?12
         RETURNING source",
        &[
            &settlement.turn_id,
            &settlement.thread,
            &settlement.state.as_str(),
            &ended.now_ms,
            &some(&answer.backend),
            &some(&answer.model),
            &stop_reason,
            &ended.failure.as_ref().map(json),
            &answer.usage.input_tokens,
            &answer.usage.output_tokens,
            &ended.epoch,
        ],
        |row| row.get(0),
    )?
    .ok_or(TurnsError::Fenced)
}

/// What a model said, as a message of its thread.
fn insert_assistant(
    tx: &mut TenantTx<'_>,
    at: At,
    message: MessageId,
    (answer, partial): (&TurnAnswer, bool),
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO messages (id, tenant, thread_id, turn_id, role, content, thinking, signature, tool_calls,
                               partial, provenance, created_ms)
         VALUES (?2, ?1, ?3, ?4, 'assistant', ?5, ?6, ?7, ?8, ?9, 'model', ?10)",
        &[
            &message,
            &at.thread,
            &at.turn,
            &answer.text,
            &answer.thinking,
            &answer.signature,
            &calls(answer),
            &partial,
            &at.now_ms,
        ],
    )?;
    Ok(())
}

/// Adds a call to the day's count.
pub(super) fn count_usage(
    tx: &mut TenantTx<'_>,
    day: &str,
    source: &str,
    (backend, model): (&str, &str),
    (usage, cost_nano): (Usage, u64),
) -> Result<(), TurnsError> {
    tx.execute(
        "INSERT INTO usage (tenant, day, principal, backend, model, calls, input_tokens, output_tokens,
                            cost_nano)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET calls = calls + 1, input_tokens = input_tokens + excluded.input_tokens,
                                   output_tokens = output_tokens + excluded.output_tokens,
                                   cost_nano = cost_nano + excluded.cost_nano",
        &[&day, &source, &backend, &model, &usage.input_tokens, &usage.output_tokens, &cost_nano],
    )?;
    Ok(())
}

/// Appends events to the log and shows them once they are durable.
pub(super) fn log(
    tx: &mut TenantTx<'_>,
    hub: &EventHub,
    (thread, turn): (ThreadId, TurnId),
    rows: Vec<EventRow>,
) -> Result<(), TurnsError> {
    let mut events = Vec::with_capacity(rows.len());
    for EventRow { kind, data } in rows {
        let id = insert_event(tx, (thread, turn), kind.as_str(), &data)?;
        events.push(ThreadEvent { id, thread, turn, kind, data });
    }
    let (hub, tenant) = (hub.clone(), tx.tenant().clone());
    tx.on_commit(move || hub.publish(&tenant, &events));
    Ok(())
}

fn log_one(
    tx: &mut TenantTx<'_>,
    hub: &EventHub,
    (thread, turn): (ThreadId, TurnId),
    row: &EventRow,
) -> Result<i64, DbError> {
    let id = insert_event(tx, (thread, turn), row.kind.as_str(), &row.data)?;
    let event = ThreadEvent { id, thread, turn, kind: row.kind, data: row.data.clone() };
    let (hub, tenant) = (hub.clone(), tx.tenant().clone());
    tx.on_commit(move || hub.publish(&tenant, &[event]));
    Ok(id)
}

fn insert_event(
    tx: &mut TenantTx<'_>,
    (thread, turn): (ThreadId, TurnId),
    kind: &str,
    data: &str,
) -> Result<i64, DbError> {
    tx.insert(
        "INSERT INTO events (tenant, thread_id, turn_id, kind, data) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[&thread, &turn, &kind, &data],
    )
}

fn end_steps(tx: &mut TenantTx<'_>, turn: TurnId, state: &str, now_ms: i64) -> Result<(), DbError> {
    tx.execute(
        "UPDATE steps SET state = ?3, finished_ms = ?4
         WHERE tenant = ?1 AND turn_id = ?2 AND state = 'started'",
        &[&turn, &state, &now_ms],
    )?;
    Ok(())
}
