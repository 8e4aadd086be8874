//! The handle of models: what is read, and the one way in.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::baseline;
use super::health::Breakers;
use super::merge::{self, Report};
use super::model::{KnownModel, ModelKey, ModelState, Source};
use super::probe::{EVERY_S_MAX, EVERY_S_MIN, Probe, ProbeKey, ProbeView};
use super::store::{self, ProbeRow};
use super::table::Table;
use super::watch::Away;
use crate::backends::{Backend, Backends, ModelInfo, Price, Prices};
use crate::db::{Db, DbError};
use crate::notifications::{Clock, Notifications};
use crate::protocol::ids::{AssistantId, TenantId};

/// A call that was answered says that its model is there, but not more often than this.
const HEARD_EVERY_MS: i64 = 3_600_000;
/// Most such words that wait to be written; more are told by later calls.
const HEARD_MAX: usize = 256;
/// What is gone for so long is forgotten.
const FORGET_AFTER_MS: i64 = 30 * 24 * 3_600_000;

/// See the module. Cheap to clone. The models are the household's, whoever asks.
#[derive(Clone)]
pub struct Models(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) db: Db,
    backends: Backends,
    prices: Prices,
    table: Table,
    /// One for each backend of the settings.
    pub(super) probes: Mutex<BTreeMap<ProbeKey, Probe>>,
    /// Backends and models that answered; at most [`HEARD_MAX`].
    heard: Mutex<Vec<(String, String)>>,
    /// Wakes the registry.
    pub(super) changed: Notify,
    clock: Clock,
    /// How those who are called fare.
    pub(super) breakers: Mutex<Breakers>,
    /// Assistants that answer with a fallback.
    pub(super) away: Mutex<BTreeMap<(TenantId, AssistantId), Away>>,
    /// Who tells people of that.
    pub(super) notices: OnceLock<Notifications>,
}

/// A model as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelView {
    /// What is known of it.
    pub known: KnownModel,
    /// What it costs, as far as anybody knows: the settings before everything else.
    pub price: Option<Price>,
}

// === impl Models: reading ===

impl Models {
    /// The models of these backends, as they were when they were last seen. A store that does not answer leaves what the
    /// binary knows: there is always something to pick.
    pub async fn open(db: Db, backends: Backends, prices: Prices) -> Self {
        let clock: Clock = Arc::new(|| Timestamp::now().as_millisecond());
        Self::open_with_clock(db, backends, prices, clock).await
    }

    /// The same with another clock.
    pub async fn open_with_clock(db: Db, backends: Backends, prices: Prices, clock: Clock) -> Self {
        let keys = backends.names().filter_map(|name| backends.get(name)).map(|backend| key(&*backend));
        let probes = Mutex::new(keys.map(|key| (key, Probe::default())).collect());
        let (table, heard, changed) = (Table::default(), Mutex::default(), Notify::new());
        let (breakers, away, notices) = (Mutex::default(), Mutex::default(), OnceLock::new());
        let models = Self(Arc::new(Inner {
            db,
            backends,
            prices,
            table,
            probes,
            heard,
            changed,
            clock,
            breakers,
            away,
            notices,
        }));
        if let Err(error) = models.recall().await {
            tracing::warn!(%error, "what was known of models could not be read; the binary's list stands for it");
        }
        for report in models.baselines() {
            // In memory first: it is there even if the store refuses it.
            models.show(merge::merge(&models.0.table.of(&report.backend, &report.provider), &report));
            if let Err(error) = models.take(report).await {
                tracing::warn!(%error, "the binary's list of models could not be stored");
            }
        }
        models
    }

    /// The models that can be picked, backend by backend. Waits for nobody.
    #[must_use]
    pub fn offered(&self) -> Vec<ModelView> {
        let mut offered = self.all();
        offered.retain(|model| model.known.state != ModelState::Gone);
        for backend in self.0.backends.names().filter_map(|name| self.0.backends.get(name)) {
            if offered.iter().any(|model| model.known.key.backend == backend.name()) {
                continue;
            }
            let Some(default) = backend.default_model() else { continue };
            let report = self.baseline(&*backend, vec![ModelInfo::named(default)]);
            let stands_in = merge::merge(&merge::Known::new(), &report);
            offered.extend(stands_in.into_iter().map(|known| self.view(known)));
        }
        offered.sort_by(|one, other| one.known.key.cmp(&other.known.key));
        offered
    }

    /// All that are known, those that are gone too.
    #[must_use]
    pub fn all(&self) -> Vec<ModelView> {
        let probes = self.0.probes.lock();
        let configured = |known: &KnownModel| probes.contains_key(&probe_of(&known.key));
        let all = self.0.table.all().into_iter().filter(configured);
        all.map(|known| self.view(known)).collect()
    }

    /// The models that can be picked; backends that nobody has asked yet are asked first, no longer than `within`.
    pub async fn list(&self, within: Duration) -> Vec<ModelView> {
        let new: Vec<ProbeKey> = {
            let probes = self.0.probes.lock();
            let new = probes
                .iter()
                .filter(|(_, one)| one.enabled && one.answered_ms.is_none() && one.failures == 0);
            new.map(|(key, _)| key.clone()).collect()
        };
        let asked = join_all(new.iter().map(|key| self.look(key, Source::Refresh)));
        // silent-ok: who is late is shown as it was known before
        let _ = tokio::time::timeout(within, asked).await;
        self.offered()
    }

    /// One of them, if anybody said that it exists.
    #[must_use]
    pub fn get(&self, backend: &str, model: &str) -> Option<ModelView> {
        let provider = self.0.backends.get(backend)?.provider().to_owned();
        let key = ModelKey { backend: backend.to_owned(), provider, model: model.to_owned() };
        self.0.table.get(&key).map(|known| self.view(known))
    }

