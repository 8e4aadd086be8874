//! What a thread is.

use serde::{Deserialize, Serialize};

use super::error::{WorkspaceError, checked};
use crate::db::TenantRead;
use crate::models::Routing;
use crate::policy::{Autonomy, Ceiling, PermissionMode};
use crate::protocol::ids::{AssistantId, ThreadId, WorkspaceId};

/// Most characters of a title.
pub const TITLE_CHARS_MAX: usize = 200;
/// Most characters of a `session_id`.
pub const SESSION_CHARS_MAX: usize = 200;
/// Characters of a title that is taken from a message.
const TITLE_FROM_MESSAGE_CHARS: usize = 60;

/// One conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its id.
    pub id: ThreadId,
    /// Where it belongs.
    pub workspace_id: WorkspaceId,
    /// Its own assistant; `None` for the workspace's.
    pub assistant_id: Option<AssistantId>,
    /// Who answers: the thread's assistant, else the workspace's, else the default.
    pub effective_assistant_id: Option<AssistantId>,
    /// For people; empty until there is a message.
    pub title: String,
    /// The `session_id` under which `/v1` calls reach it.
    pub session_key: Option<String>,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// Who answers in a thread, as far as a model call is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answering {
    /// The assistant.
    pub assistant: AssistantId,
    /// The thread's workspace.
    pub workspace: WorkspaceId,
    /// What the assistant may do without being told.
    pub mode: PermissionMode,
    /// How far it may go on its own.
    pub autonomy: Autonomy,
    /// How far the turns of this thread may go at most; `None` for no limit of its own.
    pub ceiling: Option<Ceiling>,
    /// What a person wants done in this thread; may be empty.
    pub brief: String,
    /// Name of the backend.
    pub backend: String,
    /// Name of the model.
    pub model: String,
    /// Who answers where that model does not, and when.
    pub routing: Routing,
    /// What it is told before every conversation; may be empty.
    pub system_prompt: String,
}

impl Answering {
    /// Who answers in this thread, as part of a larger read. For the turns of the daemon itself, so
    /// without a principal.
    ///
    /// # Errors
    /// [`WorkspaceError::NotFound`], or what the store answers.
    pub fn read(read: &TenantRead<'_>, thread: ThreadId) -> Result<Self, WorkspaceError> {
        super::store::threads::answering(read, thread)?.ok_or(WorkspaceError::NotFound)
    }
}

/// What is asked for when a thread is made.
#[derive(Clone, Debug, Default)]
pub struct NewThread {
    /// Where it belongs; `None` for the default workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Who answers; `None` for the workspace's assistant.
    pub assistant_id: Option<AssistantId>,
    /// Up to 200 characters; may be empty.
    pub title: String,
}

/// What changes of a thread. `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct ThreadChange {
    /// Another title.
    pub title: Option<String>,
    /// Another workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Another assistant; `Some(None)` for the workspace's.
    pub assistant_id: Option<Option<AssistantId>>,
}

/// A title as it is stored, or why it is none.
pub(super) fn title(text: &str) -> Result<String, WorkspaceError> {
    checked("title", text, (0, TITLE_CHARS_MAX))
}

/// A `session_id` as it is stored, or why it is none.
pub(super) fn session_key(text: &str) -> Result<String, WorkspaceError> {
    checked("session_id", text, (1, SESSION_CHARS_MAX))
}

/// A title out of a first message: its first line that says something, cut between words.
#[must_use]
pub fn title_from(message: &str) -> String {
    let line = message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let clean: String = line.chars().filter(|c| !c.is_control()).collect();
    if clean.chars().count() <= TITLE_FROM_MESSAGE_CHARS {
        return clean;
    }
    let cut: String = clean.chars().take(TITLE_FROM_MESSAGE_CHARS).collect();
    let words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{}…", words.trim_end())
}

#[cfg(test)]
mod tests;
