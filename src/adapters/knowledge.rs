//! What an assistant is told besides its own system prompt, and the handles on it.

use crate::assistants::files::AgentFiles;
use crate::protocol::ids::{AssistantId, TenantId, ThreadId, WorkspaceId};

/// What assistants know. Cheap to clone.
#[derive(Clone)]
pub struct Knowledge {
    /// Who they are, in files.
    pub files: AgentFiles,
}

/// For whom a prompt is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reader {
    /// Whose data it may have.
    pub tenant: TenantId,
    /// Who answers.
    pub assistant: AssistantId,
    /// Where.
    pub workspace: WorkspaceId,
    /// In which conversation.
    pub thread: ThreadId,
}

// === impl Knowledge ===

impl Knowledge {
    /// The system prompt of an assistant with what it knows below it. What there is nothing of costs no byte.
    pub async fn prompt(&self, own: String, reader: &Reader) -> String {
        let parts = [own, self.files.prompt(reader.assistant).await];
        let said: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
        said.join("\n\n")
    }

    /// Removes what is known to an assistant that is gone. What cannot be removed stays, and the log says why.
    pub async fn forget(&self, _tenant: &TenantId, assistant: AssistantId) {
        if let Err(error) = self.files.remove(assistant).await {
            tracing::warn!(%error, %assistant, "the files of a deleted assistant stay");
        }
    }
}
