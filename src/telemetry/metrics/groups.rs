//! The metrics by subsystem.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::protocol::chat::Usage;
use crate::protocol::model::ModelErrorKind;
use crate::protocol::turn::TurnState;

/// Upper bounds in seconds of what takes a disk or a loopback round trip.
const SHORT: [f64; 12] = [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];
/// Upper bounds in seconds of what waits for a model.
const LONG: [f64; 12] = [0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0];
/// Routes that have a counter of their own. The router's list is far shorter; beyond it is `other`.
pub(super) const ROUTES_MAX: usize = 512;

/// A distribution of durations, observed as what Rust measures.
#[derive(Clone)]
pub struct Seconds(Histogram);

impl Seconds {
    fn register(registry: &mut Registry, name: &str, help: &str, bounds: [f64; 12]) -> Self {
        let histogram = Histogram::new(bounds);
        registry.register(name, help, histogram.clone());
        Self(histogram)
    }

    /// Adds one measurement.
    pub fn observe(&self, elapsed: Duration) {
        self.0.observe(elapsed.as_secs_f64());
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Supervisor {
    supervisor: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ModelCall {
    backend: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct BackendName {
    backend: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Tokens {
    backend: String,
    direction: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: Arc<str>,
    status: u16,
}

/// Supervision.
#[derive(Clone)]
pub struct ActorMetrics {
    /// Children that are out of service until somebody releases them.
    pub quarantined: Gauge,
    restarts: Family<Supervisor, Counter>,
}

impl ActorMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let group = Self { quarantined: Gauge::default(), restarts: Family::default() };
        registry.register("actor_restarts", "Restarts of supervised children", group.restarts.clone());
        registry.register("actor_quarantined", "Children in quarantine", group.quarantined.clone());
        group
    }

    /// A child of this supervisor was restarted. The name is the declared one, never an id.
    pub fn restarted(&self, supervisor: &str) {
        self.restarts.get_or_create(&Supervisor { supervisor: supervisor.to_owned() }).inc();
    }
}

/// Live sessions.
#[derive(Clone)]
pub struct SessionMetrics {
    /// Sessions with an actor; those asleep are not counted.
    pub live: Gauge,
}

impl SessionMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let group = Self { live: Gauge::default() };
        registry.register("session_live", "Sessions that are awake", group.live.clone());
        group
    }
}

/// What happened to messages at the door.
#[derive(Clone)]
pub struct MessageMetrics {
    /// Stored and acknowledged.
    pub accepted: Counter,
    /// Answered with the outcome of an earlier message with the same key.
    pub repeated: Counter,
    /// Told to come back later; not stored.
    pub busy: Counter,
    /// Refused for another reason; not stored.
    pub refused: Counter,
}

impl MessageMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let family = Family::<Outcome, Counter>::default();
        registry.register("message_inbound", "Inbound messages by outcome", family.clone());
        let of = |outcome| family.get_or_create_owned(&Outcome { outcome });
        Self { accepted: of("accepted"), repeated: of("repeated"), busy: of("busy"), refused: of("refused") }
    }
}

/// What came to webhook endpoints.
#[derive(Clone)]
pub struct WebhookMetrics {
    /// Verified and stored.
    pub accepted: Counter,
    /// Not taken, for whatever reason.
    pub refused: Counter,
    /// Turns that were begun for them.
    pub dispatched: Counter,
}

impl WebhookMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let family = Family::<Outcome, Counter>::default();
        registry.register("webhook_deliveries", "Webhook deliveries by outcome", family.clone());
        let of = |outcome| family.get_or_create_owned(&Outcome { outcome });
        Self { accepted: of("accepted"), refused: of("refused"), dispatched: of("dispatched") }
    }
}

/// Runs of schedules.
#[derive(Clone)]
pub struct ScheduleMetrics {
    /// From the time at which a run was due to its beginning.
    lag: Seconds,
    ended: Family<Outcome, Counter>,
}

impl ScheduleMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let ended = Family::<Outcome, Counter>::default();
        registry.register("schedule_runs", "Runs of schedules by how they ended", ended.clone());
        let lag = "From the time at which a run was due to its beginning";
        Self { lag: Seconds::register(registry, "schedule_lag_seconds", lag, LONG), ended }
    }

    /// A run has begun, so late.
    pub fn began(&self, lag: Duration) {
        self.lag.observe(lag);
    }

    /// A run has ended like this.
    pub fn ended(&self, outcome: &'static str) {
        self.ended.get_or_create_owned(&Outcome { outcome }).inc();
    }
}

/// Turns.
#[derive(Clone)]
pub struct TurnMetrics {
    /// From the first try to the end.
    pub duration: Seconds,
    /// From the first try to the first piece of the answer.
    pub first_token: Seconds,
    done: Counter,
    failed: Counter,
    stopped: Counter,
    interrupted: Counter,
}

impl TurnMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let family = Family::<Outcome, Counter>::default();
        registry.register("turn_ended", "Turns by how they ended", family.clone());
        let of = |state: TurnState| family.get_or_create_owned(&Outcome { outcome: state.as_str() });
        Self {
            duration: Seconds::register(registry, "turn_duration_seconds", "Duration of turns", LONG),
            first_token: Seconds::register(
                registry,
                "turn_first_token_seconds",
                "Time from the begin of a turn to the first piece of its answer",
                LONG,
            ),
            done: of(TurnState::Done),
            failed: of(TurnState::Failed),
            stopped: of(TurnState::Stopped),
            interrupted: of(TurnState::Interrupted),
        }
    }

    /// A turn has ended in this state. Queued and running turns have not.
    pub fn ended(&self, state: TurnState) {
        match state {
            TurnState::Done => self.done.inc(),
            TurnState::Failed => self.failed.inc(),
            TurnState::Stopped => self.stopped.inc(),
            TurnState::Interrupted => self.interrupted.inc(),
            TurnState::Queued | TurnState::Running => return,
        };
    }
}

