//! What came to an endpoint, and what became of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::desk::{Webhooks, told};
use super::endpoint::{Endpoint, EndpointState};
use super::error::WebhookError;
use super::store;
use super::store::deliveries::NewDelivery;
use crate::audit;
use crate::identity::Principal;
use crate::protocol::ids::{TenantId, ThreadId, TurnId, WebhookDeliveryId, WebhookId};
use crate::protocol::turn::TurnState;

/// Where a delivery is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Stored; its turn has not begun or not ended.
    Accepted,
    /// Its turn has its answer.
    Processed,
    /// Its turn ended otherwise, or never began.
    Failed,
}

/// A delivery of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// Where it came.
    pub endpoint: WebhookId,
    /// The sender's own id of it.
    pub source_id: Option<String>,
    /// What happened, in the sender's word.
    pub event: String,
    /// The media type of its body.
    pub media_type: String,
    /// Its body without its secrets; empty in lists, and after it was deleted.
    pub body: String,
    /// How many bytes came.
    pub bytes: u64,
    /// Where it is.
    pub state: DeliveryState,
    /// How often it was tried to begin its turn.
    pub attempts: u32,
    /// The turn that works on it.
    pub turn: Option<TurnId>,
    /// The thread of that turn.
    pub thread: Option<ThreadId>,
    /// Where that turn is.
    pub turn_state: Option<TurnState>,
    /// Why it waits or failed; empty if there is nothing to say.
    pub reason: String,
    /// The delivery that a person sent again with this one.
    pub again_of: Option<WebhookDeliveryId>,
    /// When it came, in milliseconds since 1970.
    pub received_ms: i64,
}

/// A delivery that waits for its turn, with everything that its message is made of.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Whose it is.
    pub tenant: TenantId,
    /// The endpoint as it is now.
    pub endpoint: Endpoint,
    /// Its id.
    pub id: WebhookDeliveryId,
    /// The sender's own id of it.
    pub source_id: Option<String>,
    /// What happened.
    pub event: String,
    /// The media type of its body.
    pub media_type: String,
    /// Its body without its secrets.
    pub body: String,
    /// How often it was tried before.
    pub attempts: u32,
    /// When it came, in milliseconds since 1970.
    pub received_ms: i64,
}

/// The deliveries that are due, and when the next one is.
#[derive(Debug, Default)]
pub struct Waiting {
    /// The oldest of each endpoint, if it is due.
    pub due: Vec<Queued>,
    /// When the first of the others is due, in milliseconds since 1970.
    pub next_ms: Option<i64>,
}

// === impl DeliveryState ===

impl DeliveryState {
    /// The word used in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Processed => "processed",
            Self::Failed => "failed",
        }
    }

    /// The state of a delivery by the word in its row and the state of its turn. The turn is the truth about its own
    /// end, so nothing has to be written down twice. A turn that is gone with its thread was processed.
    pub(super) fn of(word: &str, turn: Option<TurnState>) -> Self {
        match (word, turn) {
            ("accepted", _) | (_, Some(TurnState::Queued | TurnState::Running)) => Self::Accepted,
            ("failed", _) | (_, Some(TurnState::Failed | TurnState::Stopped | TurnState::Interrupted)) => {
                Self::Failed
            }
            (_, Some(TurnState::Done) | None) => Self::Processed,
        }
    }
}

// === impl Webhooks ===

impl Webhooks {
    /// Deliveries of an endpoint, newest first, without their bodies.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`], or what the store answers.
    pub async fn deliveries(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        before: Option<WebhookDeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>, WebhookError> {
        let read = self.db().read(tenant, move |read| {
            store::by_id(read, id)?;
            Ok::<_, WebhookError>(store::deliveries::list(read, id, before, limit)?)
        });
        read.await
    }

    /// One delivery with its body, which has no secrets any more.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`], or what the store answers.
    pub async fn delivery(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        delivery: WebhookDeliveryId,
    ) -> Result<Delivery, WebhookError> {
        let read = self
            .db()
            .read(tenant, move |read| Ok::<_, WebhookError>(store::deliveries::by_id(read, id, delivery)?));
        read.await
    }

    /// Works on a delivery once more, as another one: its body as it is kept.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`], [`WebhookError::BodyGone`], or what the store answers.
    pub async fn replay(
        &self,
        by: &Principal,
        id: WebhookId,
        delivery: WebhookDeliveryId,
    ) -> Result<Delivery, WebhookError> {
        let (now_ms, replayer) = (Timestamp::now().as_millisecond(), by.clone());
        let write = self.db().write(&by.tenant, move |tx| {
            let endpoint = store::by_id(tx, id)?;
            if endpoint.state == EndpointState::Revoked {
                return Err(WebhookError::Revoked);
            }
            let found = store::deliveries::by_id(tx, id, delivery)?;
            if found.body.is_empty() && found.bytes > 0 {
                return Err(WebhookError::BodyGone);
            }
            let again = NewDelivery {
                id: WebhookDeliveryId::new(),
                endpoint: id,
                content: None,
                source_id: None,
                event: found.event,
                media_type: found.media_type,
                body: found.body,
                bytes: found.bytes,
                again_of: Some(delivery),
                received_ms: now_ms,
            };
            store::deliveries::insert(tx, &again)?;
            let entry = told(&replayer, "webhook.replayed", &endpoint).with("delivery", delivery.to_string());
            audit::append(tx, entry)?;
            Ok(store::deliveries::by_id(tx, id, again.id)?)
        });
        let made = write.await?;
        self.arrived(id);
        Ok(made)
    }
}
