//! How experiments end: by themselves, by a person, or because they cannot go on. The end is written once, with every
//! iteration that did not end, and then told.

use serde_json::json;

use super::desk::{Experiments, now_ms, told};
use super::error::ExperimentError;
use super::experiment::{Answer, Experiment, Iteration, Maker, Outcome, Reason, State, Status};
use super::live::ExperimentKey;
use super::machine::{Effect, Event};
use super::store;
use super::telling::{self, Had};
use crate::approvals::{ApprovalError, Choice, DecisionScope};
use crate::audit;
use crate::db::TenantTx;
use crate::extensions::Hook;
use crate::identity::Principal;
use crate::notifications::{Happening, Pattern, SourceType};
use crate::protocol::ids::ExperimentId;

// === impl Experiments ===

impl Experiments {
    /// Ends an experiment now. What it runs is stopped; what it tried is left out of the workspace.
    ///
    /// # Errors
    /// [`ExperimentError::State`] when it is over; [`ExperimentError`] else, and then it goes on.
    pub async fn cancel(&self, by: &Maker, id: ExperimentId) -> Result<Experiment, ExperimentError> {
        self.end_by(by, id, ("experiment.cancelled", Event::Cancel)).await
    }

    /// Lets an experiment end after what it is doing. One that waits for a person, or never began, ends at once.
    ///
    /// # Errors
    /// As [`Experiments::cancel`].
    pub async fn stop(&self, by: &Maker, id: ExperimentId) -> Result<Experiment, ExperimentError> {
        self.end_by(by, id, ("experiment.stopped", Event::Stop)).await
    }

