//! What was refused of late: in memory, because strangers must not be able to fill the store.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// Refusals that are kept of an endpoint.
const KEPT_MAX: usize = 20;

/// A request that an endpoint did not take. Its sender was told as little as possible.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The status of the answer.
    pub status: u16,
    /// Why, for the owner of the endpoint.
    pub why: String,
}

/// Counts of an endpoint since the start of the daemon, and its last refusals.
#[derive(Default)]
pub(super) struct Refusals {
    kept: Mutex<(u64, VecDeque<Refused>)>,
}

// === impl Refusals ===

impl Refusals {
    pub(super) fn note(&self, refused: Refused) {
        let mut kept = self.kept.lock();
        kept.0 += 1;
        if kept.1.len() == KEPT_MAX {
            kept.1.pop_front();
        }
        kept.1.push_back(refused);
    }

    /// How many there were, and the last ones, newest first.
    pub(super) fn all(&self) -> (u64, Vec<Refused>) {
        let kept = self.kept.lock();
        (kept.0, kept.1.iter().rev().cloned().collect())
    }
}
