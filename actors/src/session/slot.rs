//! Bounded places in a queue: one slot travels with each turn, from its message to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// What a lane shows without being asked. Written by the lane and its slots.
pub(crate) struct LaneStatus {
    /// Slots that are taken.
    waiting: AtomicUsize,
    /// Whether a turn runs.
    running: AtomicBool,
    /// Milliseconds from `born` to the last activity.
    active_ms: AtomicU64,
    born: Instant,
}

impl LaneStatus {
    pub(crate) fn new() -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            running: AtomicBool::new(false),
            active_ms: AtomicU64::new(0),
            born: Instant::now(),
        }
    }

    /// Takes a slot if fewer than `limit` are taken.
    pub(crate) fn take(self: &Arc<Self>, limit: usize, tenant: Option<OwnedSemaphorePermit>) -> Option<Slot> {
        let free = |taken: usize| (taken < limit).then_some(taken + 1);
        self.waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, free).ok()?;
        Some(Slot { lane: Arc::clone(self), _tenant: tenant })
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    pub(crate) fn set_running(&self, running: bool) {
        self.running.store(running, Ordering::Release);
        self.touch();
    }

    /// Notes activity.
    pub(crate) fn touch(&self) {
        let ms = u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.active_ms.store(ms, Ordering::Release);
    }

    /// Time since the last activity; zero while anything waits or runs.
    pub(crate) fn idle_for(&self) -> Duration {
        if self.waiting() > 0 || self.is_running() {
            return Duration::ZERO;
        }
        self.born.elapsed().saturating_sub(Duration::from_millis(self.active_ms.load(Ordering::Acquire)))
    }
}

/// One taken place in a lane's queue and in its tenant's. Given back when dropped.
pub(crate) struct Slot {
    lane: Arc<LaneStatus>,
    /// `None` for turns of an earlier life: they are never refused.
    _tenant: Option<OwnedSemaphorePermit>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.lane.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}
