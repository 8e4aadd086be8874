//! Why the ledger did not do it.

use crate::db::DbError;

/// See the module. Nothing was written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TurnsError {
    /// The turn has ended, or a newer life of the daemon owns it.
    #[error("the turn is not ours any more")]
    Fenced,
    /// The tenant has no such thread.
    #[error("no such thread")]
    NoThread,
    /// The idempotency key belongs to another message.
    #[error("this idempotency key was used for another message")]
    KeyReused,
    /// The store said no.
    #[error(transparent)]
    Store(#[from] DbError),
}
