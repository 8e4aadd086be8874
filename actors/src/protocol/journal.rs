//! The journal of a turn: what is kept before the next thing happens.

use serde::{Deserialize, Serialize};

use super::chat::{ToolCall, Usage};
use super::event::NewEvent;
use super::ids::MessageId;
use super::turn::{Provenance, TurnAnswer};

/// What came of a tool call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It was done, or the tool says that it went wrong: its answer says which.
    Done,
    /// It could not be done; nothing, or not all of it, happened.
    Failed,
    /// The policy or a person said no; nothing happened.
    Denied,
    /// It was begun, and a crash took its result. It is not done again.
    Unknown,
}

/// A call that is about to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallBegun {
    /// The call; unique in its turn.
    pub call_id: String,
    /// The tool.
    pub tool: String,
    /// `read_only`, `idempotent` or `effectful`.
    pub class: &'static str,
    /// SHA-256 over the actions and their payload.
    pub digest: [u8; 32],
}

/// A call that was made, or was not allowed to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CallEnded {
    /// The message that holds the answer; `None` for a call of a sub-agent, whose conversation is not kept.
    pub message: Option<MessageId>,
    /// The call, with its arguments.
    pub call: ToolCall,
    /// What came of it.
    pub outcome: CallOutcome,
    /// The tool's answer, or why there is none: what the model is told.
    pub content: String,
    /// Where that came from.
    pub provenance: Provenance,
}

/// A summary that stands for older messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compacted {
    /// The last message that it stands for.
    pub upto: MessageId,
    /// The summary.
    pub summary: String,
    /// `backend/model`, or `fallback`.
    pub made_by: String,
    /// How many messages it stands for.
    pub messages: u64,
}

/// One entry. Everything of one entry is kept, or nothing of it.
#[derive(Clone, Debug)]
pub enum JournalEntry {
    /// A model is asked. The turn's own beginning is the entry of its first call.
    ModelCall {
        /// 1, 2, …
        round: u32,
    },
    /// What the model said before it called tools. Ends its model call and is a message of the thread from now on.
    Round {
        /// That message.
        message: MessageId,
        /// What it said, with its calls and what it used.
        answer: Box<TurnAnswer>,
    },
    /// A model was asked for something that is no message: a summary, or the work of a sub-agent.
    Spent {
        /// The backend.
        backend: String,
        /// The model.
        model: String,
        /// What it took.
        usage: Usage,
    },
    /// See [`CallBegun`].
    CallBegun(CallBegun),
    /// See [`CallEnded`].
    CallEnded(CallEnded),
    /// The conversation is being shortened.
    CompactionBegun,
    /// See [`Compacted`].
    Compacted(Compacted),
}

/// What is written of a running turn at a time.
#[derive(Clone, Debug, Default)]
pub struct TurnLog {
    /// Events for those who watch.
    pub events: Vec<NewEvent>,
    /// What the turn stands on when it is resumed.
    pub entries: Vec<JournalEntry>,
}

// === impl CallOutcome ===

impl CallOutcome {
    /// The word in the store, in events and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
}

// === impl TurnLog ===

impl TurnLog {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.entries.is_empty()
    }

    /// Puts another log behind this one.
    pub fn extend(&mut self, later: Self) {
        self.events.extend(later.events);
        self.entries.extend(later.entries);
    }
}

impl From<Vec<NewEvent>> for TurnLog {
    fn from(events: Vec<NewEvent>) -> Self {
        Self { events, entries: Vec::new() }
    }
}
