//! What the trees of a round are worth. One is measured after the other, whatever ran beside each other before: programs that
//! share a machine disturb each other's numbers.

use super::life::{Broken, Life};
use crate::experiments::{
    Applied, Apply, Decision, Evaluation, Event, Experiment, ExperimentError, Iteration, Judgement, Past,
    Reason, Status, Strategy, Trial, WorkError, is_stuck,
};
use crate::extensions::Hook;

/// Iterations that fail in a row before it makes no sense to go on.
const FAILURES_MAX: usize = 3;
/// Most bytes of a difference that a judge reads.
const PATCH_BYTES_MAX: usize = 64 << 10;

// === impl Life ===

impl Life {
    /// Judges the open iterations, then the round.
    pub(super) async fn judge(&self, found: &Experiment, how: &dyn Strategy) -> Result<(), Broken> {
        let mut iterations = self.iterations().await?;
        while let Some(at) = iterations.iter().position(|one| one.ended_ms.is_none()) {
            let (before, rest) = iterations.split_at_mut(at);
            let Some(one) = rest.first_mut() else { break };
            self.judge_one((found, how), before, one).await?;
            self.ended(found, one).await?;
        }
        self.conclude(found, &iterations).await
    }

    async fn judge_one(
        &self,
        (found, how): (&Experiment, &dyn Strategy),
        before: &[Iteration],
        one: &mut Iteration,
    ) -> Result<(), Broken> {
        if one.status == Status::Failed {
            return Ok(());
        }
        let violations = one.diff.as_ref().map(|diff| diff.violations.clone()).unwrap_or_default();
        let is_empty = one.diff.as_ref().is_none_or(|diff| diff.files == 0);
        if !violations.is_empty() {
            one.reason = Reason::ScopeViolation;
            reject(one, format!("{}; all of it is taken back", violations.join("; ")));
            return Ok(());
        }
        if is_empty && how.changes_files() {
            reject(one, "no file was changed".to_owned());
            return Ok(());
        }
        let past = Past { experiment: found, iterations: before };
        match self.measured((found, how), past, one).await {
            Ok(evaluation) => {
                let verdict = how.decide(&evaluation, past);
                one.status = match verdict.decision {
                    Decision::Accept => Status::Accepted,
                    Decision::Continue => Status::Continued,
                    Decision::Reject => Status::Rejected,
                };
                one.summary =
                    format!("{}: {}", evaluation.words(), verdict.why).trim_start_matches(": ").to_owned();
                (one.score, one.evaluation) = (Some(evaluation.score), Some(evaluation));
            }
            Err(why) => {
                (one.status, one.reason, one.summary) = (Status::Failed, Reason::StrategyCrashed, why);
            }
        }
        Ok(())
    }

    /// Measures a tree in a fresh folder.
    async fn measured(
        &self,
        (found, how): (&Experiment, &dyn Strategy),
        past: Past<'_>,
        one: &Iteration,
    ) -> Result<Evaluation, String> {
        let tree = one.tree.clone().unwrap_or_default();
        let name = format!("trial-{}", one.number);
        let folder = self.checkout(&tree, &name).await?;
        let (bench, parent) = (self.bench.clone(), one.parent.clone());
        let patch = self.blocking(move || bench.patch(&parent, &tree, PATCH_BYTES_MAX)).await?;
        let evidence = if how.changes_files() { Vec::new() } else { self.evidence(one).await };
        tracing::info!(
            target: "capuchin::experiment", event = "iteration.evaluate", experiment_id = %found.id,
            iteration = one.number, strategy = found.kind.as_str(), "an iteration is measured"
        );
        let trial = Trial { folder: &folder, answer: &one.answer, evidence: &evidence, patch: &patch };
        let measured = how.evaluate(&self.lab(found), trial, past).await;
        self.remove(&name).await;
        measured.map_err(|error| error.to_string())
    }

