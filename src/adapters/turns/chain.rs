//! Which of an assistant's models answers a round: one after the other, until one does.
//!
//! The next one is asked as long as nobody has seen anything of an answer, and only where it may help: the policy does not let
//! this one be asked, a budget has too little for it, or it failed in a way that is its own. Each is judged, paid for and named
//! as the one that it is. Once a word was seen, a failure is told and nothing is said twice.

use std::time::Instant;

use capuchin_actors::ports::run_turn::{Answering, TurnReport};
use tracing::Instrument;

use super::round::Heard;
use super::run::Run;
use crate::guard::{Permit, honour};
use crate::models::{Candidate, Health, Need};
use crate::protocol::chat::Usage;
use crate::protocol::journal::JournalEntry;
use crate::protocol::model::{ModelError, ModelErrorKind as Kind};
use crate::protocol::turn::TurnAnswer;
use crate::telemetry::spans;

/// What is added to a failure after which an answer stands that is not whole.
const PARTIAL: &str =
    "the answer broke off here; what came before stands, and nobody else was asked to say it again";

/// A model that did not answer.
struct Failed {
    error: ModelError,
    /// What may be done now.
    next: Next,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Another model may be asked.
    Other,
    /// It is over.
    Nobody,
}

impl Failed {
    const fn over(error: ModelError) -> Self {
        Self { error, next: Next::Nobody }
    }

    /// It was not asked.
    const fn refused(error: ModelError) -> Self {
        let next = match error.kind {
            Kind::Denied | Kind::BudgetExceeded => Next::Other,
            _ => Next::Nobody,
        };
        Self { error, next }
    }
}

// === impl Run ===

impl Run {
    /// Asks the models of the chain until one answers.
    pub(super) async fn ask(&mut self, round: u32, tools: bool) -> Result<TurnAnswer, ModelError> {
        let candidates = self.candidates(tools).await?;
        let (count, mut earlier) = (candidates.len(), Vec::new());
        for (nth, candidate) in candidates.into_iter().enumerate() {
            let place = candidate.place;
            self.turn_to(candidate);
            match self.ask_one(round, tools).await {
                Ok(answer) => {
                    self.note_answered(place);
                    return Ok(answer);
                }
                Err(Failed { error, next: Next::Other }) if nth + 1 < count => {
                    let call = &self.task.call;
                    tracing::info!(backend = call.backend, model = call.model, %error, "the next model of the chain is asked");
                    self.turns.parts.metrics.models.failed_over(&call.backend, error.kind);
                    earlier.push(format!("{}/{}: {}", call.backend, call.model, error.message));
                }
                Err(Failed { error, .. }) => {
                    return Err(with_earlier(error, &earlier, &self.task.call.backend));
                }
            }
        }
        Err(ModelError::new(Kind::Configuration, "the chain of models is empty"))
    }

    /// Who may be asked for this round, in order.
    async fn candidates(&self, tools: bool) -> Result<Vec<Candidate>, ModelError> {
        let (chain, models) = (&self.task.chain, &self.turns.parts.models);
        if self.task.overrides.call().is_some() || self.coding.is_some() {
            let (backend, model) = (self.task.backend.clone(), self.task.call.model.clone());
            return Ok(vec![Candidate { place: 0, backend, model }]);
        }
        let need = match chain.links.as_slice() {
            // Nothing is chosen.
            [_] if chain.routing == crate::models::Routing::default() => Need::default(),
            _ => self.turns.parts.guard.need(&self.task.call, &self.request(tools).await?),
        };
        let mut candidates = models.candidates(&chain.routing, &chain.links, &need)?;
        // A program has a conversation of its own: it cannot take up a turn, and nobody can take up one of its.
        candidates.retain(|candidate| candidate.backend.program().is_none());
        Ok(candidates)
    }

    /// From now on this one is asked.
    fn turn_to(&mut self, candidate: Candidate) {
        let task = &mut self.task;
        task.call.backend = candidate.backend.name().to_owned();
        task.call.local = candidate.backend.is_local();
        task.call.model.clone_from(&candidate.model);
        task.persona.backend.clone_from(&task.call.backend);
        task.persona.model = candidate.model;
        task.backend = candidate.backend;
    }

