//! Why what is known about a person is not shown or changed.

use super::profile::PREFERENCES_MAX;
use crate::db::DbError;
use crate::identity::KeyReused;
use crate::vault::VaultError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum UserModelError {
    /// A field is not what it must be.
    #[error("{text}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What it must be.
        text: String,
    },
    /// There is no such topic or preference.
    #[error("nothing like that is known")]
    NotFound,
    /// There are as many preferences as there may be.
    #[error("there are {PREFERENCES_MAX} preferences, and no more are kept; remove some first")]
    TooMany,
    /// It was changed since the caller read it.
    #[error("it was changed since you read it; read it again and repeat your change")]
    Stale,
    /// What is known cannot be opened.
    #[error("what is known cannot be read: its key is not here, or it was altered. Forget it, to begin anew")]
    Unreadable,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The vault said no.
    #[error(transparent)]
    Vault(VaultError),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] DbError),
}

impl From<VaultError> for UserModelError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Broken(_) => Self::Unreadable,
            VaultError::Store(error) => Self::Store(error),
            other => Self::Vault(other),
        }
    }
}
