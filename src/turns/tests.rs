//! The ledger over a real store in a temporary folder.

mod ending;
mod history;
mod housekeeping;
mod journal;
mod streams;
mod support;
mod taking_in;
mod tenants;

use crate::protocol::ids::{TenantId, ThreadId, TurnId};

use super::{History, HistoryLimits, OwnMessage, Said, Turns, TurnsError};

impl Turns {
    /// What a turn is told, in a read of its own.
    async fn conversation(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        turn: TurnId,
        own: OwnMessage,
        limits: HistoryLimits,
    ) -> Result<History, TurnsError> {
        self.db().read(tenant, move |read| limits.history(read, thread, turn, own)).await
    }

    /// Its messages alone.
    async fn history(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        turn: TurnId,
        own: OwnMessage,
        limits: HistoryLimits,
    ) -> Result<Vec<Said>, TurnsError> {
        Ok(self.conversation(tenant, thread, turn, own, limits).await?.said)
    }
}
