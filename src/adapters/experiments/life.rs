//! One life of one experiment. Supervised by the tenant's `experiments`; a crash begins another life, which goes on from what
//! the store has.

use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::ports::keep_running::Ended;
use tokio_util::sync::CancellationToken;

use super::TrialParts;
use super::asking::Asker;
use crate::experiments::{Evaluation, Event, Trial};
use crate::experiments::{
    Experiment, ExperimentError, ExperimentKey, Iteration, Lab, Reason, State, Strategy, Workbench, strategy,
};
use crate::extensions::Hook;

/// What one life works with.
#[derive(Clone)]
pub(super) struct Life {
    pub(super) parts: Arc<TrialParts>,
    pub(super) key: ExperimentKey,
    pub(super) bench: Workbench,
}

/// Why a step did not come to its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// The experiment cannot go on, for this reason.
    Halt(Reason, String),
    /// It is over: somebody ended it meanwhile.
    Over,
    /// This life cannot go on; another one may.
    Crash(String),
}

impl From<ExperimentError> for Broken {
    fn from(error: ExperimentError) -> Self {
        match error {
            ExperimentError::State(_) | ExperimentError::NotFound => Self::Over,
            error => Self::Crash(error.to_string()),
        }
    }
}

// === impl Life ===

impl Life {
    pub(super) fn new(parts: Arc<TrialParts>, key: ExperimentKey) -> Self {
        let bench = parts.experiments.bench(&key);
        Self { parts, key, bench }
    }

    /// Runs until the experiment is over, or this life is.
    pub(super) async fn run(self, stop: CancellationToken) -> Result<(), Ended> {
        let mut signal = self.parts.experiments.watch(&self.key);
        let outcome = loop {
            let found = match self.parts.experiments.get(&self.key.tenant, self.key.id).await {
                Ok(found) if found.state.is_live() => found,
                Ok(_) | Err(ExperimentError::NotFound) => break Ok(()),
                Err(error) => break Err(Ended(error.to_string())),
            };
            let step = tokio::select! {
                biased;
                // What waits and what is half done is taken up by the next life.
                () = stop.cancelled() => return Ok(()),
                changed = signal.changed() => match changed {
                    Ok(()) => self.interrupted(&found).await,
                    Err(_) => Ok(()),
                },
                engaged = self.parts.experiments.parts().switches.until_engaged(&self.key.tenant) => {
                    Err(Broken::Halt(Reason::GracefulStop, engaged.to_string()))
                }
                () = over(&found) => Err(Broken::Halt(Reason::Timeout, "its time was over".to_owned())),
                step = Box::pin(self.step(&found)) => step,
            };
            match step {
                Ok(()) | Err(Broken::Over) => {}
                Err(Broken::Halt(reason, why)) => {
                    if let Err(Broken::Crash(why)) = self.halt(reason, why).await {
                        break Err(Ended(why));
                    }
                }
                Err(Broken::Crash(why)) => break Err(Ended(why)),
            }
        };
        if outcome.is_ok() {
            self.clear().await;
        }
        drop(signal);
        self.parts.experiments.unwatch(&self.key);
        outcome
    }

    /// Something was decided while a step ran. What it ran is dropped; a graceful stop lets the idea go on.
    async fn interrupted(&self, before: &Experiment) -> Result<(), Broken> {
        let now = self.parts.experiments.get(&self.key.tenant, self.key.id).await?;
        if now.state.is_terminal() && before.state.is_live() {
            self.stop_turns().await;
        }
        Ok(())
    }

    async fn step(&self, found: &Experiment) -> Result<(), Broken> {
        let how =
            strategy(found).map_err(|error| Broken::Halt(Reason::StrategyCrashed, error.to_string()))?;
        match found.state {
            State::Running if found.base.is_none() => self.begin(found).await,
            State::Running if found.baseline.is_none() => self.measure_base(found, how.as_ref()).await,
            State::Running => self.round(found, how.as_ref()).await,
            State::Evaluating => self.judge(found, how.as_ref()).await,
            State::AwaitingHuman => self.gate(found).await,
            State::Created | State::Accepted | State::Rejected | State::Cancelled | State::Halted => {
                Err(Broken::Over)
            }
        }
    }

    /// Tells plugs, limits what is spent, and takes the workspace in.
    async fn begin(&self, found: &Experiment) -> Result<(), Broken> {
        let extensions = &self.parts.experiments.parts().extensions;
        let data = crate::experiments::Experiments::told(found);
        let context = extensions.run(Hook::ExperimentStarted, &self.key.tenant, data).await;
        if let Some(halt) = context.halted {
            let why = format!("the plug {} stopped it: {}", halt.by, halt.reason);
            return Err(Broken::Halt(Reason::InitFailed, why));
        }
        let folder = self.parts.experiments.workspace(&self.key, found).await.map_err(init_failed)?;
        let bench = self.bench.clone();
        let taken = self.blocking(move || bench.snapshot(&folder)).await;
        let base = taken.map_err(|why| Broken::Halt(Reason::InitFailed, why))?;
        self.parts.experiments.advance(&self.key, move |one| one.base = Some(base)).await?;
        Ok(())
    }

