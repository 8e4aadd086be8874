//! The endpoints, in memory: looked up for every request, before anything is read or written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
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
    /// Whether something may wait to be dispatched: where nothing does, nobody looks.
    pub(super) waits: AtomicBool,
    /// When the oldest of it is due, in milliseconds since 1970, as the last look found it; before that nobody looks again.
    pub(super) due_ms: AtomicI64,
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

/// Endpoints by their tenants.
pub(super) type Endpoints = HashMap<TenantId, Vec<Arc<Live>>>;

/// See the module.
#[derive(Default)]
pub(super) struct Table {
    live: ArcSwap<HashMap<WebhookId, Arc<Live>>>,
    traffic: DashMap<WebhookId, Arc<Traffic>>,
}

// === impl Traffic ===

impl Default for Traffic {
    fn default() -> Self {
        let (window, refusals) = (Mutex::default(), Refusals::default());
        // What an earlier life left is found by the first look.
        let (waits, due_ms) = (AtomicBool::new(true), AtomicI64::new(0));
        Self { since: Instant::now(), window, waits, due_ms, refusals }
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

    /// The endpoints at which something may be due, by their tenants, and when the first of the others is. Whoever asks looks at
    /// all of them.
    pub(super) fn waiting(&self, busy: &HashSet<WebhookId>, now_ms: i64) -> (Endpoints, Option<i64>) {
        let (mut waiting, mut next_ms) = (Endpoints::new(), None::<i64>);
        for live in self.live.load().values().filter(|live| !busy.contains(&live.endpoint.id)) {
            let due_ms = live.traffic.due_ms.load(Ordering::Acquire);
            if due_ms > now_ms {
                next_ms = Some(next_ms.map_or(due_ms, |next| next.min(due_ms)));
            } else if live.traffic.waits.swap(false, Ordering::AcqRel) {
                // Lowered before the look: what comes after it raises it again.
                waiting.entry(live.tenant.clone()).or_default().push(Arc::clone(live));
            }
        }
        (waiting, next_ms)
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
