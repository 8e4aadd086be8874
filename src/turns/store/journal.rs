//! The ledger's statements that keep the journal of a running turn.

use serde_json::{Map, Value, json};

use super::{count_usage, insert_assistant};
use crate::audit::{self, Outcome};
use crate::channels::outbox::owe_question;
use crate::db::{DbError, TenantTx};
use crate::protocol::chat::Usage;
use crate::protocol::event::{EventKind, NewEvent};
use crate::protocol::ids::{CompactionId, MessageId, ThreadId, TurnId};
use crate::protocol::journal::{CallBegun, CallEnded, CallOutcome, Compacted, JournalEntry};
use crate::protocol::turn::TurnAnswer;

use crate::turns::data::json as encoded;
use crate::turns::error::TurnsError;
use crate::turns::ledger::day;

/// An entry with what is known before its transaction.
pub(in crate::turns) struct NewEntry {
    pub(in crate::turns) entry: JournalEntry,
    /// What the model call cost, in billionths of a dollar; 0 when nobody knows, or for no model call.
    pub(in crate::turns) cost_nano: u64,
}

/// Where and when it is written.
#[derive(Clone, Copy)]
pub(in crate::turns) struct At {
    pub(in crate::turns) thread: ThreadId,
    pub(in crate::turns) turn: TurnId,
    pub(in crate::turns) now_ms: i64,
}

/// Keeps one entry.
pub(in crate::turns) fn keep(tx: &mut TenantTx<'_>, at: At, new: NewEntry) -> Result<(), TurnsError> {
    got_further(tx, at.turn)?;
    match new.entry {
        JournalEntry::ModelCall { round } => {
            let detail = json!({ "round": round }).to_string();
            if !has_open(tx, at.turn, "model_call", "")? {
                start(tx, at, ("model_call", "", Some(detail)))?;
            }
            Ok(())
        }
        JournalEntry::Round { message, answer } => keep_round(tx, at, message, (&answer, new.cost_nano)),
        JournalEntry::Spent { backend, model, usage } => {
            spend(tx, at, (&backend, &model), (usage, new.cost_nano))
        }
        JournalEntry::CallBegun(call) => begin_call(tx, at, &call),
        JournalEntry::CallEnded(call) => end_call(tx, at, &call),
        JournalEntry::CompactionBegun => Ok(start(tx, at, ("compaction", "", None))?),
        JournalEntry::Compacted(summary) => keep_summary(tx, at, &summary),
    }
}

/// Keeps what an event says about a question to a person as a step of its turn. Whether a conversation elsewhere is owed the
/// question.
pub(in crate::turns) fn keep_question(
    tx: &mut TenantTx<'_>,
    at: At,
    event: &NewEvent,
) -> Result<bool, TurnsError> {
    let word = |name: &str| event.data.get(name).and_then(Value::as_str);
    let (EventKind::Approval, Some(approval), Some(state)) = (event.kind, word("approval_id"), word("state"))
    else {
        return Ok(false);
    };
    if state != "pending" {
        end(tx, at, ("approval", approval, "finished"))?;
        return Ok(false);
    }
    if has_open(tx, at.turn, "approval", approval)? {
        return Ok(false);
    }
    start(tx, at, ("approval", approval, None))?;
    let Ok(asked) = approval.parse() else { return Ok(false) };
    let source: String =
        tx.query_one("SELECT source FROM turns WHERE tenant = ?1 AND id = ?2", &[&at.turn], |row| {
            row.get(0)
        })?;
    Ok(owe_question(tx, (&source, at.thread, at.turn), asked, at.now_ms)?)
}

/// Starts a step: its kind, what it is about, and more as a JSON object.
pub(in crate::turns) fn start(
    tx: &mut TenantTx<'_>,
    at: At,
    (kind, subject, detail): (&str, &str, Option<String>),
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO steps (turn_id, seq, tenant, kind, state, subject, detail, started_ms)
         SELECT ?2, coalesce(max(seq), 0) + 1, ?1, ?3, 'started', ?4, ?5, ?6
         FROM steps WHERE tenant = ?1 AND turn_id = ?2",
        &[&at.turn, &kind, &subject, &detail, &at.now_ms],
    )?;
    Ok(())
}

/// A begin that ended after this counts as no failed one.
fn got_further(tx: &mut TenantTx<'_>, turn: TurnId) -> Result<(), DbError> {
    tx.execute("UPDATE turns SET progressed = 1 WHERE tenant = ?1 AND id = ?2", &[&turn])?;
    Ok(())
}

fn has_open(tx: &TenantTx<'_>, turn: TurnId, kind: &str, subject: &str) -> Result<bool, DbError> {
    let open = tx.query_opt(
        "SELECT 1 FROM steps WHERE tenant = ?1 AND turn_id = ?2 AND kind = ?3 AND subject = ?4 AND state = 'started'",
        &[&turn, &kind, &subject],
        |_| Ok::<_, DbError>(()),
    )?;
    Ok(open.is_some())
}

