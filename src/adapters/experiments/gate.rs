//! The gate: a person is asked in the inbox, with every file and the difference. Nobody's answer in time is a no.

use super::life::{Broken, Life};
use crate::approvals::{Approval, ApprovalState, Question};
use crate::experiments::{Answer, Applied, Apply, Event, Experiment, Iteration};
use crate::policy::{Action, SourceKind, Subject, ToolClass};

/// Files that are named in a question; the difference has all.
const FILES_ASKED_MAX: usize = 40;
/// Most bytes of the difference in a question.
const PAYLOAD_BYTES_MAX: usize = 8 << 10;

// === impl Life ===

impl Life {
    /// Asks, waits, and does what was said.
    pub(super) async fn gate(&self, found: &Experiment) -> Result<(), Broken> {
        let iterations = self.iterations().await?;
        let Some(best) = iterations.iter().find(|one| Some(one.number) == found.best) else {
            return Err(Broken::Crash("the accepted iteration is not there".to_owned()));
        };
        let why = format!("iteration {} is accepted: {}", best.number, best.summary);
        if matches!(found.applied, Applied::Applying | Applied::Yes) {
            // An earlier life was allowed to, and was cut off.
            return self.put_into_workspace(found, best, why).await;
        }
        let (actions, payload) = self.question(found, best).await?;
        let approvals = &self.parts.experiments.parts().approvals;
        let crash = |error: crate::approvals::ApprovalError| Broken::Crash(error.to_string());
        let id = match found.approval {
            Some(id) => id,
            None => self.ask(found, best, (actions.clone(), payload.clone())).await?,
        };
        let decided = approvals.wait(&self.key.tenant, id).await.map_err(crash)?;
        let now = self.parts.experiments.get(&self.key.tenant, self.key.id).await?;
        let answer = answer_of(&decided, now.answer);
        tracing::info!(
            target: "capuchin::experiment", event = "decision.final", experiment_id = %found.id,
            iteration = best.number, decision = answer.as_str(), "a person decided, or nobody did in time"
        );
        let by = decided.decided_by.as_deref().unwrap_or("nobody");
        let said = format!("{} by {by}: {}", answer.as_str(), decided.reason);
        match answer {
            Answer::Accept if decided.used_ms.is_some() => self.put_into_workspace(&now, best, why).await,
            Answer::Accept => {
                approvals.redeem(&self.key.tenant, id, Action::digest(&actions, &payload)).await.map_err(
                    |_| {
                        Broken::Halt(
                            crate::experiments::Reason::StrategyCrashed,
                            "what was allowed is not what it is now".to_owned(),
                        )
                    },
                )?;
                self.put_into_workspace(&now, best, why).await
            }
            Answer::Reject | Answer::Continue => {
                self.parts
                    .experiments
                    .advance(&self.key, |one| (one.approval, one.best) = (None, None))
                    .await?;
                self.happened(Event::Answered(answer), said).await?;
                Ok(())
            }
        }
    }

    /// What is asked: the files, and what changes in them.
    async fn question(&self, found: &Experiment, best: &Iteration) -> Result<(Vec<Action>, String), Broken> {
        let paths = match found.settings.apply {
            Apply::Never => Vec::new(),
            Apply::Ask | Apply::Auto => self.parts.experiments.changed_paths(&self.key, found, best).await?,
        };
        let mut actions: Vec<Action> =
            paths.iter().take(FILES_ASKED_MAX).map(|path| Action::WritePath { path: path.clone() }).collect();
        if actions.is_empty() {
            let tool = "accept_experiment".to_owned();
            actions.push(Action::CallTool { server: None, tool, class: ToolClass::Effectful });
        }
        let (base, tree) = (found.base.clone().unwrap_or_default(), best.tree.clone().unwrap_or_default());
        let (bench, id) = (self.bench.clone(), tree.clone());
        let patch =
            self.blocking(move || bench.patch(&base, &id, PAYLOAD_BYTES_MAX)).await.map_err(Broken::Crash)?;
        let more = paths.len().saturating_sub(FILES_ASKED_MAX);
        let more = if more > 0 { format!("and {more} files more\n") } else { String::new() };
        Ok((actions, format!("tree {tree}\n{more}{patch}")))
    }

    async fn ask(
        &self,
        found: &Experiment,
        best: &Iteration,
        (actions, payload): (Vec<Action>, String),
    ) -> Result<crate::protocol::ids::ApprovalId, Broken> {
        let conflicts = self.conflicts(found, best).await?;
        let why = if conflicts.is_empty() {
            format!("the experiment \"{}\" accepted iteration {}: {}", found.title, best.number, best.summary)
        } else {
            format!(
                "the experiment \"{}\" wants to write files that were changed meanwhile, and can't: {}",
                found.title,
                conflicts.join(", ")
            )
        };
        let question = Question {
            subject: Subject {
                assistant: None,
                workspace: Some(found.workspace_id),
                thread: None,
                source: SourceKind::of(found.provenance),
            },
            turn: None,
            source: found.source.clone(),
            actions,
            payload,
            why: why.chars().filter(|c| !c.is_control()).take(480).collect(),
            rule: None,
            tainted: false,
            expires_in: None,
        };
        let approvals = &self.parts.experiments.parts().approvals;
        let asked = approvals.ask(&self.key.tenant, question).await;
        let id = asked.map_err(|error| Broken::Crash(error.to_string()))?.id;
        let kept = self.parts.experiments.advance(&self.key, move |one| {
            (one.approval, one.answer) = (Some(id), None);
        });
        kept.await?;
        Ok(id)
    }

    async fn conflicts(&self, found: &Experiment, best: &Iteration) -> Result<Vec<String>, Broken> {
        if found.settings.apply == Apply::Never {
            return Ok(Vec::new());
        }
        let folder = self.parts.experiments.workspace(&self.key, found).await?;
        let (base, tree) = (found.base.clone().unwrap_or_default(), best.tree.clone().unwrap_or_default());
        let bench = self.bench.clone();
        self.blocking(move || bench.conflicts(&folder, &base, &tree)).await.map_err(Broken::Crash)
    }
}

/// What a decided question means. What was said besides it counts only where it fits.
fn answer_of(decided: &Approval, said: Option<Answer>) -> Answer {
    match (decided.state, said) {
        (ApprovalState::Allowed, _) => Answer::Accept,
        (ApprovalState::Denied, Some(Answer::Continue)) => Answer::Continue,
        _ => Answer::Reject,
    }
}
