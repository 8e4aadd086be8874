//! How counts reach the store: every second, and before a call of a turn.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::handle::Budgets;
use super::meter::{Instance, Meter};
use super::store;
use crate::db::DbError;
use crate::protocol::ids::TenantId;

/// How often counts are written, as tokens of stateless calls are.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// How long the counts of windows that are over are kept.
const KEPT_MS: i64 = 62 * 86_400_000;

impl Budgets {
    /// Writes counts every second, and once more when told to stop. For the supervision tree.
    pub async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(FLUSH_EVERY)).await.is_some() {
            self.flush_or_warn().await;
        }
        self.flush_or_warn().await;
    }

    /// Writes every count that changed.
    ///
    /// # Errors
    /// The first that the store answers; what was not written is written the next time.
    pub async fn flush(&self) -> Result<(), DbError> {
        let now_ms = self.now_ms();
        let tenants: Vec<TenantId> = {
            let mut state = self.inner.state.lock();
            state.meters.values_mut().for_each(|meter| meter.forget_over(now_ms));
            let over = state.over.iter().map(|(tenant, _)| tenant);
            let changed = state.meters.iter().filter(|(_, meter)| !meter.unstored().is_empty());
            changed.map(|(tenant, _)| tenant).chain(over).cloned().collect()
        };
        let mut outcome = Ok(());
        for tenant in tenants {
            outcome = outcome.and(self.flush_tenant(&tenant).await);
        }
        outcome
    }

    /// Forgets counts of windows that were over long ago.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn prune(&self) -> Result<(), DbError> {
        let before_ms = self.now_ms().saturating_sub(KEPT_MS);
        for tenant in self.inner.db.read_system(store::tenants).await? {
            self.inner.db.write(&tenant, move |tx| store::prune(tx, before_ms)).await?;
        }
        Ok(())
    }

    /// Queues a write of the tenant's counts; they are read when it is their turn, so the last one is right.
    pub(super) fn flush_tenant(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<(), DbError>> + use<> {
        let (inner, owner) = (Arc::clone(&self.inner), tenant.clone());
        self.inner.db.write(tenant, move |tx| {
            let (changed, over) = {
                let mut state = inner.state.lock();
                let changed = state.meters.get(&owner).map(Meter::unstored).unwrap_or_default();
                let (over, others) =
                    std::mem::take(&mut state.over).into_iter().partition(|(tenant, _)| *tenant == owner);
                state.over = others;
                (changed, over)
            };
            changed.iter().try_for_each(|(key, counter)| store::keep(tx, key, counter))?;
            let over: Vec<(TenantId, Instance)> = over;
            over.iter().try_for_each(|(_, turn)| store::forget(tx, turn))?;
            tx.on_commit(move || {
                if let Some(meter) = inner.state.lock().meters.get_mut(&owner) {
                    meter.stored(&changed);
                }
            });
            Ok(())
        })
    }

    async fn flush_or_warn(&self) {
        if let Err(error) = self.flush().await {
            tracing::warn!(%error, "what was spent could not be written; it is kept for the next try");
        }
    }
}
