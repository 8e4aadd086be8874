//! When a backend is asked again that did not answer. Pure.

use std::time::Duration;

/// The shortest pause.
pub(super) const FIRST: Duration = Duration::from_secs(5);
/// The longest pause of our own choice.
pub(super) const LONGEST: Duration = Duration::from_secs(300);
/// Of each pause, how much chance may add, so that backends which failed together are not asked together.
const JITTER: f64 = 0.25;
/// The longest pause that a provider may ask for.
const ASKED_MAX: Duration = Duration::from_secs(3_600);

/// The pause after this many failures in a row, doubled each time, with `chance` in 0..1; from [`FIRST`] to [`LONGEST`], or
/// as long as the provider asked for, up to an hour.
pub(super) fn pause(failures: u32, asked: Option<Duration>, chance: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let steady = doubled.min(LONGEST.div_f64(1.0 + JITTER));
    let own = steady.mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0)).clamp(FIRST, LONGEST);
    own.max(asked.unwrap_or_default().min(ASKED_MAX))
}

#[cfg(test)]
mod tests;