/// Ends the open steps about this. How many there were.
fn end(tx: &mut TenantTx<'_>, at: At, (kind, subject, state): (&str, &str, &str)) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE steps SET state = ?5, finished_ms = ?6
         WHERE tenant = ?1 AND turn_id = ?2 AND kind = ?3 AND subject = ?4 AND state = 'started'",
        &[&at.turn, &kind, &subject, &state, &at.now_ms],
    )
}

fn keep_round(
    tx: &mut TenantTx<'_>,
    at: At,
    message: MessageId,
    (answer, cost_nano): (&TurnAnswer, u64),
) -> Result<(), TurnsError> {
    end(tx, at, ("model_call", "", "finished"))?;
    insert_assistant(tx, at, message, (answer, false))?;
    spend(tx, at, (&answer.backend, &answer.model), (answer.usage, cost_nano))
}

/// Counts a model call of the turn.
fn spend(
    tx: &mut TenantTx<'_>,
    at: At,
    (backend, model): (&str, &str),
    (usage, cost_nano): (Usage, u64),
) -> Result<(), TurnsError> {
    let source = tx.query_one(
        "UPDATE turns SET backend = ?3, model = ?4, input_tokens = input_tokens + ?5,
                          output_tokens = output_tokens + ?6
         WHERE tenant = ?1 AND id = ?2 RETURNING source",
        &[&at.turn, &backend, &model, &usage.input_tokens, &usage.output_tokens],
        |row| row.get::<String>(0),
    )?;
    count_usage(tx, &day(at.now_ms), &source, (backend, model), (usage, cost_nano))
}

fn begin_call(tx: &mut TenantTx<'_>, at: At, call: &CallBegun) -> Result<(), TurnsError> {
    let digest: String = call.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let detail = json!({ "tool": call.tool, "class": call.class, "digest": digest });
    start(tx, at, ("tool_call", &call.call_id, Some(detail.to_string())))?;
    if call.class == "read_only" {
        return Ok(());
    }
    told(tx, at, (Outcome::Done, ""), [("tool", &call.tool), ("call_id", &call.call_id), ("digest", &digest)])
}

fn end_call(tx: &mut TenantTx<'_>, at: At, ended: &CallEnded) -> Result<(), TurnsError> {
    let (id, tool) = (&ended.call.id, &ended.call.name);
    let state = match ended.outcome {
        CallOutcome::Done => "finished",
        CallOutcome::Failed | CallOutcome::Denied => "failed",
        CallOutcome::Unknown => "unknown",
    };
    if end(tx, at, ("tool_call", id, state))? == 0 && ended.outcome != CallOutcome::Unknown {
        start(tx, at, ("tool_call", id, Some(json!({ "tool": tool }).to_string())))?;
        end(tx, at, ("tool_call", id, state))?;
    }
    if ended.outcome == CallOutcome::Denied {
        told(tx, at, (Outcome::Denied, &ended.content), [("tool", tool), ("call_id", id), ("digest", "")])?;
    }
    let Some(message) = ended.message else { return Ok(()) };
    tx.execute(
        "INSERT INTO messages (id, tenant, thread_id, turn_id, role, content, call_id, outcome, provenance,
                               created_ms)
         VALUES (?2, ?1, ?3, ?4, 'tool', ?5, ?6, ?7, ?8, ?9)",
        &[
            &message,
            &at.thread,
            &at.turn,
            &ended.content,
            id,
            &ended.outcome.as_str(),
            &ended.provenance.as_str(),
            &at.now_ms,
        ],
    )?;
    Ok(())
}

fn told(
    tx: &mut TenantTx<'_>,
    at: At,
    (outcome, reason): (Outcome, &str),
    detail: [(&str, &str); 3],
) -> Result<(), TurnsError> {
    let source =
        tx.query_one("SELECT source FROM turns WHERE tenant = ?1 AND id = ?2", &[&at.turn], |row| {
            row.get::<String>(0)
        })?;
    let mut entry = audit::Entry::done("turn", source, "tool.called").on(at.turn.to_string());
    entry.outcome = outcome;
    reason.clone_into(&mut entry.reason);
    let known = detail.into_iter().filter(|(_, value)| !value.is_empty());
    entry.detail = known.map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>();
    Ok(audit::append(tx, entry)?)
}

fn keep_summary(tx: &mut TenantTx<'_>, at: At, kept: &Compacted) -> Result<(), TurnsError> {
    end(tx, at, ("compaction", "", "finished"))?;
    tx.execute(
        "INSERT INTO compactions (id, tenant, thread_id, upto, summary, made_by, messages, created_ms)
         VALUES (?2, ?1, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            &CompactionId::new(),
            &at.thread,
            &kept.upto,
            &kept.summary,
            &kept.made_by,
            &kept.messages,
            &at.now_ms,
        ],
    )?;
    Ok(())
}

/// The JSON of an answer's calls; `None` for none.
pub(in crate::turns) fn calls(answer: &TurnAnswer) -> Option<String> {
    (!answer.tool_calls.is_empty()).then(|| encoded(&answer.tool_calls))
}
