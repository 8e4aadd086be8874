//! Makes the children that run those that shall run: at start, after every change, and from time to time.
//!
//! Supervised by the tenant. Holds no truth: what shall run is in the store, what runs is in the tree.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ports::keep_running::{KeepRunning, KeptKey, Wanted};
use crate::protocol::ids::TenantId;
use crate::supervision::{CallError, SupervisorHandle};

/// Longest time between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// See the module.
pub(super) struct Keeper {
    supervisor: SupervisorHandle,
    tenant: TenantId,
    port: Arc<dyn KeepRunning>,
    /// What was started with which revision. Bounded by what there is.
    started: HashMap<Arc<str>, u64>,
}

// === impl Keeper ===

impl Keeper {
    pub(super) fn new(supervisor: SupervisorHandle, tenant: TenantId, port: Arc<dyn KeepRunning>) -> Self {
        Self { supervisor, tenant, port, started: HashMap::new() }
    }

    /// Runs until dropped.
    pub(super) async fn run(mut self) {
        loop {
            match self.port.wanted(&self.tenant).await {
                Ok(wanted) => self.settle(wanted).await,
                Err(error) => tracing::warn!(%error, "the list of what shall run could not be read"),
            }
            let changed = self.port.changed(&self.tenant);
            // silent-ok: both ends of the wait lead to the next look
            let _ = tokio::time::timeout(LOOK_AGAIN, changed).await;
        }
    }

    async fn settle(&mut self, wanted: Vec<Wanted>) {
        let running = match self.supervisor.which_children().await {
            Ok(children) => children,
            Err(error) => return tracing::debug!(%error, "the supervisor of kept children did not answer"),
        };
        let is_wanted = |name: &str| wanted.iter().any(|one| &*one.name == name);
        let mut unwanted: Vec<Arc<str>> = running.into_iter().map(|child| child.id).collect();
        unwanted.extend(self.started.keys().cloned());
        unwanted.retain(|name| !is_wanted(name));
        for name in unwanted {
            self.end(&name).await;
            self.started.remove(&name);
        }
        for one in wanted {
            if self.started.get(&one.name) != Some(&one.revision) {
                // What runs, waits or is in quarantine under this name has other settings.
                self.end(&one.name).await;
            }
            self.begin(&one).await;
        }
    }

    async fn end(&self, name: &str) {
        match self.supervisor.terminate_child(name).await {
            Ok(()) | Err(CallError::NotFound) => {}
            Err(error) => tracing::warn!(name, %error, "a kept child could not be stopped"),
        }
    }

    async fn begin(&mut self, one: &Wanted) {
        let key = KeptKey { tenant: self.tenant.clone(), name: Arc::clone(&one.name) };
        let started = self.supervisor.start_child(&one.name, Some(Arc::new(key.clone()))).await;
        match started {
            Ok(_) | Err(CallError::AlreadyStarted(_) | CallError::Restarting | CallError::AlreadyPresent) => {
            }
            Err(CallError::Quarantined { reason, .. }) => {
                self.port.is_down(&key, &format!("quarantined: {reason}"));
            }
            Err(error) => {
                self.started.remove(&one.name);
                return self.port.is_down(&key, &error.to_string());
            }
        }
        self.started.insert(Arc::clone(&one.name), one.revision);
    }
}
