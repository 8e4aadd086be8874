//! Who answers a stateless call that names an assistant: its models, one after the other, until one does.
//!
//! As in turns (`adapters::turns`): another one is asked only as long as nothing of an answer has left, each through the guard,
//! which cannot wait for a person here. What a model used that was given up is counted like any other.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures::stream::{self, BoxStream, StreamExt};

use super::call::Meter;
use super::error::ApiError;
use super::respond::Answer;
use super::target::Target;
use crate::backends::UsageKey;
use crate::guard::ModelCall;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::models::{Candidate, Health, Models};
use crate::protocol::model::{ModelError, ModelErrorKind as Kind, ModelEvent, ModelRequest};

type Events = BoxStream<'static, Result<ModelEvent, ModelError>>;

/// The answer of the first model that gives one.
pub(super) async fn answer(
    state: &AppState,
    by: &Principal,
    request: ModelRequest,
    target: &Target,
) -> Result<Answer, ApiError> {
    let own = target.call(by);
    let (chain, candidates) = match &target.assistant {
        None => {
            let (backend, model) = (target.backend.clone(), own.model.clone());
            (Vec::new(), vec![Candidate { place: 0, backend, model }])
        }
        Some(assistant) => {
            let routing = target.routing(assistant);
            let chain = routing.chain(target.backend.name(), &target.model);
            let need = state.guard.need(&own, &request);
            let candidates = state.models.candidates(&routing, &chain, &need)?;
            (chain, candidates)
        }
    };
    let (count, mut request) = (candidates.len(), Some(request));
    for (nth, candidate) in candidates.into_iter().enumerate() {
        let call = ModelCall {
            backend: candidate.backend.name().to_owned(),
            local: candidate.backend.is_local(),
            model: candidate.model.clone(),
            ..own.clone()
        };
        let is_last = nth + 1 == count;
        let asked = if is_last { request.take() } else { request.clone() };
        let asked = ModelRequest { model: candidate.model.clone(), ..asked.unwrap_or_default() };
        let (backend, place) = (call.backend.clone(), candidate.place);
        match ask(state, by, (call, asked), candidate, is_last).await {
            Ok(events) => {
                if let (Some(assistant), 2..) = (&target.assistant, chain.len()) {
                    state.models.answered(&by.tenant, assistant.id, &chain, place);
                }
                return Ok(events.map(|item| item.map_err(ApiError::from)).boxed());
            }
            Err(error) if is_last || !is_cured_elsewhere(&error) => return Err(error.into()),
            Err(error) => {
                tracing::info!(backend, %error, "the next model of the chain is asked");
                state.metrics.models.failed_over(&backend, error.kind);
            }
        }
    }
    Err(ModelError::new(Kind::Configuration, "the chain of models is empty").into())
}

/// The answer of one model: where another may be asked, not before it has begun.
async fn ask(
    state: &AppState,
    by: &Principal,
    (call, mut request): (ModelCall, ModelRequest),
    candidate: Candidate,
    is_last: bool,
) -> Result<Events, ModelError> {
    state.guard.permit(&call).await?;
    let admitted = state.guard.admit(call.clone(), &mut request).await?;
    let ModelCall { source, backend, model, .. } = call;
    let key = UsageKey { tenant: by.tenant.clone(), principal: source, backend, model };
    let meter = Meter::new(state.usage.clone(), key.clone());
    state.models.begun(&key.backend, &key.model);
    let watch = Watch { models: state.models.clone(), key, began: Instant::now(), first: None, over: false };
    let events = watched(admitted.answer(candidate.backend.stream(request)), meter, watch);
    if is_last { Ok(events) } else { begun(events).await }
}

/// The same events, once the first that a caller sees has come.
async fn begun(mut events: Events) -> Result<Events, ModelError> {
    let mut held = VecDeque::new();
    while let Some(item) = events.next().await {
        let event = item?;
        let is_seen = !matches!(event, ModelEvent::Usage(_));
        held.push_back(Ok(event));
        if is_seen {
            break;
        }
    }
    Ok(stream::iter(held).chain(events).boxed())
}

/// The same events, counted.
fn watched(events: Events, mut meter: Meter, mut watch: Watch) -> Events {
    events
        .map(move |item| {
            meter.see(item.as_ref().ok());
            watch.see(item.as_ref());
            item
        })
        .boxed()
}

/// Tells how a model fares.
struct Watch {
    models: Models,
    key: UsageKey,
    began: Instant,
    first: Option<Duration>,
    over: bool,
}

impl Watch {
    fn see(&mut self, item: Result<&ModelEvent, &ModelError>) {
        match item {
            Ok(ModelEvent::Usage(_)) => {}
            Ok(ModelEvent::Stop(_)) => self.ended(Ok(())),
            Ok(_) => self.first = self.first.or_else(|| Some(self.began.elapsed())),
            Err(error) => self.ended(Err(error)),
        }
    }

    fn ended(&mut self, outcome: Result<(), &ModelError>) {
        if !std::mem::replace(&mut self.over, true) {
            self.models.ended((&self.key.backend, &self.key.model), outcome, self.first);
        }
    }
}

fn is_cured_elsewhere(error: &ModelError) -> bool {
    matches!(error.kind, Kind::Denied | Kind::BudgetExceeded) || Health::of(Err(error)).fails_over()
}
