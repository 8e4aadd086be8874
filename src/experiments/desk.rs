//! The handle of experiments: made, started, stopped, decided about and read.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::ExperimentError;
use super::experiment::{Applied, Experiment, Iteration, Maker, Reason, State};
use super::live::{ExperimentKey, LiveTable, Signal};
use super::machine::{Event, Machine};
use super::wanted::NewExperiment;
use super::workbench::Workbench;
use super::{rules, store};
use crate::approvals::Approvals;
use crate::audit::{self, Entry};
use crate::config::Home;
use crate::db::{Db, DbError, TenantTx};
use crate::extensions::Extensions;
use crate::identity::{Made, RequestKey, once};
use crate::notifications::Notifications;
use crate::policy::{KillSwitches, Policies};
use crate::protocol::ids::{ExperimentId, TenantId};
use crate::workspaces::Workspaces;

/// Most experiments of a tenant, those that ended among them.
pub const EXPERIMENTS_MAX: usize = 1_000;
/// Most that run at a time.
pub const LIVE_MAX: usize = 16;

/// What experiments stand on.
#[derive(Clone)]
pub struct ExperimentParts {
    /// The store.
    pub db: Db,
    /// Where files are that are tried out.
    pub workspaces: Workspaces,
    /// Questions to people.
    pub approvals: Approvals,
    /// What may be done.
    pub policies: Policies,
    /// Whether anything may be started.
    pub switches: KillSwitches,
    /// Who tells people.
    pub notices: Notifications,
    /// Who else is told.
    pub extensions: Extensions,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Experiments {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) parts: ExperimentParts,
    folder: PathBuf,
    pub(super) live: LiveTable,
}

// === impl Experiments ===

impl Experiments {
    /// The experiments of this store, with their files below this home.
    #[must_use]
    pub fn new(parts: ExperimentParts, home: &Home) -> Self {
        Self { inner: Arc::new(Inner { parts, folder: home.experiments(), live: LiveTable::default() }) }
    }

    pub(super) fn db(&self) -> &Db {
        &self.inner.parts.db
    }

    /// What they stand on.
    #[must_use]
    pub fn parts(&self) -> &ExperimentParts {
        &self.inner.parts
    }

    /// The files of an experiment.
    #[must_use]
    pub fn bench(&self, key: &ExperimentKey) -> Workbench {
        Workbench::new(self.inner.folder.join(key.tenant.as_str()).join(key.id.to_string()))
    }

