//! Events of a thread: the durable log that every stream of a thread is a view of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ids::{ThreadId, TurnId};

/// What happened. The words are those of the event stream's `event:` field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A message is stored. Data: `{turn_id, message_id, content, provenance}`.
    Accepted,
    /// A piece of the answer. Data: `{turn_id, text}`, and `round` from the second round on: after tools have answered,
    /// the model speaks again.
    Delta,
    /// A piece of reasoning. Data as above.
    Thinking,
    /// A tool call. Data: `{turn_id, id, name, arguments, state}`, then `{turn_id, id, name, state, …}` as it goes on:
    /// `running`, and last `done`, `failed`, `denied` or `unknown` with `output`.
    Tool,
    /// A question to a person, or its answer. Data: `{turn_id, approval_id, state, open, …}`; `open` counts the
    /// questions of the turn that nobody has decided.
    Approval,
    /// Tokens of the turn. Data: `{turn_id, input_tokens, output_tokens, …}`.
    Usage,
    /// The turn has its whole answer. Data: `{turn_id, message_id, content, stop_reason, …}`.
    Done,
    /// The turn ended otherwise. Data: `{turn_id, state, code, message, retryable, …}`.
    Error,
}

impl EventKind {
    /// The word used in the store and in streams.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Delta => "delta",
            Self::Thinking => "thinking",
            Self::Tool => "tool",
            Self::Approval => "approval",
            Self::Usage => "usage",
            Self::Done => "done",
            Self::Error => "error",
        }
    }

    /// The kind with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Accepted,
            Self::Delta,
            Self::Thinking,
            Self::Tool,
            Self::Approval,
            Self::Usage,
            Self::Done,
            Self::Error,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == word)
    }

    /// Whether this event is the last of its turn.
    #[must_use]
    pub const fn ends_turn(self) -> bool {
        matches!(self, Self::Done | Self::Error)
    }
}

/// One stored event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadEvent {
    /// Position in the log: grows without end, never reused, the same for every reader.
    pub id: i64,
    /// The thread.
    pub thread: ThreadId,
    /// The turn that it belongs to.
    pub turn: TurnId,
    /// What happened.
    pub kind: EventKind,
    /// The data as JSON text, an object, never empty.
    pub data: Arc<str>,
}

/// An event that is not yet in the log. `data` is a JSON object without `turn_id`, which the ledger adds.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What happened.
    pub kind: EventKind,
    /// The data.
    pub data: Map<String, Value>,
}
