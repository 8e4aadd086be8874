//! What a stored message is.

use crate::protocol::ids::{MessageId, ThreadId, TurnId};

/// One message of a thread, as `turns` stored it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id; ids of a thread grow with time.
    pub id: MessageId,
    /// The thread.
    pub thread_id: ThreadId,
    /// The turn that it began or ended.
    pub turn_id: Option<TurnId>,
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// Who said it, where somebody outside did.
    pub author: Option<String>,
    /// The text.
    pub content: String,
    /// What the model thought; may be empty.
    pub thinking: String,
    /// The tool calls of an answer as a JSON array.
    pub tool_calls: Option<String>,
    /// Of a tool's answer: the call that it answers.
    pub call_id: Option<String>,
    /// Of a tool's answer: `done`, `failed`, `denied` or `unknown`.
    pub outcome: Option<String>,
    /// Whether the turn ended before the answer was whole.
    pub partial: bool,
    /// Where the text came from.
    pub provenance: String,
    /// When it was stored, in milliseconds since 1970.
    pub created_ms: i64,
}
