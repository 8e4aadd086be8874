//! Why a fact is not stored, changed or found.

use std::io;

use crate::db::DbError;
use crate::identity::KeyReused;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// A field is not what it must be.
    #[error("{text}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What it must be.
        text: String,
    },
    /// There are as many facts as there may be.
    #[error("there are {} facts, and no more are kept; forget some first", super::FACTS_MAX)]
    TooMany,
    /// There is a fact with this key in the same place.
    #[error("there is a fact with this key already")]
    KeyTaken,
    /// Pinned facts have no room left in prompts.
    #[error(
        "pinned facts have {0} bytes in a prompt, and it does not fit beside the others; unpin some first"
    )]
    PinnedFull(usize),
    /// It was changed since the caller read it.
    #[error("the fact was changed by somebody else; read it again")]
    Stale,
    /// A conversation that has read untrusted text may not replace or forget it.
    #[error(
        "this fact is trusted, and this conversation has read untrusted text: it cannot change it. Use another key, \
         or ask the person to change it on the page Library"
    )]
    Trusted,
    /// There is none.
    #[error("no such fact")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// What was used.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl From<DbError> for MemoryError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Duplicate(_) => Self::KeyTaken,
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}
