//! Why an endpoint is not made, changed or found.

use super::verify::BadSecret;
use crate::db::DbError;
use crate::identity::KeyReused;
use crate::vault::VaultError;
use crate::workspaces::WorkspaceError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// A field is not what it must be.
    #[error("{why}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What it must be.
        why: String,
    },
    /// The secret cannot be one of this source.
    #[error(transparent)]
    Secret(#[from] BadSecret),
    /// Another endpoint has this name.
    #[error("another endpoint has this name")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are {0} endpoints already; delete one that nobody uses")]
    TooMany(usize),
    /// It was changed since the caller read it.
    #[error("the endpoint was changed by somebody else; read it again")]
    Stale,
    /// It is over with it.
    #[error("the endpoint is revoked for ever; make another one")]
    Revoked,
    /// There is none.
    #[error("no such endpoint or delivery")]
    NotFound,
    /// The workspace does not exist.
    #[error("there is no such workspace")]
    NoWorkspace,
    /// The body was deleted by now.
    #[error("the body of this delivery is not kept any more")]
    BodyGone,
    /// The vault does not seal or open.
    #[error(transparent)]
    Vault(#[from] VaultError),
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

impl From<DbError> for WebhookError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NoRow => Self::NotFound,
            DbError::Duplicate(_) => Self::NameTaken,
            other => Self::Store(other),
        }
    }
}