    /// Makes an experiment. Nothing runs until it is started.
    ///
    /// # Errors
    /// [`ExperimentError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Maker,
        new: NewExperiment,
        key: Option<RequestKey>,
    ) -> Result<Made<Experiment>, ExperimentError> {
        let (now_ms, maker) = (now_ms(), by.clone());
        let write = self
            .db()
            .write(&by.tenant, move |tx| once(tx, key.as_ref(), now_ms, |tx| make(tx, &maker, new, now_ms)));
        write.await
    }

    /// Starts an experiment. Its actor takes over.
    ///
    /// # Errors
    /// [`ExperimentError`]; then it does not run.
    pub async fn start(&self, by: &Maker, id: ExperimentId) -> Result<Experiment, ExperimentError> {
        if let Some(engaged) = self.inner.parts.switches.status(&by.tenant) {
            return Err(ExperimentError::Denied(engaged.to_string()));
        }
        let found = self.get(&by.tenant, id).await?;
        rules::may_measure(&self.inner.parts.policies, &by.tenant, &found).await?;
        let source = by.source.clone();
        let started = self.write(&by.tenant, id, move |tx, experiment| {
            if experiment.state != State::Created {
                return Err(ExperimentError::State(experiment.state));
            }
            begin(tx, &source, experiment, now_ms())
        });
        let started = started.await?;
        self.inner.live.changed(&by.tenant);
        Ok(started)
    }

    /// Those before this one, newest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(
        &self,
        tenant: &TenantId,
        before: Option<ExperimentId>,
        limit: usize,
    ) -> Result<Vec<Experiment>, ExperimentError> {
        Ok(self.db().read(tenant, move |read| store::list(read, before, limit)).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`ExperimentError::NotFound`], or what the store answers.
    pub async fn get(&self, tenant: &TenantId, id: ExperimentId) -> Result<Experiment, ExperimentError> {
        self.db().read(tenant, move |read| Ok(store::by_id(read, id)?)).await
    }

    /// Its iterations, in order.
    ///
    /// # Errors
    /// [`ExperimentError::NotFound`], or what the store answers.
    pub async fn iterations(
        &self,
        tenant: &TenantId,
        id: ExperimentId,
    ) -> Result<Vec<Iteration>, ExperimentError> {
        let read = self.db().read(tenant, move |read| {
            store::by_id(read, id)?;
            Ok::<_, ExperimentError>(store::iterations(read, id)?)
        });
        read.await
    }

    /// Those that shall run now.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn wanted(&self, tenant: &TenantId) -> Result<Vec<ExperimentId>, ExperimentError> {
        Ok(self.db().read(tenant, store::live).await?)
    }

    /// Resolves once others shall run. A change between two calls counts for the second.
    pub async fn changed(&self, tenant: &TenantId) {
        self.inner.live.bell(tenant).notified().await;
    }

    /// Resolves once an experiment of anybody is in another state. A change between two calls counts for the second; one
    /// waits at a time.
    pub async fn moved(&self) {
        self.inner.live.until_moved().await;
    }

    /// Has the keeper of a tenant look again at what shall run.
    pub fn look_again(&self, tenant: &TenantId) {
        self.inner.live.changed(tenant);
    }

    /// How an actor hears that something was decided about its experiment.
    #[must_use]
    pub fn watch(&self, key: &ExperimentKey) -> Signal {
        self.inner.live.watch(key.clone())
    }

    /// The actor of an experiment watches no more.
    pub fn unwatch(&self, key: &ExperimentKey) {
        self.inner.live.forget(key);
    }

    /// Changes an experiment that is not over, for its actor.
    ///
    /// # Errors
    /// [`ExperimentError::State`] when it is over: somebody ended it meanwhile. Then nothing changed.
    pub async fn advance(
        &self,
        key: &ExperimentKey,
        change: impl FnOnce(&mut Experiment) + Send + 'static,
    ) -> Result<Experiment, ExperimentError> {
        let write = self.write(&key.tenant, key.id, move |_, experiment| {
            if !experiment.state.is_live() {
                return Err(ExperimentError::State(experiment.state));
            }
            change(experiment);
            Ok(())
        });
        write.await
    }

    /// Keeps what came of an iteration, and where the experiment is with it, for its actor.
    ///
    /// # Errors
    /// [`ExperimentError::State`] when the experiment is over. Then nothing changed.
    pub async fn keep(&self, key: &ExperimentKey, iterations: Vec<Iteration>) -> Result<(), ExperimentError> {
        let write = self.write(&key.tenant, key.id, move |tx, experiment| {
            if !experiment.state.is_live() {
                return Err(ExperimentError::State(experiment.state));
            }
            for one in &iterations {
                experiment.iteration = experiment.iteration.max(one.number);
                store::put_iteration(tx, experiment.id, one)?;
            }
            Ok(())
        });
        write.await.map(drop)
    }

    /// Reads, changes and writes an experiment in one transaction.
    pub(super) async fn write(
        &self,
        tenant: &TenantId,
        id: ExperimentId,
        change: impl FnOnce(&mut TenantTx<'_>, &mut Experiment) -> Result<(), ExperimentError> + Send + 'static,
    ) -> Result<Experiment, ExperimentError> {
        let inner = Arc::clone(&self.inner);
        let write = self.db().write(tenant, move |tx| {
            let mut found = store::by_id(tx, id)?;
            let before = found.state;
            change(tx, &mut found)?;
            (found.version, found.updated_ms) = (found.version + 1, now_ms());
            store::update(tx, &found)?;
            if found.state != before {
                tx.on_commit(move || inner.live.moved());
            }
            Ok(found)
        });
        write.await
    }

    /// Removes an experiment that is over, or never began, with its files. What it put into the workspace stays, and
    /// cannot be taken back any more.
    ///
    /// # Errors
    /// [`ExperimentError`]; then it is still there.
    pub async fn delete(
        &self,
        by: &Maker,
        id: ExperimentId,
        version: Option<i64>,
    ) -> Result<(), ExperimentError> {
        let source = by.source.clone();
        let write = self.db().write(&by.tenant, move |tx| {
            let found = store::by_id(tx, id)?;
            if version.is_some_and(|version| version != found.version) {
                return Err(ExperimentError::Stale);
            }
            if found.state.is_live() || matches!(found.applied, Applied::Applying | Applied::Undoing) {
                return Err(ExperimentError::State(found.state));
            }
            store::delete(tx, id)?;
            audit::append(tx, told(&source, "experiment.deleted", &found))?;
            Ok::<_, ExperimentError>(())
        });
        write.await?;
        let bench = self.bench(&ExperimentKey { tenant: by.tenant.clone(), id });
        match tokio::task::spawn_blocking(move || bench.destroy()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, %id, "the files of a deleted experiment are still there");
            }
            Err(error) => tracing::warn!(%error, %id, "the files of a deleted experiment are still there"),
        }
        Ok(())
    }
}

