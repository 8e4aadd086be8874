//! Implements `Carry` for schedules: slots become runs, and a run a durable turn in its thread, or an experiment.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::ports::carry::{Carry, CarryError, Due};
use capuchin_actors::ports::keep_ledger::AcceptError;
use capuchin_actors::session::SessionDirectory;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::experiments::{ExperimentError, Experiments, Maker};
use crate::identity::RequestKey;
use crate::protocol::ids::{ExperimentId, ScheduleId, TenantId, ThreadId, TurnId};
use crate::protocol::turn::{Accepted, Inbound, Scheduled, ScriptedCall, TurnOverrides};
use crate::schedules::{Begun, Errand, Job, Refused, ScheduleError, Schedules, Then, What, Work};

/// Wait after an errand that failed.
const AGAIN: Duration = Duration::from_secs(1);

/// Who runs turns, as far as schedules are concerned.
pub trait Turning: Send + Sync + 'static {
    /// Takes a message into its thread; the same key is the same turn.
    fn submit(&self, inbound: Inbound) -> BoxFuture<'_, Result<Accepted, AcceptError>>;

    /// Tells a turn to stop.
    fn stop(&self, thread: ThreadId, turn: TurnId);
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Scheduler {
    schedules: Schedules,
    turning: Arc<dyn Turning>,
    experiments: Experiments,
}

impl Turning for SessionDirectory {
    fn submit(&self, inbound: Inbound) -> BoxFuture<'_, Result<Accepted, AcceptError>> {
        Self::submit(self, inbound).boxed()
    }

    fn stop(&self, thread: ThreadId, turn: TurnId) {
        // silent-ok: a turn that is not there has ended, or is found by its deadline
        let _ = Self::stop(self, thread, turn);
    }
}

// === impl Scheduler ===

impl Scheduler {
    /// Runs these schedules in these sessions, and as these experiments.
    #[must_use]
    pub fn new(schedules: Schedules, turning: Arc<dyn Turning>, experiments: Experiments) -> Self {
        Self { schedules, turning, experiments }
    }

    async fn look(self, busy: HashSet<ScheduleId>) -> Result<Due<Self>, ScheduleError> {
        let looked = self.schedules.look(&busy).await?;
        let now_ms = self.schedules.now_ms();
        let wait = |at_ms: i64| {
            let left_ms = at_ms.saturating_sub(now_ms);
            Duration::from_millis(u64::try_from(left_ms).unwrap_or_default())
        };
        let jobs = looked.errands.into_iter().map(|errand| (errand.schedule, errand)).collect();
        Ok(Due { jobs, next: looked.next_ms.map(wait) })
    }

