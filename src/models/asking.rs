//! How backends are asked: now, from time to time, how often, and how that went.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::backoff;
use super::desk::Models;
use super::error::ModelsError;
use super::model::Source;
use super::probe::{EVERY_S_MAX, EVERY_S_MIN, Probe, ProbeKey, ProbeView};
use super::store::{self, ProbeRow};
use crate::audit::{self, Entry};
use crate::identity::Principal;
use crate::protocol::ids::TenantId;
use crate::protocol::model::ModelError;

/// How a backend shall be asked from now on; what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProbeChange {
    /// Whether it is asked at all.
    pub enabled: Option<bool>,
    /// Seconds between two looks, [`EVERY_S_MIN`] to [`EVERY_S_MAX`].
    pub every_s: Option<u64>,
}

// === impl Models: asking ===

impl Models {
    /// Asks this backend now, whether it is asked by itself or not.
    ///
    /// # Errors
    /// `NotFound`. A backend that does not answer is no error: the view says why.
    pub async fn refresh(&self, key: &ProbeKey) -> Result<ProbeView, ModelsError> {
        if self.look(key, Source::Refresh).await {
            self.wake(key);
        }
        self.probes().into_iter().find(|probe| probe.key == *key).ok_or(ModelsError::NotFound)
    }

    /// Changes how a backend is asked: at once, and over restarts.
    ///
    /// # Errors
    /// `Field`, `NotFound` (also for people of other households), and what the store answers; then nothing changed.
    pub async fn configure(
        &self,
        by: &Principal,
        key: &ProbeKey,
        change: ProbeChange,
    ) -> Result<ProbeView, ModelsError> {
        if change.every_s.is_some_and(|every_s| !(EVERY_S_MIN..=EVERY_S_MAX).contains(&every_s)) {
            let why = format!("must be from {EVERY_S_MIN} to {EVERY_S_MAX} seconds");
            return Err(ModelsError::Field { field: "every_s", why });
        }
        let now = self.0.probes.lock().get(key).map(|probe| (probe.enabled, probe.every_s));
        let (enabled, every_s) =
            now.filter(|_| by.tenant == TenantId::home()).ok_or(ModelsError::NotFound)?;
        let (enabled, every_s) = (change.enabled.unwrap_or(enabled), change.every_s.unwrap_or(every_s));
        let (row, now_ms) = (ProbeRow { key: key.clone(), enabled, every_s }, self.now_ms());
        let entry = Entry::done("models", by.source(), "model_probe.changed").on(key.to_string());
        let entry = entry.with("enabled", enabled).with("every_s", every_s);
        let write = self.0.db.write(&TenantId::home(), move |tx| {
            store::put_probe(tx, &row, now_ms)?;
            audit::append(tx, entry)
        });
        write.await?;
        if let Some(probe) = self.0.probes.lock().get_mut(key) {
            (probe.enabled, probe.every_s) = (enabled, every_s);
        }
        self.0.changed.notify_one();
        self.wake(key);
        self.probes().into_iter().find(|probe| probe.key == *key).ok_or(ModelsError::NotFound)
    }

    /// The probes that shall run.
    #[must_use]
    pub fn wanted(&self) -> Vec<ProbeKey> {
        let probes = self.0.probes.lock();
        probes.iter().filter(|(_, probe)| probe.enabled).map(|(key, _)| key.clone()).collect()
    }

    /// Resolves once `wanted` may have another answer, or something was heard. A change between two calls counts for the
    /// second.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// The child of this probe does not run and its supervisor does not start it again by itself.
    pub fn is_down(&self, key: &ProbeKey, why: &str) {
        if let Some(probe) = self.0.probes.lock().get_mut(key) {
            probe.down = Some(why.to_owned());
        }
    }

    /// A life of this probe begins; what wakes it.
    pub(super) fn begins(&self, key: &ProbeKey) -> Option<Arc<Notify>> {
        let mut probes = self.0.probes.lock();
        let probe = probes.get_mut(key)?;
        probe.down = None;
        Some(Arc::clone(&probe.wake))
    }

    /// How long this probe rests now: until the next look, or longer after failures; nothing if it was never asked.
    pub(super) fn rest(&self, key: &ProbeKey, chance: f64) -> Duration {
        match self.0.probes.lock().get(key) {
            Some(probe) if probe.failures > 0 => backoff::pause(probe.failures, probe.asked, chance),
            Some(Probe { answered_ms: Some(_), every_s, .. }) => Duration::from_secs(*every_s),
            Some(_) | None => Duration::ZERO,
        }
    }

    pub(super) fn expects(&self, key: &ProbeKey, pause: Duration) {
        let next_ms = self.now_ms().saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        if let Some(probe) = self.0.probes.lock().get_mut(key) {
            probe.next_ms = Some(next_ms);
        }
    }

    /// How a look went. Whether it brought a list.
    pub(super) fn note(&self, key: &ProbeKey, outcome: Result<(), ModelError>) -> bool {
        let now_ms = self.now_ms();
        let mut probes = self.0.probes.lock();
        let Some(probe) = probes.get_mut(key) else { return false };
        match outcome {
            Ok(()) => {
                (probe.failures, probe.asked, probe.error) = (0, None, None);
                probe.answered_ms = Some(now_ms);
                true
            }
            Err(error) => {
                probe.failures = probe.failures.saturating_add(1);
                (probe.asked, probe.error) = (error.retry_after, Some(error.message));
                false
            }
        }
    }

    pub(super) fn looking(&self, key: &ProbeKey) -> Option<Arc<tokio::sync::Mutex<()>>> {
        self.0.probes.lock().get(key).map(|probe| Arc::clone(&probe.looking))
    }

    /// When a list of this backend came, if none failed to come since.
    pub(super) fn answered_ms(&self, key: &ProbeKey) -> Option<i64> {
        let probes = self.0.probes.lock();
        probes.get(key).filter(|probe| probe.failures == 0).and_then(|probe| probe.answered_ms)
    }

    fn wake(&self, key: &ProbeKey) {
        if let Some(probe) = self.0.probes.lock().get(key) {
            probe.wake.notify_one();
        }
    }
}
