//! Why a process is not started, told or found.

use capuchin_actors::process::{OrderError, StartRefused};

use crate::db::DbError;
use crate::identity::KeyReused;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// What was asked for cannot be: which field, and what is wrong with it, as one sentence.
    #[error("{text}")]
    Wish {
        /// The field.
        field: &'static str,
        /// What is wrong.
        text: String,
    },
    /// So many run already.
    #[error("max sessions reached: {running_max} processes run; kill one, or raise processes.running_max")]
    TooMany {
        /// How many may.
        running_max: usize,
    },
    /// A rule, or the kill switch, says no.
    #[error("{0}")]
    Denied(String),
    /// There is none that this caller can see.
    #[error("no such process")]
    NotFound,
    /// It has ended.
    #[error("Session not found or not running")]
    NotRunning,
    /// It does not take what it was told before.
    #[error("the process does not read its input; try again in a moment")]
    Busy,
    /// Its actor could not be started.
    #[error("the process could not be started: {0}")]
    Unstarted(String),
    /// Its transcript cannot be read or written.
    #[error("the transcript cannot be used")]
    Transcript(#[source] std::io::Error),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl ProcessError {
    pub(super) fn wish(field: &'static str, text: impl Into<String>) -> Self {
        Self::Wish { field, text: text.into() }
    }
}

impl From<DbError> for ProcessError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

impl From<OrderError> for ProcessError {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Gone => Self::NotRunning,
            OrderError::Busy => Self::Busy,
        }
    }
}

impl ProcessError {
    pub(super) fn refused(error: StartRefused, running_max: usize) -> Self {
        match error {
            StartRefused::TooMany => Self::TooMany { running_max },
            StartRefused::Failed(why) => Self::Unstarted(why),
        }
    }
}
