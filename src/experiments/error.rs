//! Why an experiment is not made, changed or found.

use super::experiment::State;
use super::workbench::WorkError;
use crate::approvals::ApprovalError;
use crate::db::DbError;
use crate::identity::KeyReused;
use crate::workspaces::WorkspaceError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// A field is not what it must be.
    #[error("{why}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What it must be.
        why: String,
    },
    /// There are as many as there may be.
    #[error("there are {0} experiments already; delete some that nobody needs")]
    TooMany(usize),
    /// As many run as may run.
    #[error("{0} experiments run already; this one can be started when one of them has ended")]
    Busy(usize),
    /// It cannot be done in this state.
    #[error("the experiment is {}, so this cannot be done", .0.as_str())]
    State(State),
    /// Nothing of it is in the workspace.
    #[error("nothing of this experiment is in the workspace")]
    NotApplied,
    /// It was changed since the caller read it.
    #[error("the experiment was changed by somebody else; read it again")]
    Stale,
    /// There is none.
    #[error("no such experiment or iteration")]
    NotFound,
    /// The workspace does not exist.
    #[error("there is no such workspace")]
    NoWorkspace,
    /// The policy or the kill switch says no.
    #[error("{0}")]
    Denied(String),
    /// Its files cannot be read or written.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The question cannot be decided.
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// The workspace or a thread cannot be had.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl ExperimentError {
    /// A field that is wrong.
    pub(super) const fn field(field: &'static str, why: String) -> Self {
        Self::Field { field, why }
    }
}

impl From<DbError> for ExperimentError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}
