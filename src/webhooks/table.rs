//! The endpoints, in memory: looked up for every request, before anything is read or written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use dashmap::DashMap;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::endpoint::Endpoint;
use super::refusals::Refusals;
use super::store::SealedSecrets;
use super::verify::Key;
use super::window::Window;
use crate::protocol::ids::{TenantId, WebhookId};

/// What an endpoint keeps over its changes.
pub(super) struct Traffic {
    since: Instant,
    pub(super) window: Mutex<Window>,
    pub(super) refusals: Refusals,
}

/// The keys that verify, once the vault has opened them.
pub(super) struct Keys {
    /// The key of now, then the one before it.
    pub(super) all: Vec<Key>,
}

/// An endpoint as it is now.
pub(super) struct Live {
    pub(super) tenant: TenantId,
    pub(super) endpoint: Endpoint,
    pub(super) sealed: SealedSecrets,
    pub(super) keys: OnceCell<Keys>,
    pub(super) traffic: Arc<Traffic>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Table {
    live: ArcSwap<HashMap<WebhookId, Arc<Live>>>,
    traffic: DashMap<WebhookId, Arc<Traffic>>,
}

// === impl Traffic ===

impl Default for Traffic {
    fn default() -> Self {
        Self { since: Instant::now(), window: Mutex::default(), refusals: Refusals::default() }
    }
}

impl Traffic {
    /// See [`Window::take`]. Time here is that of a clock that nobody sets.
    pub(super) fn take(&self, per_minute: u32) -> Result<i64, i64> {
        let now_ms = i64::try_from(self.since.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.window.lock().take(now_ms, per_minute)
    }
}

// === impl Keys ===

impl Keys {
    /// Those that are good now.
    pub(super) fn good(&self, old_until_ms: Option<i64>, now_ms: i64) -> &[Key] {
        let before_is_good = old_until_ms.is_some_and(|until| now_ms < until);
        let good = if before_is_good { self.all.len() } else { self.all.len().min(1) };
        self.all.get(..good).unwrap_or_default()
    }
}

// === impl Table ===

impl Table {
    pub(super) fn get(&self, id: WebhookId) -> Option<Arc<Live>> {
        self.live.load().get(&id).cloned()
    }

    /// What happened at an endpoint since the start.
    pub(super) fn traffic(&self, id: WebhookId) -> Arc<Traffic> {
        Arc::clone(&self.traffic.entry(id).or_default())
    }

    /// Whose endpoints there are.
    pub(super) fn tenants(&self) -> HashSet<TenantId> {
        self.live.load().values().map(|live| live.tenant.clone()).collect()
    }

    /// Puts these in the place of all.
    pub(super) fn replace(&self, all: Vec<(TenantId, Endpoint, SealedSecrets)>) {
        let live = all.into_iter().map(|(tenant, endpoint, sealed)| {
            let traffic = self.traffic(endpoint.id);
            (endpoint.id, Arc::new(Live { tenant, endpoint, sealed, keys: OnceCell::new(), traffic }))
        });
        let live: HashMap<_, _> = live.collect();
        self.traffic.retain(|id, _| live.contains_key(id));
        self.live.store(Arc::new(live));
    }
}
