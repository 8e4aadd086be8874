//! How those who are called fare: a breaker for each backend and for each model that failed, and what the last calls were like.
//!
//! In memory only: a daemon that starts asks everybody. What concerns a whole backend (its network, its key) opens the
//! backend's breaker, anything else that of the model. Bounded by the backends of the settings and [`MODELS_MAX`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::breaker::{Breaker, Health};
use crate::protocol::model::{ModelError, ModelErrorKind};

/// Most models whose breakers are kept; callers name models. Beyond it the backend's breaker stands for them.
const MODELS_MAX: usize = 1_000;
/// How much of the newest call is in the smoothed time to the first token: one in so many.
const SMOOTH: u32 = 5;

/// How a backend fares.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BackendHealth {
    /// `closed`, `open` or `half_open`.
    pub breaker: &'static str,
    /// When an open breaker lets a call through again, in milliseconds since 1970.
    pub open_until_ms: Option<i64>,
    /// Models of it whose own breakers are not closed.
    pub models_open: Vec<String>,
    /// Calls that ended in this life of the daemon.
    pub calls: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// When a call was answered last, in milliseconds since 1970.
    pub answered_ms: Option<i64>,
    /// How long the first token took lately.
    pub first_token: Option<Duration>,
    /// The last failure that says something about the backend, while nothing was answered after it.
    pub last_failure: Option<LastFailure>,
}

/// A call that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastFailure {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The model.
    pub model: String,
    /// What a caller can do about it.
    pub kind: ModelErrorKind,
    /// The provider's words, without secrets.
    pub message: String,
}

/// See the module.
#[derive(Default)]
pub(super) struct Breakers {
    backends: BTreeMap<String, Fares>,
    /// By backend and model; those that are closed and never failed are not kept.
    models: BTreeMap<(String, String), Breaker>,
}

#[derive(Default)]
struct Fares {
    breaker: Breaker,
    calls: u64,
    failures: u64,
    answered_ms: Option<i64>,
    first_token: Option<Duration>,
    last_failure: Option<LastFailure>,
}

// === impl Breakers ===

impl Breakers {
    /// Whether a call that begins now may go there.
    pub(super) fn admits(&self, backend: &str, model: &str, now_ms: i64) -> bool {
        self.of_backend(backend).admits(now_ms) && self.of_model(backend, model).admits(now_ms)
    }

    /// `closed`, `open` or `half_open`, whichever of the two is worse.
    pub(super) fn word(&self, backend: &str, model: &str, now_ms: i64) -> &'static str {
        let words = [self.of_backend(backend).word(now_ms), self.of_model(backend, model).word(now_ms)];
        ["open", "half_open"].into_iter().find(|word| words.contains(word)).unwrap_or("closed")
    }

    /// A call begins.
    pub(super) fn begun(&mut self, backend: &str, model: &str, now_ms: i64) {
        let fares = self.backends.entry(backend.to_owned()).or_default();
        fares.breaker = fares.breaker.begun(now_ms);
        if let Some(breaker) = self.models.get_mut(&key(backend, model)) {
            *breaker = breaker.begun(now_ms);
        }
    }

    /// A call has ended; `first` is how long its first token took.
    pub(super) fn ended(
        &mut self,
        (backend, model): (&str, &str),
        outcome: Result<(), &ModelError>,
        first: Option<Duration>,
        now_ms: i64,
    ) {
        let health = Health::of(outcome);
        let is_full = self.models.len() >= MODELS_MAX && !self.models.contains_key(&key(backend, model));
        let is_of_backend = is_full || outcome.is_err_and(|error| concerns_all(error.kind));
        let fares = self.backends.entry(backend.to_owned()).or_default();
        fares.count(health, outcome.err().map(|error| (error, model)), first, now_ms);
        // Whoever says anything, even "not so fast", is reachable and takes the key.
        let of_backend = if is_of_backend || health == Health::Nothing { health } else { Health::Good };
        fares.breaker = fares.breaker.after(of_backend, now_ms);
        let of_model = if is_of_backend { Health::Nothing } else { health };
        let breaker = self.models.get(&key(backend, model)).copied().unwrap_or_default();
        match breaker.after(of_model, now_ms) {
            good if good == Breaker::default() => self.models.remove(&key(backend, model)),
            other => self.models.insert(key(backend, model), other),
        };
    }

    /// How a backend fares.
    pub(super) fn view(&self, backend: &str, now_ms: i64) -> BackendHealth {
        let own = self.models.iter().filter(|((name, _), _)| name == backend);
        let open = own.filter(|(_, breaker)| breaker.word(now_ms) != "closed");
        let models_open = open.map(|((_, model), _)| model.clone()).collect();
        let breaker = self.of_backend(backend);
        let open_until_ms = match breaker {
            Breaker::Open { until_ms, .. } if until_ms > now_ms => Some(until_ms),
            _ => None,
        };
        let view = BackendHealth {
            breaker: breaker.word(now_ms),
            open_until_ms,
            models_open,
            ..BackendHealth::default()
        };
        let Some(fares) = self.backends.get(backend) else { return view };
        BackendHealth {
            calls: fares.calls,
            failures: fares.failures,
            answered_ms: fares.answered_ms,
            first_token: fares.first_token,
            last_failure: fares.last_failure.clone(),
            ..view
        }
    }

    fn of_backend(&self, backend: &str) -> Breaker {
        self.backends.get(backend).map(|fares| fares.breaker).unwrap_or_default()
    }

    fn of_model(&self, backend: &str, model: &str) -> Breaker {
        self.models.get(&key(backend, model)).copied().unwrap_or_default()
    }
}

// === impl Fares ===

impl Fares {
    fn count(
        &mut self,
        health: Health,
        failed: Option<(&ModelError, &str)>,
        first: Option<Duration>,
        now_ms: i64,
    ) {
        self.calls = self.calls.saturating_add(1);
        if let Some(first) = first {
            let smooth = |known: Duration| (known * (SMOOTH - 1) + first) / SMOOTH;
            self.first_token = Some(self.first_token.map_or(first, smooth));
        }
        match (health, failed) {
            (Health::Good, _) => (self.answered_ms, self.last_failure) = (Some(now_ms), None),
            (_, Some((error, model))) => {
                self.failures = self.failures.saturating_add(1);
                if health.fails_over() {
                    let (model, message) = (model.to_owned(), error.message.clone());
                    self.last_failure = Some(LastFailure { at_ms: now_ms, model, kind: error.kind, message });
                }
            }
            (_, None) => {}
        }
    }
}

/// Whether every model of the backend would have failed in this way.
const fn concerns_all(kind: ModelErrorKind) -> bool {
    matches!(kind, ModelErrorKind::Network | ModelErrorKind::Authentication | ModelErrorKind::Configuration)
}

fn key(backend: &str, model: &str) -> (String, String) {
    (backend.to_owned(), model.to_owned())
}

#[cfg(test)]
mod tests;
