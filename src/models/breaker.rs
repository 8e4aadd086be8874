//! The health of a model of a backend, from how its calls end. Pure.
//!
//! Closed, it is asked. After [`FAILURES_MAX`] failures in a row, or one that no second try mends, it is open and left out for
//! a while, which doubles each time; a provider that says how long is taken at its word. Then one call tries it: if that is
//! answered it is closed, and first in its chain again. Requests that are wrong say nothing.

use std::time::Duration;

use crate::protocol::model::{ModelError, ModelErrorKind as Kind};

/// Failures in a row that open it.
pub(super) const FAILURES_MAX: u32 = 3;
/// How long it is left out at first.
const FIRST: Duration = Duration::from_secs(15);
/// How long at the most.
const LONGEST: Duration = Duration::from_secs(600);
/// The longest that a provider may ask for.
const ASKED_MAX: Duration = Duration::from_secs(24 * 3_600);
/// A call that tries it and was never heard of again holds nobody else up for longer.
const TRY_LASTS: Duration = Duration::from_secs(120);

/// See the module. Times are milliseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Breaker {
    /// It is asked.
    Closed {
        /// Failures in a row.
        failures: u32,
    },
    /// It is left out.
    Open {
        /// Until then.
        until_ms: i64,
        /// How often in a row it was opened.
        trips: u32,
    },
    /// One call tries it.
    Trying {
        /// Since then.
        since_ms: i64,
        /// How often in a row it was opened.
        trips: u32,
    },
}

/// What the end of a call says about who was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Health {
    /// It works.
    Good,
    /// It does not, for now; with the delay that it asked for.
    Bad(Option<Duration>),
    /// It does not, and will not by itself: a key, an account, a name.
    Broken,
    /// Nothing: the request, the policy or a budget was the reason.
    Nothing,
}

// === impl Health ===

impl Health {
    /// What this end says.
    #[must_use]
    pub const fn of(outcome: Result<(), &ModelError>) -> Self {
        let error = match outcome {
            Ok(()) => return Self::Good,
            Err(error) => error,
        };
        match error.kind {
            Kind::RateLimited
            | Kind::Overloaded
            | Kind::Upstream
            | Kind::Network
            | Kind::Timeout
            | Kind::Truncated
            | Kind::Protocol => Self::Bad(error.retry_after),
            Kind::Authentication | Kind::Permission | Kind::NotFound | Kind::Configuration => Self::Broken,
            Kind::InvalidRequest | Kind::TooLarge | Kind::Denied | Kind::BudgetExceeded | Kind::Halted => {
                Self::Nothing
            }
        }
    }

    /// Whether the next of a chain may mend it.
    #[must_use]
    pub const fn fails_over(self) -> bool {
        matches!(self, Self::Bad(_) | Self::Broken)
    }
}

// === impl Breaker ===

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

impl Breaker {
    /// Whether a call that begins now may go to it.
    pub(super) fn admits(self, now_ms: i64) -> bool {
        match self {
            Self::Closed { .. } => true,
            Self::Open { until_ms, .. } => now_ms >= until_ms,
            Self::Trying { since_ms, .. } => now_ms.saturating_sub(since_ms) >= ms(TRY_LASTS),
        }
    }

    /// Whether calls may go to it, in one word: `closed`, `open` or `half_open`.
    pub(super) fn word(self, now_ms: i64) -> &'static str {
        match self {
            Self::Closed { .. } => "closed",
            Self::Open { until_ms, .. } if now_ms < until_ms => "open",
            Self::Open { .. } | Self::Trying { .. } => "half_open",
        }
    }

    /// As it is once a call that it admitted has begun.
    pub(super) const fn begun(self, now_ms: i64) -> Self {
        match self {
            Self::Closed { .. } => self,
            Self::Open { trips, .. } | Self::Trying { trips, .. } => Self::Trying { since_ms: now_ms, trips },
        }
    }

    /// As it is after the end of a call.
    pub(super) fn after(self, health: Health, now_ms: i64) -> Self {
        match (self, health) {
            (_, Health::Good) => Self::default(),
            // Whoever tried it learned nothing; the next may try.
            (Self::Trying { trips, .. }, Health::Nothing) => Self::Open { until_ms: now_ms, trips },
            (_, Health::Nothing) => self,
            (Self::Closed { failures }, Health::Bad(None)) if failures + 1 < FAILURES_MAX => {
                Self::Closed { failures: failures + 1 }
            }
            (Self::Closed { .. }, Health::Bad(asked)) => Self::open(1, asked, now_ms),
            (Self::Closed { .. }, Health::Broken) => Self::open(1, None, now_ms),
            (Self::Trying { trips, .. }, Health::Bad(asked)) => {
                Self::open(trips.saturating_add(1), asked, now_ms)
            }
            (Self::Trying { trips, .. }, Health::Broken) => Self::open(trips.saturating_add(1), None, now_ms),
            // A call of before: it is open already.
            (Self::Open { .. }, Health::Bad(_) | Health::Broken) => self,
        }
    }

    fn open(trips: u32, asked: Option<Duration>, now_ms: i64) -> Self {
        let own = FIRST.saturating_mul(1 << trips.saturating_sub(1).min(16)).min(LONGEST);
        let pause = own.max(asked.unwrap_or_default().min(ASKED_MAX));
        Self::Open { until_ms: now_ms.saturating_add(ms(pause)), trips }
    }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
