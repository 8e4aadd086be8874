//! Why a schedule is not made, changed or found.

use crate::db::DbError;
use crate::identity::KeyReused;
use crate::workspaces::WorkspaceError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// A field is not what it must be.
    #[error("`{field}` {why}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What it must be.
        why: String,
    },
    /// Another schedule has this name.
    #[error("another schedule has this name")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are {0} schedules already; remove one that nobody needs")]
    TooMany(usize),
    /// As many runs wait as may.
    #[error("{0} runs of this schedule wait already; wait for one, or cancel it")]
    TooManyRuns(usize),
    /// It was changed since the caller read it.
    #[error("the schedule was changed by somebody else; read it again")]
    Stale,
    /// Its workspace was deleted.
    #[error("the workspace of this schedule was deleted; give it another one")]
    Homeless,
    /// There is none.
    #[error("no such schedule or run")]
    NotFound,
    /// The workspace does not exist.
    #[error("there is no such workspace")]
    NoWorkspace,
    /// The thread does not exist.
    #[error("there is no such thread")]
    NoThread,
    /// The run has ended.
    #[error("the run has ended already")]
    Ended,
    /// Its thread cannot be had.
    #[error(transparent)]
    Thread(#[from] WorkspaceError),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl ScheduleError {
    /// A field that is not what it must be.
    pub(super) fn field(field: &'static str, why: impl Into<String>) -> Self {
        Self::Field { field, why: why.into() }
    }
}

impl From<DbError> for ScheduleError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NoRow => Self::NotFound,
            DbError::Duplicate(_) => Self::NameTaken,
            other => Self::Store(other),
        }
    }
}
