//! The ledger's reads.

use crate::protocol::event::ThreadEvent;
use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::protocol::turn::PendingTurn;

use super::error::TurnsError;
use super::ledger::Turns;
use super::record::{StepRecord, TurnRecord};
use super::store::reads;

// === impl Turns ===

impl Turns {
    /// The turns of a thread that have not ended, oldest first. It queues behind all writes so far and
    /// sees them, so a lane that starts again misses none of its predecessor's.
    ///
    /// # Errors
    /// What the store answers.
    pub fn pending(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
    ) -> impl Future<Output = Result<Vec<PendingTurn>, TurnsError>> + Send + 'static + use<> {
        self.db().write(tenant, move |tx| Ok(reads::pending(tx, thread)?))
    }

    /// The tenants of this home.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn tenants(&self) -> Result<Vec<TenantId>, TurnsError> {
        self.db().read_system(|read| Ok(reads::tenants(read)?)).await
    }

    /// The threads of a tenant in which a turn has not ended: what a boot has to resume.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn threads_with_pending(&self, tenant: &TenantId) -> Result<Vec<ThreadId>, TurnsError> {
        self.db().read(tenant, |read| Ok(reads::threads_with_pending(read)?)).await
    }

    /// At most `limit` durable events of a thread after `after`, oldest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn events_after(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<ThreadEvent>, TurnsError> {
        self.db().read(tenant, move |read| Ok(reads::events_after(read, thread, after, limit)?)).await
    }

    /// Where a view that shows the stored messages starts its stream: before the oldest turn that has not
    /// ended, else after the last event. Taken before the messages are read, it leaves no gap.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn cursor(&self, tenant: &TenantId, thread: ThreadId) -> Result<i64, TurnsError> {
        self.db().read(tenant, move |read| Ok(reads::cursor(read, thread)?)).await
    }

    /// A turn of this tenant.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn turn(&self, tenant: &TenantId, turn: TurnId) -> Result<Option<TurnRecord>, TurnsError> {
        self.db().read(tenant, move |read| Ok(reads::turn(read, turn)?)).await
    }

    /// At most `limit` turns of a thread after `after`, oldest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn turns(
        &self,
        tenant: &TenantId,
        thread: ThreadId,
        after: Option<TurnId>,
        limit: usize,
    ) -> Result<Vec<TurnRecord>, TurnsError> {
        self.db().read(tenant, move |read| Ok(reads::turns(read, thread, after, limit)?)).await
    }

    /// The journal of a turn.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn steps(&self, tenant: &TenantId, turn: TurnId) -> Result<Vec<StepRecord>, TurnsError> {
        self.db().read(tenant, move |read| Ok(reads::steps(read, turn)?)).await
    }
}
