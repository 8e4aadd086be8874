//! Why an assistant is not made, changed or found.

use crate::db::DbError;
use crate::identity::KeyReused;
use crate::models::BadChain;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum AssistantError {
    /// A field is empty, too long, or has control characters.
    #[error("has 1 to {chars_max} characters and no control characters")]
    Field {
        /// Its name.
        field: &'static str,
        /// Its most characters.
        chars_max: usize,
    },
    /// Its models are no chain.
    #[error(transparent)]
    Chain(#[from] BadChain),
    /// Another assistant has this name.
    #[error("another assistant has this name")]
    NameTaken,
    /// It was changed since the caller read it.
    #[error("the assistant was changed by somebody else; read it again")]
    Stale,
    /// The default assistant stays.
    #[error("the default assistant cannot be deleted; make another one the default first")]
    IsDefault,
    /// There is none.
    #[error("no such assistant")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl From<DbError> for AssistantError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Duplicate(_) => Self::NameTaken,
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}
