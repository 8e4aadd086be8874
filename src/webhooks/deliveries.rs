//! What came to an endpoint, and what became of it.

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use crate::protocol::ids::{DeliveryId, TenantId, ThreadId, TurnId, WebhookId};
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
    pub id: DeliveryId,
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
    pub again_of: Option<DeliveryId>,
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
    pub id: DeliveryId,
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
