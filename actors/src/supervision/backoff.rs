//! How long to wait before the next restart: exponential, bounded, with jitter. Pure.
//!
//! The first failure after a healthy run restarts at once, so that a single crash costs nobody a
//! wait; only failures that follow each other closely are slowed down.

use std::time::Duration;

/// Growth of the wait between restarts that follow each other closely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The wait before the second restart in a row; it doubles from there.
    pub first: Duration,
    /// The longest wait.
    pub max: Duration,
    /// How much of the wait is random, in percent of it (0 to 100), so that children that failed
    /// together do not come back together.
    pub jitter_percent: u8,
    /// A child that ran this long is healthy: its next failure is a first one again.
    pub healthy_after: Duration,
}

// === impl Backoff ===

impl Backoff {
    /// The wait before the restart that follows failure number `in_a_row` (1 = the first).
    /// `random` is in `0.0..1.0`.
    pub fn delay(&self, in_a_row: u32, random: f64) -> Duration {
        let Some(doublings) = in_a_row.checked_sub(2) else { return Duration::ZERO };
        let full = self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.max);
        let jitter = f64::from(self.jitter_percent.min(100)) / 100.0;
        full.mul_f64(1.0 - jitter * random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests;