    async fn measure_base(&self, found: &Experiment, how: &dyn Strategy) -> Result<(), Broken> {
        let base = found.base.clone().unwrap_or_default();
        let folder =
            self.checkout(&base, "base").await.map_err(|why| Broken::Halt(Reason::InitFailed, why))?;
        let trial = Trial { folder: &folder, answer: "", evidence: &[], patch: "" };
        let past = crate::experiments::Past { experiment: found, iterations: &[] };
        let measured = how.init(&self.lab(found), trial, past).await;
        self.remove("base").await;
        let baseline: Evaluation =
            measured.map_err(|error| Broken::Halt(Reason::InitFailed, error.to_string()))?;
        self.parts.experiments.advance(&self.key, move |one| one.baseline = Some(baseline)).await?;
        Ok(())
    }

    /// What measurements need.
    pub(super) fn lab(&self, found: &Experiment) -> Lab {
        Lab {
            tenant: self.key.tenant.clone(),
            sandbox: self.parts.sandbox.clone(),
            switches: self.parts.experiments.parts().switches.clone(),
            asker: Arc::new(Asker::new(Arc::clone(&self.parts), self.key.tenant.clone(), found)),
        }
    }

    pub(super) async fn iterations(&self) -> Result<Vec<Iteration>, Broken> {
        Ok(self.parts.experiments.iterations(&self.key.tenant, self.key.id).await?)
    }

    /// Lets something happen, and does what follows from it at once; the rest is the next step's.
    pub(super) async fn happened(&self, event: Event, why: String) -> Result<Experiment, Broken> {
        let (found, _) = self.parts.experiments.happened(&self.key, event, why).await?;
        Ok(found)
    }

    async fn halt(&self, reason: Reason, why: String) -> Result<(), Broken> {
        self.stop_turns().await;
        match self.happened(Event::Fail(reason), why).await {
            Ok(_) | Err(Broken::Over) => Ok(()),
            Err(broken) => Err(broken),
        }
    }

    /// Ends turns of this experiment that still run, with everything that they started.
    async fn stop_turns(&self) {
        let Ok(iterations) = self.iterations().await else { return };
        for (thread, turn) in iterations.iter().filter_map(|one| one.thread.zip(one.turn)) {
            // silent-ok: a turn that does not run need not be stopped
            let _ = self.parts.sessions.stop(thread, turn);
        }
    }

    /// What is left when it is over: the repository, for the differences and for taking it back.
    pub(super) async fn clear(&self) {
        self.stop_turns().await;
        self.forget_budgets().await;
        let (experiments, tenant) = (&self.parts.experiments, &self.key.tenant);
        if let Ok(Some(asked)) = experiments.get(tenant, self.key.id).await.map(|found| found.approval) {
            let withdrawn =
                experiments.parts().approvals.withdraw(tenant, asked, "the experiment is over").await;
            if let Err(error) = withdrawn {
                tracing::debug!(%error, "a question of an experiment that is over stays until it expires");
            }
        }
        let bench = self.bench.clone();
        if let Err(why) = self.blocking(move || bench.sweep()).await {
            tracing::warn!(why, id = %self.key.id, "folders of an experiment that is over are still there");
        }
    }

    /// A fresh folder with the files of a commit.
    pub(super) async fn checkout(&self, commit: &str, name: &str) -> Result<std::path::PathBuf, String> {
        let (bench, commit, name) = (self.bench.clone(), commit.to_owned(), name.to_owned());
        self.blocking(move || bench.checkout(&commit, &name)).await
    }

    /// Removes a folder; one that stays is removed at the end.
    pub(super) async fn remove(&self, name: &str) {
        let (bench, name) = (self.bench.clone(), name.to_owned());
        if let Err(why) = self.blocking(move || bench.remove(&name)).await {
            tracing::debug!(why, "a folder of an experiment is still there");
        }
    }

    /// Work with files, on a thread that may block.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, crate::experiments::WorkError> + Send + 'static,
    ) -> Result<T, String> {
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn init_failed(error: ExperimentError) -> Broken {
    match error {
        ExperimentError::State(_) | ExperimentError::NotFound => Broken::Over,
        error => Broken::Halt(Reason::InitFailed, error.to_string()),
    }
}

/// Resolves when the time of an experiment is over. While a person is asked it stands still: their question has its own.
async fn over(found: &Experiment) {
    let deadline_ms = match found.state {
        State::Running | State::Evaluating => found.deadline_ms,
        _ => None,
    };
    let Some(deadline_ms) = deadline_ms else { return std::future::pending().await };
    let left_ms = deadline_ms.saturating_sub(jiff::Timestamp::now().as_millisecond());
    tokio::time::sleep(Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))).await;
}
