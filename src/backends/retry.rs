//! When a failed call is tried again. Pure.

use std::time::Duration;

use super::failure::Failure;

/// The first pause; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// The longest pause of our own choice.
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// The longest pause that a provider may ask for; for a longer one the caller is told instead.
const PROVIDER_PAUSE_MAX: Duration = Duration::from_secs(30);

/// How often, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// Further tries after the first.
    pub(super) retries: u32,
}

impl RetryPolicy {
    /// The pause before the next try, or `None` when there is to be none. `tries` have failed already;
    /// `chance` in 0..1 shortens our own pause by up to a quarter, so that many callers do not return at once.
    pub(super) fn pause(self, failure: &Failure, tries: u32, chance: f64) -> Option<Duration> {
        let worthwhile = failure.should_retry.unwrap_or_else(|| failure.error.kind.is_transient());
        if !worthwhile || tries > self.retries {
            return None;
        }
        match failure.error.retry_after {
            Some(asked) => (asked <= PROVIDER_PAUSE_MAX).then_some(asked),
            None => {
                let doubled = PAUSE_FIRST.saturating_mul(1 << tries.saturating_sub(1).min(16));
                Some(doubled.min(PAUSE_MAX).mul_f64(1.0 - 0.25 * chance.clamp(0.0, 1.0)))
            }
        }
    }
}

#[cfg(test)]
mod tests;
