//! The ledger over a real store in a temporary folder.

mod ending;
mod history;
mod housekeeping;
mod streams;
mod support;
mod taking_in;
mod tenants;

use crate::protocol::ids::{TenantId, ThreadId, TurnId};

use super::{HistoryLimits, OwnMessage, Said, Turns, TurnsError};

impl Turns {
    /// The history of a turn in a read of its own.
    async fn history(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        turn: TurnId,
        own: OwnMessage,
        limits: HistoryLimits,
    ) -> Result<Vec<Said>, TurnsError> {
        self.db().read(tenant, move |read| limits.history(read, thread, turn, own)).await
    }
}
