//! Why a channel is not made, changed or found.

use crate::db::DbError;
use crate::identity::KeyReused;
use crate::vault::VaultError;
use crate::webhooks::verify::BadSecret;
use crate::workspaces::WorkspaceError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// A field is not what it must be.
    #[error("{why}")]
    Field {
        /// Its path.
        field: &'static str,
        /// What it must be.
        why: String,
    },
    /// A credential that can verify nothing.
    #[error("{name}: {error}")]
    Credential {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        error: BadSecret,
    },
    /// Another channel has this name.
    #[error("another channel has this name")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are {0} channels already, and no more can run")]
    TooMany(usize),
    /// It was changed since the caller read it.
    #[error("the channel was changed by somebody else; read it again")]
    Stale,
    /// There is none.
    #[error("no such channel, sender or message")]
    NotFound,
    /// The code is wrong or old.
    #[error("no stranger has this code, or it is older than an hour; let them write again for another one")]
    WrongCode,
    /// The workspace does not exist.
    #[error("there is no such workspace")]
    NoWorkspace,
    /// Another daemon holds the lease.
    #[error("another daemon runs this channel at the moment")]
    Leased,
    /// The vault does not seal or open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A thread cannot be had.
    #[error(transparent)]
    Thread(#[from] WorkspaceError),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl From<DbError> for ChannelError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NoRow => Self::NotFound,
            DbError::Duplicate(_) => Self::NameTaken,
            other => Self::Store(other),
        }
    }
}
