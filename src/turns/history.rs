//! What a turn's model is told of its thread, and what an interrupted turn left open.

use serde::Serialize;

use crate::db::{DbError, TenantRead};
use crate::protocol::chat::{ChatMessage, Part, Role, ToolCall};
use crate::protocol::ids::{CompactionId, MessageId, TenantId, ThreadId, TurnId};
use crate::protocol::turn::Provenance;

use super::error::TurnsError;
use super::injected::Injected;
use super::ledger::{Turns, now_ms};
use super::store::{history as store, injected};

/// Stands for the answer of a call that has none.
const NO_ANSWER: &str = "No answer: the turn ended before or while this was done. Whether it had an effect is unknown; \
                         look before you do it again.";

/// How much of a conversation goes into a prompt at most.
#[derive(Clone, Copy, Debug)]
pub struct HistoryLimits {
    /// Messages at most.
    pub messages_max: usize,
    /// Bytes of text at most; the newest messages that fit, whole.
    pub bytes_max: usize,
}

/// A message of a prompt with where it came from.
#[derive(Clone, PartialEq, Debug)]
pub struct Said {
    /// The stored message; `None` for one that is not stored, or not yet.
    pub id: Option<MessageId>,
    /// What was said.
    pub message: ChatMessage,
    /// Where it came from.
    pub provenance: Provenance,
    /// What plugs put before it, or in its place.
    pub injected: Vec<Injected>,
}

/// A conversation as its model is told it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// What stands for all that was said before.
    pub summary: Option<String>,
    /// The messages, oldest first. Every tool call has its answer, and every answer its call.
    pub said: Vec<Said>,
}

/// A call without an answer, which an earlier life of the turn left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenCall {
    /// The call.
    pub call: ToolCall,
    /// The class with which it was begun; `None` when it was not, empty when nobody knows.
    pub begun: Option<String>,
}

/// A summary that stands for older messages of a thread.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Compaction {
    /// The summary.
    pub id: CompactionId,
    /// The last message that it stands for.
    pub upto: MessageId,
    /// Its text.
    pub summary: String,
    /// `backend/model`, or `fallback`.
    pub made_by: String,
    /// How many messages it stands for.
    pub messages: u64,
    /// When it was made, in ms since 1970.
    pub created_ms: i64,
    /// When it was taken back; `None` while it counts, if it is the newest.
    pub undone_ms: Option<i64>,
}

/// Whether a turn's own messages are part of its history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OwnMessage {
    /// They are stored and wanted.
    Included,
    /// The caller has the only one; it may still be on its way to the disk.
    Excluded,
}

/// Whether a turn has read untrusted text, as part of a larger read: any of its thread up to its own messages.
/// A word that a model wrote after it read such text is as good as the text, and is in every later prompt; so
/// this looks at the whole thread and not only at the messages that a prompt still has room for. A new thread
/// is clean. A message that is on its way to the disk is judged by its own provenance.
///
/// # Errors
/// What the store answers.
pub fn has_read_untrusted(read: &TenantRead<'_>, thread: ThreadId, turn: TurnId) -> Result<bool, TurnsError> {
    Ok(store::untrusted(read, thread, turn)? || injected::untrusted(read, thread, turn)?)
}

/// The turn of a thread before this one, as part of a larger read.
///
/// # Errors
/// What the store answers.
pub fn turn_before(read: &TenantRead<'_>, thread: ThreadId, turn: TurnId) -> Result<Option<TurnId>, DbError> {
    store::turn_before(read, thread, turn)
}

/// How many rounds of a turn are kept, and which of its calls have no answer, as part of a larger read.
///
/// # Errors
/// What the store answers.
pub fn left_open(
    read: &TenantRead<'_>,
    thread: ThreadId,
    turn: TurnId,
) -> Result<(u32, Vec<OpenCall>), TurnsError> {
    Ok((store::rounds(read, thread, turn)?, store::open_calls(read, thread, turn)?))
}

/// Makes a piece of a conversation whole: an answer whose call is not there is left out, and a call that will never
/// have an answer gets one that says so. `open` calls are still answered by the turn that runs.
#[must_use]
pub fn paired(said: Vec<Said>, open: &[OpenCall]) -> Vec<Said> {
    let mut whole: Vec<Said> = Vec::with_capacity(said.len());
    let mut waiting: Vec<String> = Vec::new();
    for next in said {
        match answered(&next.message) {
            Some(id) => {
                let before = waiting.len();
                waiting.retain(|waiting| waiting != id);
                if waiting.len() < before {
                    whole.push(next);
                }
            }
            None => {
                whole.extend(waiting.drain(..).map(unanswered));
                let calls = next.message.parts.iter().filter_map(call_id);
                waiting = calls.map(str::to_owned).collect();
                whole.push(next);
            }
        }
    }
    waiting.retain(|id| open.iter().all(|open| open.call.id != *id));
    whole.extend(waiting.into_iter().map(unanswered));
    whole
}

fn answered(message: &ChatMessage) -> Option<&str> {
    match message.parts.as_slice() {
        [Part::ToolResult { call_id, .. }] => Some(call_id),
        _ => None,
    }
}

fn call_id(part: &Part) -> Option<&str> {
    match part {
        Part::ToolCall(call) => Some(&call.id),
        Part::Text { .. } | Part::Image { .. } | Part::Thinking { .. } | Part::ToolResult { .. } => None,
    }
}

fn unanswered(call_id: String) -> Said {
    let parts = vec![Part::ToolResult { call_id, content: NO_ANSWER.to_owned() }];
    Said {
        id: None,
        message: ChatMessage { role: Role::Tool, parts },
        provenance: Provenance::System,
        injected: Vec::new(),
    }
}

// === impl Said ===

impl Said {
    /// Whether nothing of it, nor of what plugs put before it, was written by somebody who is not to be trusted.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.provenance.is_trusted() && self.injected.iter().all(|one| one.injection.provenance.is_trusted())
    }
}

// === impl HistoryLimits ===

impl HistoryLimits {
    /// What a turn's model is told of its thread, as part of a larger read, oldest first: the messages of
    /// earlier turns behind the last summary, then, with `own`, the turn's own. Whole messages within the limits,
    /// the newest that fit. Messages of later turns are left out, whenever they came.
    ///
    /// # Errors
    /// What the store answers.
    pub fn history(
        self,
        read: &TenantRead<'_>,
        thread: ThreadId,
        turn: TurnId,
        own: OwnMessage,
    ) -> Result<History, TurnsError> {
        let open = match own {
            OwnMessage::Included => store::open_calls(read, thread, turn)?,
            OwnMessage::Excluded => Vec::new(),
        };
        let History { summary, said } = store::history(read, (thread, turn), own, self)?;
        Ok(History { summary, said: paired(said, &open) })
    }
}

// === impl Turns ===

impl Turns {
    /// The summaries of a thread, newest first; at most 1,000.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn compactions(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
    ) -> Result<Vec<Compaction>, TurnsError> {
        self.db().read(tenant, move |read| Ok(store::compactions(read, thread)?)).await
    }

    /// Takes a summary back, so that later prompts have its messages again. Whether there was one to take back.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn undo_compaction(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        id: CompactionId,
    ) -> Result<bool, TurnsError> {
        let write = self.db().write(tenant, move |tx| Ok(store::undo(tx, thread, id, now_ms())?));
        write.await
    }
}

#[cfg(test)]
mod tests;