    async fn ask_one(&mut self, round: u32, tools: bool) -> Result<TurnAnswer, Failed> {
        self.permit().await?;
        let mut request = self.request(tools).await.map_err(Failed::over)?;
        // A turn that waits for a person, or whose tools work, holds no place.
        let Ok(_place) = self.turns.places.clone().acquire_owned().await else {
            return Err(Failed::over(ModelError::new(Kind::Overloaded, "the daemon is stopping")));
        };
        let call = &self.task.call;
        let (backend, model) = (call.backend.clone(), call.model.clone());
        let admitted = self.turns.parts.guard.admit(call.clone(), &mut request).await;
        let admitted = admitted.map_err(Failed::refused)?;
        if self.task.below.is_none() {
            let answering = Answering { backend: backend.clone(), model: model.clone(), round };
            self.reporter.send(TurnReport::Answering(answering)).await;
        }
        let span = spans::model_call(&backend, &model);
        let (started, models) = (Instant::now(), self.turns.parts.models.clone());
        models.begun(&backend, &model);
        let stream = match &self.coding {
            Some(coding) => coding.round(request, tools && self.task.has_tools),
            None => self.task.backend.stream(request),
        };
        let stream = admitted.answer(stream);
        let (mut wall_left, mut heard) = (self.wall_left, Heard::default());
        let relayed = self.relay(stream, (round, tools), &span, &mut heard).instrument(span.clone());
        let outcome = Self::timed(&mut wall_left, relayed).await;
        self.wall_left = wall_left;
        let metrics = &self.turns.parts.metrics;
        metrics.models.duration.observe(started.elapsed());
        metrics.models.called(&backend, outcome.as_ref().err().map(|error| error.kind));
        models.ended((&backend, &model), outcome.as_ref().map(|_| ()), heard.first);
        metrics.models.breaker(&backend, models.health(&backend).breaker);
        let mut error = match outcome {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        spans::record_failure(&span, error.kind.as_str());
        let may_help = Health::of(Err(&error)).fails_over();
        if heard.shown {
            if may_help {
                error.message = format!("{} ({PARTIAL})", error.message);
            }
            return Err(Failed::over(error));
        }
        self.keep_spent(heard.usage).await.map_err(Failed::over)?;
        Err(Failed { error, next: if may_help { Next::Other } else { Next::Nobody } })
    }

    /// Goes on when the call is allowed, after a person was asked where one has to be. Who says no says it for the whole chain.
    async fn permit(&self) -> Result<(), Failed> {
        let (guard, call) = (&self.turns.parts.guard, &self.task.call);
        if self.task.overrides.call().is_some() {
            // No model is asked; the call itself is judged as any other.
            return Ok(());
        }
        let permit = guard.permit(call).await.map_err(Failed::refused)?;
        let Permit::Asked(asked) = permit else { return Ok(()) };
        self.reporter.asking(&asked).await;
        let decided = guard.decision(call, &asked).await.map_err(Failed::over)?;
        self.reporter.decided(&decided).await;
        honour(&decided).map_err(Failed::over)
    }

    /// Turns to the first model that may be asked for something small besides the rounds: a summary.
    ///
    /// # Errors
    /// Why none may be.
    pub(super) async fn turn_to_any(&mut self) -> Result<(), ModelError> {
        let chain = &self.task.chain;
        let need = Need { local_only: chain.routing.local_only, ..Need::default() };
        let candidates = self.turns.parts.models.candidates(&chain.routing, &chain.links, &need)?;
        if let Some(first) = candidates.into_iter().next() {
            self.turn_to(first);
        }
        self.permit().await.map_err(|failed| failed.error)
    }

    /// What a model used that then failed, and of which nothing was seen.
    async fn keep_spent(&self, usage: Usage) -> Result<(), ModelError> {
        if usage == Usage::default() {
            return Ok(());
        }
        let (backend, model) = (self.task.call.backend.clone(), self.task.call.model.clone());
        self.reporter.keep(JournalEntry::Spent { backend, model, usage }).await
    }

    fn note_answered(&self, place: usize) {
        let (task, models) = (&self.task, &self.turns.parts.models);
        if task.chain.is_own && task.chain.links.len() > 1 {
            models.answered(&task.call.of.tenant, task.place.assistant, &task.chain.links, place);
        }
    }
}

/// The last failure, with those before it.
fn with_earlier(error: ModelError, earlier: &[String], backend: &str) -> ModelError {
    if earlier.is_empty() {
        return error;
    }
    let message = format!("{backend}: {}; before it, {}", error.message, earlier.join("; "));
    ModelError { message, ..error }
}
