//! Restart intensity: at most so many restarts within a sliding window. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::spec::SpecError;

/// At most `restarts` restarts within `within`; one more is too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    /// How many restarts are tolerated; 0 tolerates none.
    pub restarts: u32,
    /// The length of the window, longer than zero.
    pub within: Duration,
}

/// The restarts of the last window. Holds at most one more time than it tolerates.
#[derive(Clone, Debug)]
pub struct RestartWindow {
    limit: Intensity,
    at: VecDeque<Instant>,
}

// === impl Intensity ===

impl Intensity {
    /// OTP's default: one restart in five seconds.
    pub const DEFAULT: Self = Self { restarts: 1, within: Duration::from_secs(5) };

    /// Checks numbers as OTP does: `restarts` at least 0, `within` longer than zero.
    pub fn new(restarts: i64, within: Duration) -> Result<Self, SpecError> {
        let restarts = u32::try_from(restarts).map_err(|_| SpecError::InvalidIntensity(restarts))?;
        if within.is_zero() {
            return Err(SpecError::InvalidPeriod("0".to_owned()));
        }
        Ok(Self { restarts, within })
    }
}

// === impl RestartWindow ===

impl RestartWindow {
    /// An empty window.
    pub fn new(limit: Intensity) -> Self {
        Self { limit, at: VecDeque::new() }
    }

    /// Counts a restart at `now`; false when it is one too many.
    pub fn record(&mut self, now: Instant) -> bool {
        self.forget_old(now);
        self.at.push_back(now);
        let tolerated = self.at.len() <= self.limit.restarts as usize;
        if !tolerated {
            // The oldest is not needed to know that there are too many.
            self.at.pop_front();
        }
        tolerated
    }

    /// How many restarts the window that ends at `now` holds.
    pub fn count(&self, now: Instant) -> u32 {
        let within = self.at.iter().filter(|at| now.duration_since(**at) <= self.limit.within);
        u32::try_from(within.count()).unwrap_or(u32::MAX)
    }

    fn forget_old(&mut self, now: Instant) {
        while self.at.front().is_some_and(|at| now.duration_since(*at) > self.limit.within) {
            self.at.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
