//! Makes the servers that run those that shall run: at start, after every change, and from time to time.
//!
//! Supervised by the tenant. Holds no truth: what shall run is in the store, what runs is in the tree.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ports::run_servers::{RunServers, ServerKey, WantedServer};
use crate::protocol::ids::TenantId;
use crate::supervision::{CallError, SupervisorHandle};

/// Longest time between two looks.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// See the module.
pub(super) struct Keeper {
    supervisor: SupervisorHandle,
    tenant: TenantId,
    port: Arc<dyn RunServers>,
    /// What was started with which revision. Bounded by the servers that there are.
    started: HashMap<Arc<str>, u64>,
}

// === impl Keeper ===

impl Keeper {
    pub(super) fn new(supervisor: SupervisorHandle, tenant: TenantId, port: Arc<dyn RunServers>) -> Self {
        Self { supervisor, tenant, port, started: HashMap::new() }
    }

    /// Runs until dropped.
    pub(super) async fn run(mut self) {
        loop {
            match self.port.wanted(&self.tenant).await {
                Ok(wanted) => self.settle(wanted).await,
                Err(error) => tracing::warn!(%error, "the list of MCP servers could not be read"),
            }
            let changed = self.port.changed(&self.tenant);
            // silent-ok: both ends of the wait lead to the next look
            let _ = tokio::time::timeout(LOOK_AGAIN, changed).await;
        }
    }

    async fn settle(&mut self, wanted: Vec<WantedServer>) {
        let running = match self.supervisor.which_children().await {
            Ok(children) => children,
            Err(error) => return tracing::debug!(%error, "the supervisor of MCP servers did not answer"),
        };
        let is_wanted = |name: &str| wanted.iter().any(|server| &*server.name == name);
        let mut unwanted: Vec<Arc<str>> = running.into_iter().map(|child| child.id).collect();
        unwanted.extend(self.started.keys().cloned());
        unwanted.retain(|name| !is_wanted(name));
        for name in unwanted {
            self.end(&name).await;
            self.started.remove(&name);
        }
        for server in wanted {
            if self.started.get(&server.name) != Some(&server.revision) {
                // What runs, waits or is in quarantine under this name has other settings.
                self.end(&server.name).await;
            }
            self.begin(&server).await;
        }
    }

    async fn end(&self, name: &str) {
        match self.supervisor.terminate_child(name).await {
            Ok(()) | Err(CallError::NotFound) => {}
            Err(error) => tracing::warn!(name, %error, "an MCP server could not be stopped"),
        }
    }

    async fn begin(&mut self, server: &WantedServer) {
        let key = ServerKey { tenant: self.tenant.clone(), name: Arc::clone(&server.name) };
        let started = self.supervisor.start_child(&server.name, Some(Arc::new(key.clone()))).await;
        match started {
            Ok(_) | Err(CallError::AlreadyStarted(_) | CallError::Restarting | CallError::AlreadyPresent) => {
            }
            Err(CallError::Quarantined { reason, .. }) => {
                self.port.is_down(&key, &format!("quarantined: {reason}"));
            }
            Err(error) => {
                self.started.remove(&server.name);
                return self.port.is_down(&key, &error.to_string());
            }
        }
        self.started.insert(Arc::clone(&server.name), server.revision);
    }
}
