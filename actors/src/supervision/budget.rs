//! A child's own restart budget. Pure.
//!
//! Beyond OTP: a child with a budget never counts against its supervisor's intensity. It is
//! restarted with growing waits, and when the budget is spent it is quarantined alone.

use std::time::Duration;

use tokio::time::Instant;

use super::backoff::Backoff;
use super::intensity::{Intensity, RestartWindow};

/// What a child may cost before it is quarantined.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// How many restarts within which time.
    pub limit: Intensity,
    /// The waits between restarts; without, every restart is at once.
    pub backoff: Option<Backoff>,
    /// When a quarantined child is given another chance; `None` leaves it to an operator.
    pub release_after: Option<Duration>,
}

/// How much of its budget a child has used. Exists only for children that have failed.
#[derive(Clone, Debug)]
pub struct Spending {
    window: RestartWindow,
    in_a_row: u32,
}

/// What a failure means under a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Start it again now.
    RestartNow,
    /// Start it again after this wait.
    RestartAfter(Duration),
    /// The budget is spent: leave it down.
    Quarantine,
}

// === impl Spending ===

impl Spending {
    /// Nothing spent yet.
    pub fn new(budget: &Budget) -> Self {
        Self { window: RestartWindow::new(budget.limit), in_a_row: 0 }
    }

    /// Counts a failure of a child that had run for `ran` (zero when it did not even start).
    /// `random` is in `0.0..1.0`.
    pub fn failed(&mut self, budget: &Budget, ran: Duration, now: Instant, random: f64) -> Verdict {
        if budget.backoff.is_some_and(|backoff| ran >= backoff.healthy_after) {
            self.in_a_row = 0;
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
        if !self.window.record(now) {
            return Verdict::Quarantine;
        }
        let wait = budget.backoff.map_or(Duration::ZERO, |backoff| backoff.delay(self.in_a_row, random));
        if wait.is_zero() { Verdict::RestartNow } else { Verdict::RestartAfter(wait) }
    }

    /// Restarts within the budget's window that ends at `now`.
    pub fn count(&self, now: Instant) -> u32 {
        self.window.count(now)
    }
}

#[cfg(test)]
mod tests;
