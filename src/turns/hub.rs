//! The event hub: what was just logged, to whoever watches a thread.
//!
//! Written by the store's writer after each commit, in the order of the log; read by streams. It keeps
//! nothing: a thread that nobody watches costs one look at a map, and a watcher that falls behind is
//! told so and reads the log.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::protocol::event::ThreadEvent;
use crate::protocol::ids::{TenantId, ThreadId};

/// Events that a watcher may be behind before it has to read the log.
const BEHIND_MAX: usize = 32;
/// Parts of the map with a lock of their own.
const SHARDS: usize = 16;

/// A thread together with its tenant: who knows only the id of a thread watches nothing.
type Watched = (TenantId, ThreadId);
type Shard = Mutex<HashMap<Watched, broadcast::Sender<ThreadEvent>>>;

/// See the module. Cheap to clone.
#[derive(Clone, Default)]
pub struct EventHub {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    shards: [Shard; SHARDS],
    /// Threads that are watched; while it is zero, publishing touches nothing else.
    watched: AtomicUsize,
}

/// One watcher of one thread. Dropping it forgets the thread when it was the last.
pub struct Subscription {
    shared: Arc<Shared>,
    thread: Watched,
    /// `None` only while it is dropped.
    events: Option<broadcast::Receiver<ThreadEvent>>,
}

/// This watcher was too slow: events are missing here, and are in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the watcher fell behind")]
pub struct Missed;

// === impl EventHub ===

impl EventHub {
    /// A hub that nobody watches.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every event of this tenant's thread that is published from now on.
    #[must_use]
    pub fn subscribe(&self, tenant: &TenantId, thread: ThreadId) -> Subscription {
        let thread = (tenant.clone(), thread);
        let mut shard = self.shared.shard(thread.1).lock();
        let sender = shard.entry(thread.clone()).or_insert_with(|| {
            self.shared.watched.fetch_add(1, Ordering::SeqCst);
            broadcast::channel(BEHIND_MAX).0
        });
        let events = Some(sender.subscribe());
        Subscription { shared: Arc::clone(&self.shared), thread, events }
    }

    /// Hands events of one thread to its watchers, in this order. For the writer, after the commit.
    pub fn publish(&self, tenant: &TenantId, events: &[ThreadEvent]) {
        let Some(first) = events.first() else { return };
        if self.shared.watched.load(Ordering::SeqCst) == 0 {
            return;
        }
        let shard = self.shared.shard(first.thread).lock();
        if let Some(sender) = shard.get(&(tenant.clone(), first.thread)) {
            for event in events {
                // silent-ok: the last watcher is leaving this very moment.
                let _ = sender.send(event.clone());
            }
        }
    }

    /// Threads that somebody watches.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.shared.watched.load(Ordering::SeqCst)
    }
}

// === impl Shared ===

impl Shared {
    fn shard(&self, thread: ThreadId) -> &Shard {
        // The last byte of an id is random.
        let [.., last] = *thread.as_bytes();
        let [first, ..] = &self.shards;
        self.shards.get(usize::from(last) % SHARDS).unwrap_or(first)
    }
}

// === impl Subscription ===

impl Subscription {
    /// The next event.
    ///
    /// # Errors
    /// [`Missed`] when this watcher fell behind.
    pub async fn next(&mut self) -> Result<ThreadEvent, Missed> {
        match &mut self.events {
            Some(events) => events.recv().await.map_err(|error| match error {
                RecvError::Lagged(_) | RecvError::Closed => Missed,
            }),
            None => Err(Missed),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut shard = self.shared.shard(self.thread.1).lock();
        self.events = None;
        if shard.get(&self.thread).is_some_and(|sender| sender.receiver_count() == 0) {
            shard.remove(&self.thread);
            self.shared.watched.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
