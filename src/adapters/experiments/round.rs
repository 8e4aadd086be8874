//! Rounds: as many ideas beside each other as the strategy lets; each in its own folder and its own thread.

use futures::future::join_all;

use super::life::{Broken, Life};
use crate::experiments::{Event, Experiment, Iteration, Past, Reason, Status, Strategy};
use crate::extensions::Hook;

// === impl Life ===

impl Life {
    /// Works on the ideas of this round; begins the next one where none is open.
    pub(super) async fn round(&self, found: &Experiment, how: &dyn Strategy) -> Result<(), Broken> {
        let iterations = self.iterations().await?;
        let open: Vec<&Iteration> = iterations.iter().filter(|one| one.ended_ms.is_none()).collect();
        if open.is_empty() {
            return self.next_round(found, how, &iterations).await;
        }
        let ideas = open.iter().filter(|one| one.status == Status::Running).enumerate();
        let ideas: Vec<_> =
            ideas.map(|(slot, one)| self.idea((found, how), &iterations, (slot, (*one).clone()))).collect();
        if ideas.is_empty() {
            self.happened(Event::IdeasReady, String::new()).await?;
            return Ok(());
        }
        join_all(ideas).await.into_iter().collect()
    }

    async fn next_round(
        &self,
        found: &Experiment,
        how: &dyn Strategy,
        iterations: &[Iteration],
    ) -> Result<(), Broken> {
        let prepared = how.prepare_iteration(Past { experiment: found, iterations });
        let last = iterations.last();
        let (number, round) = (last.map_or(0, |one| one.number), last.map_or(0, |one| one.round) + 1);
        let count = prepared.beside.min(found.iterations_max.saturating_sub(number));
        let fresh: Vec<Iteration> =
            (1..=count).map(|next| blank((number + next, round), &prepared.from)).collect();
        if fresh.is_empty() {
            return Err(Broken::Halt(Reason::MaxIterations, "it had all its iterations".to_owned()));
        }
        for one in &fresh {
            self.may_begin(found, one).await?;
        }
        self.parts.experiments.keep(&self.key, fresh).await?;
        Ok(())
    }

    /// Whether plugs let an iteration begin.
    async fn may_begin(&self, found: &Experiment, one: &Iteration) -> Result<(), Broken> {
        tracing::info!(
            target: "capuchin::experiment", event = "iteration.start", experiment_id = %found.id,
            iteration = one.number, strategy = found.kind.as_str(), "an iteration begins"
        );
        let data = self.parts.experiments.told_of(&self.key, found, one).await?;
        let extensions = &self.parts.experiments.parts().extensions;
        let context = extensions.run(Hook::IterationStarted, &self.key.tenant, data).await;
        match context.halted {
            Some(halt) => {
                let why = format!("the plug {} stopped iteration {}: {}", halt.by, one.number, halt.reason);
                Err(Broken::Halt(Reason::PrepFailed, why))
            }
            None => Ok(()),
        }
    }
}

fn blank((number, round): (u32, u32), parent: &str) -> Iteration {
    Iteration {
        number,
        round,
        status: Status::Running,
        reason: Reason::None,
        parent: parent.to_owned(),
        tree: None,
        thread: None,
        turn: None,
        prompt: String::new(),
        answer: String::new(),
        score: None,
        summary: String::new(),
        evaluation: None,
        diff: None,
        tokens: 0,
        tool_calls: 0,
        started_ms: jiff::Timestamp::now().as_millisecond(),
        ended_ms: None,
    }
}
