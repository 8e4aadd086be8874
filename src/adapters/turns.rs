//! `RunTurn` over backends: the conversation recipe with the stored thread, against a real model.
//!
//! Owns the bound on turns that run at once; a turn over it waits, and its deadline counts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use capuchin_actors::ports::run_turn::{Answering as Answers, Asking, Decided, RunTurn, TurnReport};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tracing::{Instrument, Span};

use super::knowledge::{Knowledge, Reader};
use crate::backends::{Backend, Backends};
use crate::config::SessionsConfig;
use crate::db::{Db, DbError};
use crate::guard::{Guard, ModelCall, Permit, TextOf, honour};
use crate::policy::{SourceKind, Subject};
use crate::protocol::chat::Usage;
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};
use crate::protocol::turn::TurnWork;
use crate::telemetry::{Metrics, spans};
use crate::turns::{HistoryLimits, OwnMessage, has_read_untrusted};
use crate::workflows::conversation::{Persona, prompt, with_rules};
use crate::workspaces::Answering;

/// The port to models. Cheap to clone.
#[derive(Clone)]
pub struct ModelTurns {
    db: Db,
    backends: Backends,
    guard: Guard,
    knowledge: Knowledge,
    metrics: Metrics,
    limits: HistoryLimits,
    places: Arc<Semaphore>,
}

// === impl ModelTurns ===

impl ModelTurns {
    /// The port over this store and these backends, with the limits of the settings.
    #[must_use]
    pub fn new(
        db: Db,
        backends: Backends,
        guard: Guard,
        knowledge: Knowledge,
        metrics: Metrics,
        config: &SessionsConfig,
    ) -> Self {
        let limits =
            HistoryLimits { messages_max: config.history_messages_max, bytes_max: config.history_bytes_max };
        let places = Arc::new(Semaphore::new(config.running_turns_max));
        Self { db, backends, guard, knowledge, metrics, limits, places }
    }

    /// Who answers, what it is asked, and on whose behalf.
    async fn prepare(
        &self,
        work: TurnWork,
    ) -> Result<(Arc<dyn Backend>, ModelRequest, ModelCall), ModelError> {
        let own = if work.content.is_some() { OwnMessage::Excluded } else { OwnMessage::Included };
        let (limits, thread, turn) = (self.limits, work.thread, work.turn_id);
        // One look at the store, at one moment.
        let read = self.db.read(&work.tenant, move |read| {
            let history = limits.history(read, thread, turn, own).map_err(|error| unreadable(&error))?;
            let tainted = has_read_untrusted(read, thread, turn).map_err(|error| unreadable(&error))?;
            let answering = Answering::read(read, thread).map_err(|error| unreadable(&error))?;
            Ok::<_, Unreadable>((answering, history, tainted))
        });
        let (answering, history, tainted) = read.await?;
        let own_is_trusted = work.content.as_ref().is_none_or(|own| own.provenance.is_trusted());
        let reader = Reader {
            tenant: work.tenant.clone(),
            assistant: answering.assistant,
            workspace: answering.workspace,
            thread,
        };
        let system_prompt = self.knowledge.prompt(answering.system_prompt, &reader).await;
        let persona = Persona { backend: answering.backend, model: answering.model, system_prompt };
        let persona = persona.with(&work.overrides);
        let subject = Subject {
            assistant: Some(answering.assistant),
            workspace: Some(answering.workspace),
            thread: Some(thread),
            source: SourceKind::of(work.cause.provenance),
        };
        let (mode, autonomy) = (answering.mode, answering.autonomy);
        let Some(backend) = self.backends.get(&persona.backend) else {
            let known: Vec<_> = self.backends.names().collect();
            let message =
                format!("there is no backend `{}`; configured are: {}", persona.backend, known.join(", "));
            return Err(ModelError::new(ModelErrorKind::Configuration, message));
        };
        let mut request = prompt(persona, history, work.content, &work.overrides)?;
        let standing = self.guard.standing(&work.tenant, &subject).await;
        request.system = with_rules(&request.system, &standing);
        let model = match (request.model.as_str(), backend.default_model()) {
            ("", default) => default.unwrap_or_default().to_owned(),
            (named, _) => named.to_owned(),
        };
        let call = ModelCall {
            of: TextOf { tenant: work.tenant, thread: Some(thread) },
            source: work.cause.source,
            turn: Some(turn),
            subject,
            mode,
            autonomy,
            tainted: tainted || !own_is_trusted,
            backend: backend.name().to_owned(),
            model,
            local: backend.is_local(),
        };
        Ok((backend, request, call))
    }

