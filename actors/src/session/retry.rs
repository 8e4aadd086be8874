//! How long to wait before a store that refused is asked again.

use std::time::Duration;

const MIN: Duration = Duration::from_millis(50);
const MAX: Duration = Duration::from_secs(2);

/// Delays of 50 ms, doubled with every refusal, 2 s at most.
#[derive(Debug)]
pub(super) struct RetryDelay(Duration);

impl RetryDelay {
    pub(super) const fn new() -> Self {
        Self(MIN)
    }

    /// The delay before the next try.
    pub(super) fn next(&mut self) -> Duration {
        let delay = self.0;
        self.0 = (delay * 2).min(MAX);
        delay
    }

    /// The store took something.
    pub(super) const fn reset(&mut self) {
        self.0 = MIN;
    }
}