/// Model calls.
#[derive(Clone)]
pub struct ModelMetrics {
    /// From the call to the end of the answer.
    pub duration: Seconds,
    calls: Family<ModelCall, Counter>,
    tokens: Family<Tokens, Counter>,
    failovers: Family<ModelCall, Counter>,
    open: Family<BackendName, Gauge>,
}

impl ModelMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let (calls, tokens, failovers, open) =
            (Family::default(), Family::default(), Family::default(), Family::default());
        let help = "Calls that went on to the next model of a chain, by the backend that failed and why";
        registry.register("model_failovers", help, Family::clone(&failovers));
        let help = "Breaker of a backend: 0 closed, 1 half open, 2 open";
        registry.register("model_breaker_state", help, Family::clone(&open));
        registry.register("model_calls", "Model calls by backend and outcome", Family::clone(&calls));
        registry.register("model_tokens", "Tokens by backend and direction", Family::clone(&tokens));
        let duration = Seconds::register(
            registry,
            "model_call_duration_seconds",
            "Duration of model calls with their whole answer",
            LONG,
        );
        Self { duration, calls, tokens, failovers, open }
    }

    /// A call went on to the next model of its chain, because this backend failed like this.
    pub fn failed_over(&self, backend: &str, failure: ModelErrorKind) {
        let outcome = failure.as_str();
        self.failovers.get_or_create(&ModelCall { backend: backend.to_owned(), outcome }).inc();
    }

    /// The breaker of a backend is `closed`, `half_open` or `open`.
    pub fn breaker(&self, backend: &str, word: &str) {
        let state = ["closed", "half_open", "open"].iter().position(|known| *known == word).unwrap_or(0);
        let name = BackendName { backend: backend.to_owned() };
        self.open.get_or_create(&name).set(i64::try_from(state).unwrap_or(0));
    }

    /// A call has ended: `None` is a whole answer.
    pub fn called(&self, backend: &str, failure: Option<ModelErrorKind>) {
        let outcome = failure.map_or("ok", ModelErrorKind::as_str);
        self.calls.get_or_create(&ModelCall { backend: backend.to_owned(), outcome }).inc();
    }

    /// A call used these tokens.
    pub fn used(&self, backend: &str, usage: &Usage) {
        for (direction, tokens) in [("input", usage.input_tokens), ("output", usage.output_tokens)] {
            self.tokens.get_or_create(&Tokens { backend: backend.to_owned(), direction }).inc_by(tokens);
        }
    }
}

/// Search.
#[derive(Clone)]
pub struct SearchMetrics {
    questions: Family<Outcome, Counter>,
}

impl SearchMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let questions = Family::default();
        let help = "Questions whose meaning was looked for, by outcome";
        registry.register("search_semantic_questions", help, Family::clone(&questions));
        Self { questions }
    }

    /// The meaning of a question was looked for: `ok`, or a word of what went wrong.
    pub fn question(&self, outcome: &'static str) {
        self.questions.get_or_create(&Outcome { outcome }).inc();
    }
}

/// Budgets.
#[derive(Clone)]
pub struct BudgetMetrics {
    reservations: Counter,
    warnings: Counter,
    refusals: Family<Outcome, Counter>,
}

impl BudgetMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let group = Self {
            reservations: Counter::default(),
            warnings: Counter::default(),
            refusals: Family::default(),
        };
        registry.register("budget_reservations", "Reservations in budgets", group.reservations.clone());
        registry.register("budget_warnings", "Budgets that came near a limit", group.warnings.clone());
        registry.register(
            "budget_refusals",
            "Refusals by what there was too little of",
            group.refusals.clone(),
        );
        group
    }

    /// Something was reserved.
    pub fn reserved(&self) {
        self.reservations.inc();
    }

    /// A budget came near a limit.
    pub fn warned(&self) {
        self.warnings.inc();
    }

    /// Something was refused. The word is one of a few fixed ones.
    pub fn refused(&self, outcome: &'static str) {
        self.refusals.get_or_create(&Outcome { outcome }).inc();
    }
}

/// Requests.
#[derive(Clone)]
pub struct HttpMetrics {
    /// From the request head to the response head; streams go on after it.
    pub duration: Seconds,
    /// Event streams that are open.
    pub streams: Gauge,
    requests: Family<Route, Counter>,
    routes: Arc<RwLock<HashMap<Box<str>, Arc<str>>>>,
}

impl HttpMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let group = Self {
            duration: Seconds::register(
                registry,
                "http_request_duration_seconds",
                "Time from the head of a request to the head of its response",
                SHORT,
            ),
            streams: Gauge::default(),
            requests: Family::default(),
            routes: Arc::default(),
        };
        registry.register("http_requests", "Requests by route and status", group.requests.clone());
        registry.register("http_streams", "Event streams that are open", group.streams.clone());
        group
    }

    /// One request. `route` is the template (`/api/v1/threads/{id}`), never a path.
    pub fn answered(&self, method: &'static str, route: &str, status: u16, elapsed: Duration) {
        self.duration.observe(elapsed);
        let route = self.interned(route);
        self.requests.get_or_create(&Route { method, route, status }).inc();
    }

    fn interned(&self, route: &str) -> Arc<str> {
        if let Some(known) = self.routes.read().get(route) {
            return Arc::clone(known);
        }
        let mut routes = self.routes.write();
        let route = if routes.len() < ROUTES_MAX { route } else { "other" };
        Arc::clone(routes.entry(Box::from(route)).or_insert_with(|| Arc::from(route)))
    }
}
