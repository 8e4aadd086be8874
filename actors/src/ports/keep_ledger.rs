//! `KeepLedger`: what a session writes to the store, in the order in which it must be durable.
//!
//! Every function *queues* its transaction before it returns, in the order of the
//! calls; the future is its commit. So a caller may start other work at once, and a
//! later write is never durable before an earlier one.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::protocol::journal::TurnLog;
use crate::protocol::turn::{Accepted, Inbound, PendingTurn, Settlement};

/// Why a write did not happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LedgerError {
    /// The disk is full. Nothing was written; it works again when there is space.
    #[error("the disk that holds the data folder is full")]
    DiskFull,
    /// The store failed or is restarting. Nothing was acknowledged.
    #[error("the store is not available")]
    Unavailable,
    /// The turn has ended, or another life of the daemon owns it.
    #[error("the turn is not ours any more")]
    Fenced,
}

/// Why a message was not accepted. Nothing was stored.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AcceptError {
    /// Too much is waiting; nothing was dropped, send it again after the delay.
    #[error("too many messages are waiting; try again in {} s", retry_after.as_secs().max(1))]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The key was used before with other content.
    #[error("this idempotency key was used for another message")]
    KeyReused,
    /// There is no such thread.
    #[error("no such thread")]
    NoThread,
    /// The session is out of service until somebody releases it.
    #[error("this session is quarantined: {reason}; restart it on the Runtime page")]
    Quarantined {
        /// The last crash.
        reason: String,
    },
    /// Nothing is started for this tenant until somebody releases it.
    #[error("{reason}")]
    Held {
        /// Who holds it, since when, and how it is released.
        reason: String,
    },
    /// Somebody who watches sessions does not let this one wake. The next message asks again.
    #[error("{reason}")]
    Refused {
        /// Who and why.
        reason: String,
    },
    /// The store said no.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The session did not answer.
    #[error("the session did not answer in time")]
    Timeout,
}

/// See the module.
pub trait KeepLedger: Send + Sync + 'static {
    /// The turns of a thread that have not ended, in the order of their messages.
    fn pending(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
    ) -> BoxFuture<'static, Result<Vec<PendingTurn>, LedgerError>>;

    /// Stores a message with its turn and its `accepted` event. With `begin` the turn is `Running`
    /// (attempt 1, step started) from the first moment, else `Queued`. `turn_id` is used unless the key is known.
    fn accept(
        &self,
        inbound: Inbound,
        turn: TurnId,
        begin: bool,
    ) -> BoxFuture<'static, Result<Accepted, AcceptError>>;

    /// Marks a queued turn, or one of an earlier life, as running with this attempt.
    fn begin(
        &self,
        tenant: &TenantId,
        turn: TurnId,
        attempt: u32,
    ) -> BoxFuture<'static, Result<(), LedgerError>>;

    /// Appends events and journal entries of a running turn, all or none; subscribers see the events once they are
    /// durable. After an `approval` event with `open` above 0 the turn counts as waiting.
    fn append(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        turn: TurnId,
        log: TurnLog,
    ) -> BoxFuture<'static, Result<(), LedgerError>>;

    /// Ends a queued or running turn with its answer, the rest of its events, usage and its last event,
    /// in one transaction. `Fenced` when it has ended already.
    fn settle(&self, settlement: Settlement) -> BoxFuture<'static, Result<(), LedgerError>>;
}