// === impl Experiment ===

impl Experiment {
    /// Where it is, for the state machine.
    #[must_use]
    pub const fn machine(&self) -> Machine {
        Machine {
            state: self.state,
            iteration: self.iteration,
            iterations_max: self.iterations_max,
            stopping: self.stopping,
        }
    }
}

/// Makes an experiment in this transaction.
pub(super) fn make(
    tx: &mut TenantTx<'_>,
    maker: &Maker,
    new: NewExperiment,
    now_ms: i64,
) -> Result<Experiment, ExperimentError> {
    if store::count(tx)? >= EXPERIMENTS_MAX {
        return Err(ExperimentError::TooMany(EXPERIMENTS_MAX));
    }
    let named = Workspaces::named_or_default(tx, new.workspace_id)?;
    let workspace = named.ok_or(ExperimentError::NoWorkspace)?;
    let made = new.into_experiment(maker, workspace, now_ms)?;
    store::insert(tx, &made)?;
    audit::append(tx, told(&maker.source, "experiment.created", &made))?;
    Ok(made)
}

/// An experiment begins, in this transaction of its caller, who writes it.
pub(super) fn begin(
    tx: &mut TenantTx<'_>,
    source: &str,
    experiment: &mut Experiment,
    now_ms: i64,
) -> Result<(), ExperimentError> {
    if store::live(tx)?.len() >= LIVE_MAX {
        return Err(ExperimentError::Busy(LIVE_MAX));
    }
    let (next, _) = experiment.machine().next(Event::Start);
    experiment.state = next.state;
    experiment.started_ms = Some(now_ms);
    let budget_ms = i64::try_from(experiment.time_budget_ms).unwrap_or(i64::MAX);
    experiment.deadline_ms = Some(now_ms.saturating_add(budget_ms));
    audit::append(tx, told(source, "experiment.started", experiment))?;
    Ok(())
}

pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// What the audit is told.
pub(super) fn told(source: &str, action: &'static str, experiment: &Experiment) -> Entry {
    let entry = Entry::done("experiments", source, action).on(experiment.id.to_string());
    let entry = entry.with("title", experiment.title.as_str()).with("state", experiment.state.as_str());
    if experiment.reason == Reason::None { entry } else { entry.with("reason", experiment.reason.as_str()) }
}

impl From<DbError> for super::evaluation::Unmeasured {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}
