//! Why nothing is recalled.

use crate::search::SearchError;
use crate::workspaces::WorkspaceError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    /// The index.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The messages.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
}
