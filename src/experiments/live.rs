//! Experiments that run now: how their actors are told that something was decided, out of band of whatever they do.
//! Holds no truth: what was decided is in the store.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use crate::protocol::ids::{ExperimentId, TenantId};

/// Which experiment of whom.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ExperimentKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which.
    pub id: ExperimentId,
}

/// Counts what was decided about one experiment.
pub type Signal = watch::Receiver<u64>;

/// See the module. Bounded by what runs.
#[derive(Default)]
pub(super) struct LiveTable {
    signals: Mutex<HashMap<ExperimentKey, watch::Sender<u64>>>,
    tenants: Mutex<HashMap<TenantId, Arc<Notify>>>,
    moved: Notify,
}

// === impl LiveTable ===

impl LiveTable {
    pub(super) fn watch(&self, key: ExperimentKey) -> Signal {
        self.signals.lock().entry(key).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// Tells the actor of an experiment to look at the store now.
    pub(super) fn signal(&self, key: &ExperimentKey) {
        if let Some(signal) = self.signals.lock().get(key) {
            signal.send_modify(|count| *count += 1);
        }
    }

    /// Forgets those that nobody watches.
    pub(super) fn forget(&self, key: &ExperimentKey) {
        let mut signals = self.signals.lock();
        if signals.get(key).is_some_and(|signal| signal.receiver_count() == 0) {
            signals.remove(key);
        }
    }

    /// Tells the keeper of a tenant that others shall run now.
    pub(super) fn changed(&self, tenant: &TenantId) {
        self.bell(tenant).notify_one();
    }

    /// An experiment is in another state.
    pub(super) fn moved(&self) {
        self.moved.notify_one();
    }

    pub(super) async fn until_moved(&self) {
        self.moved.notified().await;
    }

    pub(super) fn bell(&self, tenant: &TenantId) -> Arc<Notify> {
        Arc::clone(self.tenants.lock().entry(tenant.clone()).or_default())
    }
}