    async fn ended(&self, found: &Experiment, one: &mut Iteration) -> Result<(), Broken> {
        let now_ms = jiff::Timestamp::now().as_millisecond();
        one.ended_ms = Some(now_ms);
        self.parts.experiments.keep(&self.key, vec![one.clone()]).await?;
        tracing::info!(
            target: "capuchin::experiment", event = "decision.auto", experiment_id = %found.id,
            iteration = one.number, strategy = found.kind.as_str(), decision = one.status.as_str(),
            score = one.score, duration_ms = now_ms - one.started_ms, "an iteration is judged"
        );
        let data = self.parts.experiments.told_of(&self.key, found, one).await?;
        self.parts.experiments.parts().extensions.tell(Hook::IterationCompleted, &self.key.tenant, data);
        Ok(())
    }

    /// What follows from the last round. Read from the store, so that another life comes to the same.
    async fn conclude(&self, found: &Experiment, iterations: &[Iteration]) -> Result<(), Broken> {
        let round = iterations.last().map_or(0, |one| one.round);
        let accepted = iterations.iter().filter(|one| one.round == round && one.status == Status::Accepted);
        if let Some(best) = accepted.max_by(|a, b| a.score.unwrap_or(0.0).total_cmp(&b.score.unwrap_or(0.0)))
        {
            return self.accept(found, best).await;
        }
        let failed = iterations.iter().rev().take_while(|one| one.status == Status::Failed).count();
        if let Some(last) = iterations.last().filter(|_| failed >= FAILURES_MAX) {
            let why = format!("{failed} iterations failed in a row; the last one: {}", last.summary);
            return Err(Broken::Halt(last.reason, why));
        }
        let stuck = is_stuck(Past { experiment: found, iterations });
        let (judgement, why) = match stuck {
            true => {
                let window = found.settings.stagnation_window;
                (Judgement::Reject, format!("the last {window} iterations brought nothing better"))
            }
            false => (Judgement::Continue, "no iteration was good enough".to_owned()),
        };
        self.happened(Event::Judged(judgement), why).await?;
        Ok(())
    }

    /// An accepted iteration goes to the gate, into the workspace, or nowhere.
    async fn accept(&self, found: &Experiment, best: &Iteration) -> Result<(), Broken> {
        let number = best.number;
        self.parts.experiments.advance(&self.key, move |one| one.best = Some(number)).await?;
        let changes = !self.parts.experiments.changed_paths(&self.key, found, best).await?.is_empty();
        let writes = changes && found.settings.apply != Apply::Never;
        let is_asked = match found.settings.apply {
            _ if found.applied == Applied::Applying => false,
            Apply::Ask => writes,
            Apply::Auto => writes && !self.parts.experiments.may_apply(&self.key, found, best).await?,
            Apply::Never => false,
        };
        let gate = is_asked || (found.settings.gate && found.applied != Applied::Applying);
        let why = format!("iteration {number} is accepted: {}", best.summary);
        let now = self.happened(Event::Judged(Judgement::Accept { gate }), why.clone()).await?;
        if gate {
            return Ok(());
        }
        self.put_into_workspace(&now, best, why).await
    }

    /// Puts an accepted iteration into the workspace where that is wanted, and ends the experiment.
    pub(super) async fn put_into_workspace(
        &self,
        found: &Experiment,
        best: &Iteration,
        why: String,
    ) -> Result<(), Broken> {
        if found.settings.apply != Apply::Never {
            match self.parts.experiments.apply(&self.key, found, best).await {
                Ok(files) => tracing::info!(
                    target: "capuchin::experiment", event = "decision.final", experiment_id = %found.id,
                    iteration = best.number, files, "an iteration is in the workspace"
                ),
                Err(ExperimentError::Work(WorkError::Conflict(files))) => {
                    let why = format!("changed in the workspace meanwhile: {}", files.join(", "));
                    self.parts.experiments.advance(&self.key, |one| one.approval = None).await?;
                    self.happened(Event::Conflict, why).await?;
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.happened(Event::Applied, why).await?;
        Ok(())
    }
}

fn reject(one: &mut Iteration, why: String) {
    (one.status, one.score, one.summary) = (Status::Rejected, Some(0.0), why);
}