    async fn end_by(
        &self,
        by: &Maker,
        id: ExperimentId,
        (action, event): (&'static str, Event),
    ) -> Result<Experiment, ExperimentError> {
        let key = ExperimentKey { tenant: by.tenant.clone(), id };
        let (source, desk) = (by.source.clone(), self.clone());
        let ended = self.write(&by.tenant, id, move |tx, experiment| {
            if experiment.state.is_terminal() {
                return Err(ExperimentError::State(experiment.state));
            }
            let (next, effects) = experiment.machine().next(event);
            (experiment.state, experiment.stopping) = (next.state, next.stopping);
            desk.finish(tx, experiment, (&effects, "somebody ended it"))?;
            audit::append(tx, told(&source, action, experiment))?;
            Ok(())
        });
        let ended = ended.await?;
        self.inner.live.signal(&key);
        self.inner.live.changed(&by.tenant);
        Ok(ended)
    }

    /// Lets something happen to an experiment, for its actor, and writes what comes of it. What has to be done then.
    ///
    /// # Errors
    /// [`ExperimentError::State`] when it is over. Then nothing changed.
    pub async fn happened(
        &self,
        key: &ExperimentKey,
        event: Event,
        summary: String,
    ) -> Result<(Experiment, Vec<Effect>), ExperimentError> {
        let desk = self.clone();
        let (tell, hear) = std::sync::mpsc::sync_channel(1);
        let written = self.write(&key.tenant, key.id, move |tx, experiment| {
            if !experiment.state.is_live() {
                return Err(ExperimentError::State(experiment.state));
            }
            let (next, effects) = experiment.machine().next(event);
            (experiment.state, experiment.stopping) = (next.state, next.stopping);
            if next.state != State::AwaitingHuman {
                experiment.answer = None;
            }
            desk.finish(tx, experiment, (&effects, &summary))?;
            // silent-ok: there is room for one, and one is sent
            let _ = tell.try_send(effects);
            Ok(())
        });
        let experiment = written.await?;
        if experiment.state.is_terminal() {
            self.inner.live.changed(&key.tenant);
        }
        Ok((experiment, hear.try_recv().unwrap_or_default()))
    }

    /// The actor of an experiment is out of service.
    pub async fn is_down(&self, key: &ExperimentKey, why: &str) {
        let why = format!("its part of the daemon failed: {why}");
        match self.happened(key, Event::Fail(Reason::Crash), why).await {
            Ok(_) | Err(ExperimentError::State(_) | ExperimentError::NotFound) => {}
            Err(error) => {
                tracing::warn!(%error, id = %key.id, "an experiment whose actor is down could not be ended");
            }
        }
    }

    /// Says what a person wants at the gate. The first answer counts.
    ///
    /// # Errors
    /// [`ExperimentError::State`] when nobody is asked; [`ExperimentError::Approval`] when this principal may not decide.
    pub async fn decide(
        &self,
        by: &Principal,
        id: ExperimentId,
        (answer, reason): (Answer, &str),
    ) -> Result<Experiment, ExperimentError> {
        let found = self.get(&by.tenant, id).await?;
        let Some(approval) = found.approval.filter(|_| found.state == State::AwaitingHuman) else {
            return Err(ExperimentError::State(found.state));
        };
        // What is wanted is kept before the question is decided: whoever waits for that reads this.
        let kept = self.write(&by.tenant, id, move |_, experiment| {
            if experiment.state != State::AwaitingHuman || experiment.approval != Some(approval) {
                return Err(ExperimentError::State(experiment.state));
            }
            experiment.answer = Some(answer);
            Ok(())
        });
        kept.await?;
        let choice = match answer {
            Answer::Accept => Choice::Allow(DecisionScope::Once),
            Answer::Reject | Answer::Continue => Choice::Deny,
        };
        match self.inner.parts.approvals.decide(by, approval, choice, reason).await {
            Ok(_) => {}
            Err(error) => {
                self.forget_answer(by, id).await?;
                return Err(match error {
                    ApprovalError::Decided(_) => ExperimentError::State(found.state),
                    error => error.into(),
                });
            }
        }
        self.inner.live.signal(&ExperimentKey { tenant: by.tenant.clone(), id });
        self.get(&by.tenant, id).await
    }

    async fn forget_answer(&self, by: &Principal, id: ExperimentId) -> Result<(), ExperimentError> {
        let write = self.write(&by.tenant, id, |_, experiment| {
            experiment.answer = None;
            Ok(())
        });
        write.await.map(drop)
    }

    /// Writes the end of an experiment where one of the effects is its end.
    fn finish(
        &self,
        tx: &mut TenantTx<'_>,
        experiment: &mut Experiment,
        (effects, summary): (&[Effect], &str),
    ) -> Result<(), ExperimentError> {
        let reason = effects.iter().find_map(|effect| match effect {
            Effect::Finish(reason) => Some(*reason),
            _ => None,
        });
        let Some(reason) = reason else { return Ok(()) };
        let now_ms = now_ms();
        let mut iterations = store::iterations(tx, experiment.id)?;
        for one in iterations.iter_mut().filter(|one| one.ended_ms.is_none()) {
            (one.status, one.reason, one.ended_ms) = (Status::Halted, reason, Some(now_ms));
            store::put_iteration(tx, experiment.id, one)?;
        }
        (experiment.reason, experiment.ended_ms) = (reason, Some(now_ms));
        experiment.outcome = Some(outcome(experiment, &iterations, summary));
        audit::append(tx, told("experiment", "experiment.ended", experiment))?;
        let (parts, tenant, ended) = (self.inner.parts.clone(), tx.tenant().clone(), experiment.clone());
        let had = Had::of(tx, &iterations)?;
        tx.on_commit(move || {
            parts.notices.raise(&tenant, is_over(&ended));
            let data = json!({ "experiment": telling::experiment(&ended, &had), "result": ended.outcome });
            parts.extensions.tell(Hook::ExperimentCompleted, &tenant, data);
            tracing::info!(
                target: "capuchin::experiment", event = "completed", experiment_id = %ended.id,
                strategy = ended.kind.as_str(), decision = ended.state.as_str(), reason = ended.reason.as_str(),
                score = ended.outcome.as_ref().and_then(|outcome| outcome.score),
                duration_ms = ended.ended_ms.zip(ended.started_ms).map(|(end, start)| end - start),
                "an experiment has ended"
            );
        });
        Ok(())
    }
}

fn outcome(experiment: &Experiment, iterations: &[Iteration], summary: &str) -> Outcome {
    let counts = iterations.iter().find(|one| Some(one.number) == experiment.best);
    let scores = iterations.iter().filter_map(|one| one.score);
    let highest = scores.max_by(f64::total_cmp);
    Outcome {
        decision: experiment.state,
        score: counts.and_then(|one| one.score).or(highest),
        summary: summary.chars().take(2_000).collect(),
        diff_stat: counts.and_then(|one| one.diff.clone()),
        iterations: experiment.iteration,
    }
}

fn is_over(experiment: &Experiment) -> Happening {
    let word = experiment.state.as_str();
    let said = experiment.outcome.as_ref().map(|outcome| outcome.summary.clone()).unwrap_or_default();
    Happening::new(Pattern::ExperimentCompleted, format!("Experiment {word}: {}", experiment.title))
        .saying(said)
        .within(experiment.workspace_id)
        .to(SourceType::Experiment, experiment.id)
}