    /// How each backend is asked, and how that went.
    #[must_use]
    pub fn probes(&self) -> Vec<ProbeView> {
        let offered = self.offered();
        let count = |key: &ProbeKey| offered.iter().filter(|one| probe_of(&one.known.key) == *key).count();
        self.0.probes.lock().iter().map(|(key, probe)| probe.view(key, count(key))).collect()
    }

    /// Who answers.
    #[must_use]
    pub fn backends(&self) -> &Backends {
        &self.0.backends
    }

    /// What a model costs there, as far as anybody knows.
    #[must_use]
    pub fn price(&self, backend: &str, model: &str) -> Option<Price> {
        self.0.prices.of(backend, model)
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.0.clock)()
    }

    fn view(&self, known: KnownModel) -> ModelView {
        let price = self.0.prices.of(&known.key.backend, &known.key.model).or(known.price);
        ModelView { known, price }
    }
}

// === impl Models: the one way in ===

impl Models {
    /// Takes a report in: checked, merged by precedence, stored, and shown once it is stored.
    ///
    /// # Errors
    /// What the store answers; then everything is as it was.
    pub async fn take(&self, report: Report) -> Result<(), DbError> {
        let (models, report) = (self.clone(), report.checked());
        let (done, shown) = oneshot::channel();
        let write = self.0.db.write(&TenantId::home(), move |tx| {
            let known = store::of(tx, &report.backend, &report.provider)?;
            let mut changed = merge::merge(&known, &report);
            // A word about a model that no list has is not worth more than so many of them.
            let room = merge::MODELS_MAX.saturating_sub(known.len());
            if !report.source.is_whole() {
                let mut new = 0_usize;
                changed.retain(|model| {
                    new += usize::from(!known.contains_key(&model.key.model));
                    known.contains_key(&model.key.model) || new <= room
                });
            }
            changed.iter().try_for_each(|model| store::put(tx, model))?;
            let forgotten = if report.source.is_whole() {
                store::forget(tx, &report.backend, &report.provider, report.at_ms - FORGET_AFTER_MS)?
            } else {
                Vec::new()
            };
            // On the writer's thread: what is shown is in the order of the commits.
            tx.on_commit(move || {
                models.show(changed);
                models.0.table.drop_all(&forgotten);
                // silent-ok: nobody waits any more
                let _ = done.send(());
            });
            Ok::<_, DbError>(())
        });
        write.await?;
        // silent-ok: a writer that ends between its commit and this shows it at the next start
        let _ = shown.await;
        Ok(())
    }

    /// A call of this model was answered. Waits for nothing; the registry writes it.
    pub fn heard(&self, backend: &str, model: &str) {
        let known = self.get(backend, model).map(|one| one.known);
        let recent = known.is_some_and(|known| {
            known.state != ModelState::Gone && self.now_ms().saturating_sub(known.seen_ms) < HEARD_EVERY_MS
        });
        let mut heard = self.0.heard.lock();
        let word = (backend.to_owned(), model.to_owned());
        if recent || model.is_empty() || heard.len() >= HEARD_MAX || heard.contains(&word) {
            return;
        }
        heard.push(word);
        drop(heard);
        self.0.changed.notify_one();
    }

    /// Writes what was heard.
    ///
    /// # Errors
    /// What the store answers; a later call says it again.
    pub async fn settle(&self) -> Result<(), DbError> {
        let heard = std::mem::take(&mut *self.0.heard.lock());
        for (name, model) in heard {
            let Some(backend) = self.0.backends.get(&name) else { continue };
            let provider = backend.provider().to_owned();
            let models = vec![ModelInfo::named(model)];
            let source = Source::Session;
            self.take(Report { backend: name, provider, source, models, at_ms: self.now_ms() }).await?;
        }
        Ok(())
    }

    async fn recall(&self) -> Result<(), DbError> {
        let read = self
            .0
            .db
            .read(&TenantId::home(), |read| Ok::<_, DbError>((store::all(read)?, store::probes(read)?)));
        let (known, rows) = read.await?;
        self.show(known);
        let mut probes = self.0.probes.lock();
        for ProbeRow { key, enabled, every_s } in rows {
            if let Some(probe) = probes.get_mut(&key) {
                (probe.enabled, probe.every_s) = (enabled, every_s.clamp(EVERY_S_MIN, EVERY_S_MAX));
            }
        }
        Ok(())
    }

    fn show(&self, models: Vec<KnownModel>) {
        for model in &models {
            if let Some(price) = model.price {
                self.0.prices.learn(&model.key.backend, &model.key.model, price);
            }
        }
        self.0.table.put(models);
    }

    fn baselines(&self) -> Vec<Report> {
        let backends = self.0.backends.names().filter_map(|name| self.0.backends.get(name));
        backends.map(|backend| self.baseline(&*backend, baseline::of(&*backend))).collect()
    }

    fn baseline(&self, backend: &dyn Backend, models: Vec<ModelInfo>) -> Report {
        let (name, provider) = (backend.name().to_owned(), backend.provider().to_owned());
        Report { backend: name, provider, source: Source::Baseline, models, at_ms: self.now_ms() }.checked()
    }
}

fn key(backend: &dyn Backend) -> ProbeKey {
    ProbeKey { backend: backend.name().to_owned(), provider: backend.provider().to_owned() }
}

fn probe_of(model: &ModelKey) -> ProbeKey {
    ProbeKey { backend: model.backend.clone(), provider: model.provider.clone() }
}
