//! For whom and where a tool works.

use std::path::Path;
use std::sync::Arc;

use crate::protocol::ids::{AssistantId, TenantId, ThreadId, TurnId, WorkspaceId};

/// For whom and where a tool works. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Place {
    /// Whose data it may touch.
    pub tenant: TenantId,
    /// The thread of the turn.
    pub thread: ThreadId,
    /// The turn.
    pub turn: TurnId,
    /// Who does it.
    pub assistant: AssistantId,
    /// Whose files it sees.
    pub workspace: WorkspaceId,
    /// The folder of the workspace's files, absolute. It is there when a tool is called.
    pub folder: Arc<Path>,
    /// 0 for an assistant that a person, a schedule or a webhook asked; 1 for one that such an assistant started.
    pub depth: u8,
}

#[cfg(test)]
impl Place {
    /// A place of a test: somebody's first call in this folder.
    pub(crate) fn somewhere(folder: impl AsRef<Path>) -> Self {
        Self {
            tenant: TenantId::home(),
            thread: ThreadId::new(),
            turn: TurnId::new(),
            assistant: AssistantId::new(),
            workspace: WorkspaceId::new(),
            folder: folder.as_ref().into(),
            depth: 0,
        }
    }
}
