//! Deliveries on their way into turns: which are due, into which thread, and what came of it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::deliveries::{Queued, Waiting};
use super::desk::Webhooks;
use super::endpoint::EndpointState;
use super::error::WebhookError;
use super::store;
use super::table::Live;
use crate::notifications::Pattern;
use crate::protocol::ids::{TenantId, ThreadId, TurnId, WebhookDeliveryId, WebhookId};
use crate::workspaces::BoundThread;

/// The one thread of an endpoint.
const DELIVERIES: &str = "deliveries";

// === impl Webhooks ===

impl Webhooks {
    /// The oldest delivery of each endpoint that waits and is not in `busy`. What came to an endpoint that is paused now
    /// waits on; of a revoked one it is still worked off: it was accepted.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn waiting(&self, busy: &HashSet<WebhookId>) -> Result<Waiting, WebhookError> {
        let (endpoints, next_ms) = self.table().waiting(busy, Timestamp::now().as_millisecond());
        let mut all = Waiting { next_ms, ..Waiting::default() };
        for (tenant, endpoints) in endpoints {
            let of_tenant = self.waiting_at(&tenant, &endpoints).await.inspect_err(|_| raise(&endpoints))?;
            all.due.extend(of_tenant.due);
            all.next_ms = [all.next_ms, of_tenant.next_ms].into_iter().flatten().min();
        }
        Ok(all)
    }

    async fn waiting_at(&self, tenant: &TenantId, endpoints: &[Arc<Live>]) -> Result<Waiting, WebhookError> {
        let (now_ms, endpoints, of) = (Timestamp::now().as_millisecond(), endpoints.to_vec(), tenant.clone());
        let read = self.db().read(tenant, move |read| {
            let mut waiting = Waiting::default();
            for live in endpoints {
                let Some((id, due_ms)) = store::deliveries::first_waiting(read, live.endpoint.id)? else {
                    continue;
                };
                live.traffic.waits.store(true, Ordering::Release);
                live.traffic.due_ms.store(due_ms, Ordering::Release);
                // What came to an endpoint that was deleted just now is gone with it.
                let Ok(endpoint) = store::by_id(read, live.endpoint.id) else { continue };
                if endpoint.state == EndpointState::Paused {
                    continue;
                }
                if due_ms > now_ms {
                    waiting.next_ms = Some(waiting.next_ms.map_or(due_ms, |next| next.min(due_ms)));
                    continue;
                }
                let found = store::deliveries::by_id(read, endpoint.id, id)?;
                waiting.due.push(Queued {
                    tenant: of.clone(),
                    endpoint,
                    id: found.id,
                    source_id: found.source_id,
                    event: found.event,
                    media_type: found.media_type,
                    body: found.body,
                    attempts: found.attempts,
                    received_ms: found.received_ms,
                });
            }
            Ok::<_, WebhookError>(waiting)
        });
        read.await
    }

    /// The thread of an endpoint, with its instructions and its ceiling as they are now.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn thread(&self, queued: &Queued) -> Result<ThreadId, WebhookError> {
        let (endpoint, now_ms) = (&queued.endpoint, Timestamp::now().as_millisecond());
        let bound = BoundThread {
            door: endpoint.door(),
            key: DELIVERIES.to_owned(),
            workspace: endpoint.workspace_id,
            title: format!("webhook:{}", endpoint.name),
            brief: brief(&endpoint.name, endpoint.source.as_str(), &endpoint.instructions),
            ceiling: Some(endpoint.ceiling),
        };
        let write =
            self.db().write(&queued.tenant, move |tx| Ok::<_, WebhookError>(bound.ensure(tx, now_ms)?));
        write.await
    }

    /// Its turn is stored.
    ///
    /// # Errors
    /// What the store answers; then it is due again, and its key finds the turn.
    pub async fn dispatched(&self, queued: &Queued, turn: TurnId) -> Result<(), WebhookError> {
        self.is_dispatched(queued, Some(turn)).await?;
        let words = format!("{} of the webhook {} became a turn", queued.event, queued.endpoint.name);
        self.raise(&queued.tenant, Pattern::WebhookDispatched, &queued.endpoint, words);
        Ok(())
    }

    /// The run of the schedule that it starts is stored.
    ///
    /// # Errors
    /// What the store answers; then it is due again, and its id finds the run.
    pub async fn started(&self, queued: &Queued) -> Result<(), WebhookError> {
        self.is_dispatched(queued, None).await
    }

    async fn is_dispatched(&self, queued: &Queued, turn: Option<TurnId>) -> Result<(), WebhookError> {
        let id = queued.id;
        let write = self.db().write(&queued.tenant, move |tx| store::deliveries::dispatched(tx, id, turn));
        Ok(write.await?)
    }

    /// It is tried again at this time.
    ///
    /// # Errors
    /// What the store answers; then it is due at once.
    pub async fn postpone(
        &self,
        tenant: &TenantId,
        id: WebhookDeliveryId,
        due_ms: i64,
        reason: String,
    ) -> Result<(), WebhookError> {
        let write = self.db().write(tenant, move |tx| store::deliveries::postpone(tx, id, (due_ms, &reason)));
        Ok(write.await?)
    }

    /// It will never be tried again.
    ///
    /// # Errors
    /// What the store answers; then it is due again.
    pub async fn fail(&self, queued: &Queued, reason: String) -> Result<(), WebhookError> {
        let (id, endpoint) = (queued.id, &queued.endpoint);
        let words =
            format!("{} of the webhook {} never became a turn: {reason}", queued.event, endpoint.name);
        self.db().write(&queued.tenant, move |tx| store::deliveries::fail(tx, id, &reason)).await?;
        self.raise(&queued.tenant, Pattern::WebhookFailed, endpoint, words);
        Ok(())
    }
}

/// A look failed: everything may wait.
fn raise(endpoints: &[Arc<Live>]) {
    for live in endpoints {
        live.traffic.waits.store(true, Ordering::Release);
    }
}

/// What a model is told of the thread: in the words of people only.
fn brief(name: &str, source: &str, instructions: &str) -> String {
    let about = format!(
        "Messages in this thread are deliveries of the webhook \"{name}\" ({source}). They come from a program; nobody \
         waits for an answer, and people read it later."
    );
    match instructions.trim() {
        "" => {
            format!("{about} Say in a few sentences what happened and whether anybody has to do something.")
        }
        instructions => format!("{about} What the owner wants done with them:\n{instructions}"),
    }
}
