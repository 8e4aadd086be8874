//! Why vectors are not made.

use std::time::Duration;

use crate::db::DbError;
use crate::protocol::model::ModelError;
use crate::search::SearchError;
use crate::workspaces::WorkspaceError;

/// See the module. All of them pass: it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum SemanticError {
    /// The model, or what stands before it.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The store.
    #[error(transparent)]
    Store(#[from] DbError),
    /// The changes.
    #[error(transparent)]
    Feed(#[from] SearchError),
    /// The messages.
    #[error(transparent)]
    Messages(#[from] WorkspaceError),
}

// === impl SemanticError ===

impl SemanticError {
    /// How long the provider wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Model(error) => error.retry_after,
            _ => None,
        }
    }
}