    /// Goes on when the call is allowed, after a person was asked where one has to be.
    async fn permit(&self, call: &ModelCall, reports: &mpsc::Sender<TurnReport>) -> Result<(), ModelError> {
        let Permit::Asked(asked) = self.guard.permit(call).await? else { return Ok(()) };
        let left = asked.expires_ms.saturating_sub(Timestamp::now().as_millisecond());
        let expires_in = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        send(reports, TurnReport::Asking(Asking { approval: asked.id, data: asked.event(), expires_in }))
            .await;
        let decided = self.guard.decision(call, &asked).await?;
        send(reports, TurnReport::Decided(Decided { approval: decided.id, data: decided.event() })).await;
        honour(&decided)
    }

    async fn run_turn(self, work: TurnWork, reports: mpsc::Sender<TurnReport>) -> Result<(), ModelError> {
        let began = Instant::now();
        let (backend, mut request, call) = self.prepare(work).await?;
        // A turn that waits for a person holds no place.
        self.permit(&call, &reports).await?;
        let Ok(_place) = self.places.acquire().await else {
            return Err(ModelError::new(ModelErrorKind::Overloaded, "the daemon is stopping"));
        };
        let pass = self.guard.begin_turn(&call).await?;
        let (name, model) = (call.backend.clone(), call.model.clone());
        let admitted = self.guard.admit(call, &mut request).await?;
        let answering = Answers { backend: name.clone(), model: model.clone() };
        send(&reports, TurnReport::Answering(answering)).await;
        let span = spans::model_call(&name, &model);
        let started = Instant::now();
        let answer = admitted.answer(backend.stream(request));
        let relayed = self.relay(answer, &reports, &span, &name).instrument(span.clone());
        let outcome = within(pass.wall_left(), relayed).await;
        self.metrics.models.duration.observe(started.elapsed());
        self.metrics.turns.duration.observe(began.elapsed());
        self.metrics.models.called(&name, outcome.as_ref().err().map(|error| error.kind));
        if let Err(error) = &outcome {
            spans::record_failure(&span, error.kind.as_str());
        }
        outcome
    }

    /// Passes the answer on as it comes. Ends with the stream, or with nobody listening.
    async fn relay(
        &self,
        mut answer: futures::stream::BoxStream<'static, Result<ModelEvent, ModelError>>,
        reports: &mpsc::Sender<TurnReport>,
        span: &Span,
        backend: &str,
    ) -> Result<(), ModelError> {
        let started = Instant::now();
        let mut first = true;
        let mut tokens = Usage::default();
        while let Some(event) = answer.next().await {
            let event = event?;
            match &event {
                ModelEvent::Text(_) | ModelEvent::Thinking(_) if first => {
                    first = false;
                    self.metrics.turns.first_token.observe(started.elapsed());
                }
                ModelEvent::Usage(usage) => tokens = *usage,
                _ => {}
            }
            send(reports, TurnReport::Model(event)).await;
        }
        spans::record_usage(span, &tokens);
        self.metrics.models.used(backend, &tokens);
        Ok(())
    }
}

impl RunTurn for ModelTurns {
    fn run(
        &self,
        work: TurnWork,
        reports: mpsc::Sender<TurnReport>,
    ) -> BoxFuture<'static, Result<(), ModelError>> {
        self.clone().run_turn(work, reports).boxed()
    }
}

/// Ends the work when the time of a budget is over.
async fn within(
    left: Option<Duration>,
    work: impl Future<Output = Result<(), ModelError>>,
) -> Result<(), ModelError> {
    let Some(left) = left else { return work.await };
    let over = |_| {
        let text = format!("a budget allows this turn {} s, and they are over", left.as_secs());
        Err(ModelError::new(ModelErrorKind::BudgetExceeded, text))
    };
    tokio::time::timeout(left, work).await.unwrap_or_else(over)
}

/// A report that nobody hears any more is no error: the turn was stopped and drops this future.
async fn send(reports: &mpsc::Sender<TurnReport>, report: TurnReport) {
    // silent-ok: see above
    let _ = reports.send(report).await;
}

/// The thread could not be read: a failed call, in words for the person.
struct Unreadable(ModelError);

impl From<DbError> for Unreadable {
    fn from(error: DbError) -> Self {
        unreadable(&error)
    }
}

impl From<Unreadable> for ModelError {
    fn from(error: Unreadable) -> Self {
        error.0
    }
}

fn unreadable(error: &dyn std::error::Error) -> Unreadable {
    let text = format!("the conversation could not be read: {error}");
    Unreadable(ModelError::new(ModelErrorKind::Configuration, text))
}
