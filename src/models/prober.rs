//! One life of asking a backend for its models, and one look.
//!
//! Run by a child of `probers`, one for each backend and provider. What it learns and how it fares is in [`Models`], so a life
//! that ends loses nothing and the next goes on where it was. A look that fails is no crash.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::backoff;
use super::desk::Models;
use super::merge::Report;
use super::model::Source;
use super::probe::ProbeKey;
use crate::backends::ModelInfo;
use crate::protocol::model::{ModelError, ModelErrorKind};

/// How long a backend may take for its list.
const LOOK_WITHIN: Duration = Duration::from_secs(10);
/// A list that is newer than this is not asked for again by a second caller who waited for the first.
const FRESH_MS: i64 = 1_000;

impl Models {
    /// Asks this backend from time to time, until `stop`; `chance` spreads the pauses after failures.
    pub async fn probe(&self, key: &ProbeKey, chance: &mut fastrand::Rng, stop: &CancellationToken) {
        let Some(wake) = self.begins(key) else { return };
        // A life before this one may have failed a moment ago.
        let mut pause = self.rest(key, chance.f64());
        loop {
            if !pause.is_zero() {
                self.expects(key, pause);
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = wake.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = self.look(key, Source::Probe) => {}
            }
            pause = self.rest(key, chance.f64()).max(backoff::FIRST);
        }
    }

    /// Asks once, takes in what comes, and notes how it went. `false`: there is no list.
    pub(super) async fn look(&self, key: &ProbeKey, source: Source) -> bool {
        let Some(looking) = self.looking(key) else { return false };
        let _alone = looking.lock().await;
        if self.answered_ms(key).is_some_and(|at| self.now_ms().saturating_sub(at) < FRESH_MS) {
            return true;
        }
        let outcome = self.ask(key, source).await;
        if let Err(error) = &outcome {
            tracing::debug!(probe = %key, %error, "no list of models");
        }
        self.note(key, outcome)
    }

    async fn ask(&self, key: &ProbeKey, source: Source) -> Result<(), ModelError> {
        let late =
            |_| ModelError::new(ModelErrorKind::Timeout, "the backend did not list its models in time");
        let models = tokio::time::timeout(LOOK_WITHIN, self.listed(key)).await.map_err(late)??;
        let (backend, provider) = (key.backend.clone(), key.provider.clone());
        let report = Report { backend, provider, source, models, at_ms: self.now_ms() }.checked();
        if report.models.is_empty() {
            return Err(ModelError::new(ModelErrorKind::Protocol, "the backend's list of models is empty"));
        }
        let unstored = |error| {
            ModelError::new(ModelErrorKind::Configuration, format!("the list could not be stored: {error}"))
        };
        self.take(report).await.map_err(unstored)
    }

    async fn listed(&self, key: &ProbeKey) -> Result<Vec<ModelInfo>, ModelError> {
        let gone = || ModelError::new(ModelErrorKind::Configuration, "the backend is not in the settings");
        self.backends().get(&key.backend).ok_or_else(gone)?.models().await
    }
}
