//! Why a notice, a rule or a setting is not found or changed.

use crate::db::DbError;
use crate::identity::KeyReused;
use crate::vault::VaultError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// A field is wrong: which, and how, as the end of a sentence that begins with its name.
    #[error("{field} {text}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong.
        text: String,
    },
    /// There is no such thing that this caller can see.
    #[error("no such notification or rule")]
    NotFound,
    /// A workspace has one rule for a pattern.
    #[error("there is a rule for this pattern here already; change that one")]
    Taken,
    /// There are as many as there may be.
    #[error("there are {0} already, and more are not kept; remove some first")]
    TooMany(usize),
    /// Somebody else changed it.
    #[error("it was changed since it was read")]
    Stale,
    /// This way out is not set up.
    #[error("{0}")]
    NotSetUp(&'static str),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The vault does not keep the key that signs pushes.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl NotificationError {
    pub(super) fn field(field: &'static str, text: impl Into<String>) -> Self {
        Self::Field { field, text: text.into() }
    }
}

impl From<DbError> for NotificationError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}
