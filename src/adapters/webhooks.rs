//! Implements `Carry` for webhooks: what came becomes a durable turn in the thread of its endpoint.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::ports::carry::{Carry, CarryError, Due};
use capuchin_actors::ports::keep_ledger::AcceptError;
use capuchin_actors::session::SessionDirectory;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::protocol::ids::WebhookId;
use crate::protocol::turn::{Inbound, Provenance, TurnOverrides};
use crate::schedules::{ScheduleError, Schedules};
use crate::telemetry::Metrics;
use crate::webhooks::{Parcel, Queued, WebhookError, Webhooks};

/// Shortest and longest wait before a delivery is tried again.
const AGAIN_MS: (i64, i64) = (1_000, 60_000);
/// How long it is tried to begin the turn of a delivery: three days, in milliseconds.
const GIVE_UP_MS: i64 = 3 * 86_400_000;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Dispatch {
    webhooks: Webhooks,
    sessions: Arc<SessionDirectory>,
    metrics: Metrics,
    /// What deliveries may start.
    schedules: Option<Schedules>,
}

// === impl Dispatch ===

impl Dispatch {
    /// Dispatches what came to these webhooks into these sessions.
    #[must_use]
    pub const fn new(webhooks: Webhooks, sessions: Arc<SessionDirectory>, metrics: Metrics) -> Self {
        Self { webhooks, sessions, metrics, schedules: None }
    }

    /// The same, starting these schedules where an endpoint is bound to one.
    #[must_use]
    pub fn starting(self, schedules: Schedules) -> Self {
        Self { schedules: Some(schedules), ..self }
    }

    async fn look(self, busy: HashSet<WebhookId>) -> Result<Due<Self>, WebhookError> {
        let waiting = self.webhooks.waiting(&busy).await?;
        let jobs = waiting.due.into_iter().map(|queued| (queued.endpoint.id, queued)).collect();
        let wait = |due_ms: i64| {
            let left_ms = due_ms - Timestamp::now().as_millisecond();
            Duration::from_millis(u64::try_from(left_ms).unwrap_or_default())
        };
        Ok(Due { jobs, next: waiting.next_ms.map(wait) })
    }

    async fn dispatch(self, queued: Queued) {
        if let Err(error) = self.try_dispatch(&queued).await {
            // It stays due: the next look finds it.
            tracing::warn!(%error, delivery = %queued.id, "a webhook could not be dispatched");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn try_dispatch(&self, queued: &Queued) -> Result<(), WebhookError> {
        let (tenant, id) = (&queued.tenant, queued.id);
        if let Some((schedules, schedule)) = self.schedules.as_ref().zip(queued.endpoint.schedule_id) {
            return match schedules.trigger(tenant, schedule, *id.as_bytes()).await {
                Ok(_) => self.webhooks.started(queued).await,
                Err(ScheduleError::Store(error)) => Err(WebhookError::Store(error)),
                Err(error) => self.webhooks.fail(queued, error.to_string()).await,
            };
        }
        let inbound = Inbound {
            tenant: tenant.clone(),
            thread: self.webhooks.thread(queued).await?,
            content: message(queued),
            provenance: Provenance::Webhook,
            source: queued.endpoint.door(),
            idempotency_key: Some(id.to_string()),
            overrides: TurnOverrides::default(),
        };
        match self.sessions.submit(inbound).await {
            Ok(accepted) => {
                self.metrics.webhooks.dispatched.inc();
                self.webhooks.dispatched(queued, accepted.turn_id).await
            }
            Err(error) => self.not_now(queued, &error).await,
        }
    }

    /// What cannot begin now is tried again, at ever longer intervals, and given up after days; it stays in the log.
    async fn not_now(&self, queued: &Queued, error: &AcceptError) -> Result<(), WebhookError> {
        let (now_ms, reason) = (Timestamp::now().as_millisecond(), error.to_string());
        let is_final = matches!(error, AcceptError::KeyReused) || now_ms - queued.received_ms > GIVE_UP_MS;
        if is_final {
            return self.webhooks.fail(queued, reason).await;
        }
        let wait_ms = AGAIN_MS.0.saturating_mul(1 << queued.attempts.min(16)).min(AGAIN_MS.1);
        self.webhooks.postpone(&queued.tenant, queued.id, now_ms + wait_ms, reason).await
    }
}

impl Carry for Dispatch {
    type Lane = WebhookId;
    type Job = Queued;

    fn due(&self, busy: &HashSet<WebhookId>) -> BoxFuture<'static, Result<Due<Self>, CarryError>> {
        let look = self.clone().look(busy.clone());
        async move { look.await.map_err(|error| CarryError(error.to_string())) }.boxed()
    }

    fn carry(&self, job: Queued) -> BoxFuture<'static, ()> {
        self.clone().dispatch(job).boxed()
    }

    fn changed(&self) -> BoxFuture<'static, ()> {
        let webhooks = self.webhooks.clone();
        async move { webhooks.changed().await }.boxed()
    }
}

fn message(queued: &Queued) -> String {
    let parcel = Parcel {
        source: queued.endpoint.source.as_str(),
        event: &queued.event,
        source_id: queued.source_id.as_deref(),
        media_type: &queued.media_type,
        body: &queued.body,
        received_ms: queued.received_ms,
    };
    parcel.message(&queued.endpoint.template)
}