    async fn run(self, errand: Errand) {
        if let Err(error) = self.try_run(&errand).await {
            // It stays due: the next look finds it.
            tracing::warn!(%error, schedule = %errand.schedule, "a schedule could not be looked after");
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn try_run(&self, errand: &Errand) -> Result<(), ScheduleError> {
        let done = match errand.what {
            What::Advance => self.schedules.advance(errand).await.map(|()| Then::Nothing),
            What::Begin(run) => self.schedules.begin(&errand.tenant, run).await,
            What::Settle(run) => self.schedules.settle(&errand.tenant, run).await,
        };
        match done {
            Ok(Then::Nothing) => Ok(()),
            Ok(Then::Run(begun)) => self.hand_over(&errand.tenant, &begun).await,
            Ok(Then::Stop(Work::Turn(thread, turn))) => {
                self.turning.stop(thread, turn);
                Ok(())
            }
            Ok(Then::Stop(Work::Experiment(id))) => {
                self.cancel(&Maker::schedule(errand.tenant.clone(), errand.schedule), id).await;
                Ok(())
            }
            // It was removed meanwhile, with its runs.
            Err(ScheduleError::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn hand_over(&self, tenant: &TenantId, begun: &Begun) -> Result<(), ScheduleError> {
        let schedule = &begun.schedule;
        let handed = match &schedule.job {
            Job::Prompt { text } => self.submit(tenant, begun, (text.clone(), None)).await,
            Job::Tool { name, arguments } => {
                let arguments = serde_json::Value::Object(arguments.clone()).to_string();
                let words = format!("The schedule \"{}\" calls `{name}`.", schedule.name);
                let call = ScriptedCall { name: name.clone(), arguments };
                self.submit(tenant, begun, (words, Some(call))).await
            }
            Job::Experiment { .. } => self.launch(tenant, begun).await,
        };
        match handed {
            Ok(work) => self.schedules.handed_over(tenant, begun.run, work).await,
            Err(refusal) => self.schedules.refused(tenant, begun.run, refusal).await,
        }
    }

    /// The run becomes a turn.
    async fn submit(
        &self,
        tenant: &TenantId,
        begun: &Begun,
        said: (String, Option<ScriptedCall>),
    ) -> Result<Work, (Refused, String)> {
        let none = || (Refused::ForGood, "it has no thread to work in".to_owned());
        let thread = begun.thread.ok_or_else(none)?;
        let accepted =
            self.turning.submit(inbound(tenant, (begun, thread), said)).await.map_err(|error| {
                let how = match error {
                    AcceptError::Held { .. } => Refused::Held,
                    AcceptError::KeyReused
                    | AcceptError::NoThread
                    | AcceptError::Refused { .. }
                    | AcceptError::Quarantined { .. } => Refused::ForGood,
                    // After a time-out the outcome is open; the same key finds out.
                    AcceptError::Busy { .. } | AcceptError::Ledger(_) | AcceptError::Timeout => Refused::Now,
                };
                (how, error.to_string())
            })?;
        Ok(Work::Turn(thread, accepted.turn_id))
    }

    /// The run becomes an experiment.
    async fn launch(&self, tenant: &TenantId, begun: &Begun) -> Result<Work, (Refused, String)> {
        let schedule = &begun.schedule;
        let none = || (Refused::ForGood, "it has nothing to try out".to_owned());
        let new = schedule.experiment().ok_or_else(none)?;
        let provenance = schedule.provenance;
        let maker = Maker { provenance, ..Maker::schedule(tenant.clone(), schedule.id) };
        // What was asked for may have changed since; the run is still the same.
        let key = RequestKey::of(&schedule.source(), "run", &begun.key, &[]);
        let launched = self.experiments.launch(&maker, new, key).await.map_err(|error| {
            let switches = &self.experiments.parts().switches;
            let how = match error {
                ExperimentError::Denied(_) if switches.status(tenant).is_some() => Refused::Held,
                ExperimentError::Busy(_) | ExperimentError::Store(_) => Refused::Now,
                _ => Refused::ForGood,
            };
            (how, error.to_string())
        })?;
        Ok(Work::Experiment(launched.id))
    }

    async fn cancel(&self, by: &Maker, id: ExperimentId) {
        match self.experiments.cancel(by, id).await {
            // One that is over or gone is found by the next look.
            Ok(_) | Err(ExperimentError::State(_) | ExperimentError::NotFound) => {}
            Err(error) => tracing::warn!(%error, %id, "the experiment of a schedule could not be ended"),
        }
    }
}

impl Carry for Scheduler {
    type Lane = ScheduleId;
    type Job = Errand;

    fn due(&self, busy: &HashSet<ScheduleId>) -> BoxFuture<'static, Result<Due<Self>, CarryError>> {
        let look = self.clone().look(busy.clone());
        async move { look.await.map_err(|error| CarryError(error.to_string())) }.boxed()
    }

    fn carry(&self, job: Errand) -> BoxFuture<'static, ()> {
        self.clone().run(job).boxed()
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        let (schedules, experiments) = (self.schedules.clone(), self.experiments.clone());
        async move {
            tokio::select! {
                () = schedules.changed() => {}
                () = experiments.moved() => {}
            }
        }
        .boxed()
    }
}

/// The message of a run: the words of who made the schedule, or the call that it makes.
fn inbound(
    tenant: &TenantId,
    (begun, thread): (&Begun, ThreadId),
    (content, call): (String, Option<ScriptedCall>),
) -> Inbound {
    let schedule = &begun.schedule;
    let ceiling = schedule.ceiling.map(|ceiling| ceiling.as_str().to_owned());
    Inbound {
        tenant: tenant.clone(),
        thread,
        content,
        provenance: schedule.provenance,
        source: schedule.source(),
        idempotency_key: Some(begun.key.clone()),
        overrides: TurnOverrides {
            scheduled: Some(Box::new(Scheduled { ceiling, call })),
            ..TurnOverrides::default()
        },
    }
}

#[cfg(test)]
mod tests;
