//! Turns and steps as the store keeps them.

use serde::Serialize;

use crate::protocol::ids::{MessageId, ThreadId, TurnId};
use crate::protocol::turn::{TurnFailure, TurnState};

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TurnRecord {
    /// The turn.
    pub id: TurnId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// The message that it answers.
    pub message_id: MessageId,
    /// Where it is.
    pub state: TurnState,
    /// How often it was begun.
    pub attempt: u32,
    /// The backend that answered.
    pub backend: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// Why the model stopped, in the words of the event stream.
    pub stop_reason: Option<String>,
    /// Why there is no whole answer.
    pub failure: Option<TurnFailure>,
    /// Prompt tokens.
    pub input_tokens: u64,
    /// Answer tokens.
    pub output_tokens: u64,
    /// When its message was accepted, in ms since 1970.
    pub created_ms: i64,
    /// When it was first begun.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// One journalled unit of a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepRecord {
    /// 1, 2, … within the turn, over all attempts.
    pub seq: u32,
    /// What it is: `model_call`, `tool_call`, `approval` or `compaction`.
    pub kind: String,
    /// `started`, `finished`, `failed`, or `unknown` when a crash took its result.
    pub state: String,
    /// When it began, in ms since 1970.
    pub started_ms: i64,
    /// When it ended.
    pub finished_ms: Option<i64>,
    /// What it is about: the id of the call or of the question; empty otherwise.
    pub subject: String,
    /// More: `{round}` of a model call, `{tool, class, digest}` of a tool call.
    pub detail: Option<serde_json::Value>,
}
