//! The time that a turn may work. It stands still while a person is asked.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::protocol::ids::ApprovalId;

/// Questions that one turn can have open; while there are more, the clock runs.
pub(super) const OPEN_MAX: usize = 64;
/// Time after the last question should have ended by itself, for whoever waits to say so.
const SLACK: Duration = Duration::from_secs(60);

/// See the module. Owned by the turn.
pub(super) struct TurnClock {
    /// Time that is left, counted from `since`.
    left: Duration,
    /// When it began to run; `None` while it stands.
    since: Option<Instant>,
    /// When it has stood long enough.
    stands_until: Instant,
    open: HashSet<ApprovalId>,
}

impl TurnClock {
    pub(super) fn new(deadline: Duration) -> Self {
        let now = Instant::now();
        Self { left: deadline, since: Some(now), stands_until: now, open: HashSet::new() }
    }

    /// A question is open. Waiting is bounded by the end of the last of them.
    pub(super) fn ask(&mut self, question: ApprovalId, expires_in: Duration) {
        if self.open.len() >= OPEN_MAX || !self.open.insert(question) {
            return;
        }
        let now = Instant::now();
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(now.duration_since(since));
            self.stands_until = now;
        }
        self.stands_until = self.stands_until.max(now + expires_in + SLACK);
    }

    /// A question is decided.
    pub(super) fn decide(&mut self, question: ApprovalId) {
        if self.open.remove(&question) && self.open.is_empty() {
            self.since = Some(Instant::now());
        }
    }

    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// Waits for the end of the time.
    pub(super) async fn expired(&self) {
        sleep_until(match self.since {
            Some(since) => since + self.left,
            None => self.stands_until,
        })
        .await;
    }
}
