//! What the routes of webhooks take and answer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::policy::Ceiling;
use crate::protocol::ids::{ScheduleId, WorkspaceId};
use crate::webhooks::{Delivery, EndpointState, EndpointView, Refused, Source};

/// An endpoint and what happened at it.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookEndpoint)]
pub(super) struct EndpointBody {
    id: String,
    name: String,
    /// Whose signature is verified.
    source: &'static str,
    workspace_id: String,
    /// `active`, `paused` or `revoked`.
    state: &'static str,
    /// The path of its address.
    path: String,
    /// Its whole address, as senders see it.
    url: String,
    /// Events that are taken; a `*` at the end stands for any ending. Empty for all.
    allowed_events: Vec<String>,
    /// Deliveries that are taken in any 60 seconds.
    rate_per_minute: u32,
    /// `no_tools`, `read_only` or `supervised`: how far its turns may go.
    ceiling: &'static str,
    /// What to do with what comes.
    instructions: String,
    /// How a delivery becomes a message (Jinja); empty for the built-in way.
    template: String,
    /// The schedule that a delivery starts, instead of a turn of its own.
    schedule_id: Option<String>,
    /// Until when the secret before the last rotation is good.
    old_secret_until: Option<String>,
    last_delivery_at: Option<String>,
    /// Requests that were refused since the start of the daemon.
    refused: u64,
    /// The last of them, newest first.
    refusals: Vec<RefusalView>,
    version: i64,
    created_at: String,
    updated_at: String,
    /// Only in the answer that made it, and only if it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A request that was not taken.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookRefusal)]
pub(super) struct RefusalView {
    at: String,
    /// What its sender was answered.
    status: u16,
    /// Why, which its sender was not told.
    why: String,
}

/// A source of webhooks.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookSource)]
pub(super) struct SourceView {
    source: &'static str,
    name: &'static str,
    /// The headers by which its requests are judged.
    headers: &'static [&'static str],
    /// Where its secret is found.
    secret_help: &'static str,
}

/// A delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(super) struct DeliveryView {
    id: String,
    endpoint_id: String,
    /// The sender's own id of it.
    source_id: Option<String>,
    event: String,
    content_type: String,
    /// How many bytes came.
    bytes: u64,
    /// `accepted`, `processed` or `failed`.
    status: &'static str,
    attempts: u32,
    turn_id: Option<String>,
    /// Why it waits or failed.
    reason: Option<String>,
    /// The delivery that was sent again with this one.
    replay_of: Option<String>,
    received_at: String,
}

/// A delivery with its body.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDeliveryDetail)]
pub(super) struct DeliveryDetail {
    #[serde(flatten)]
    delivery: DeliveryView,
    /// Without its secrets; `null` once it is not kept any more.
    body: Option<String>,
}

/// A new endpoint.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateWebhookEndpoint {
    /// 1–100 characters, unique.
    pub(super) name: String,
    /// One of `GET /api/v1/webhook-sources`.
    pub(super) source: String,
    /// The signing secret, token or public key of the source. Without it one is made where the receiver chooses it.
    pub(super) secret: Option<String>,
    /// Where its deliveries are worked on; the default workspace without it.
    #[schema(value_type = Option<String>)]
    pub(super) workspace_id: Option<WorkspaceId>,
    /// Events that are taken; all without it.
    pub(super) allowed_events: Option<Vec<String>>,
    /// 1–10,000, 60 without it.
    pub(super) rate_per_minute: Option<u32>,
    /// `no_tools`, `read_only` (without it) or `supervised`.
    pub(super) ceiling: Option<String>,
    /// What to do with what comes.
    pub(super) instructions: Option<String>,
    /// How a delivery becomes a message (Jinja): `source`, `event`, `delivery_id`, `time`, `payload`, `body`.
    pub(super) template: Option<String>,
    /// The schedule that a delivery starts, instead of a turn of its own.
    #[schema(value_type = Option<String>)]
    pub(super) schedule_id: Option<ScheduleId>,
}

/// What changes. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeWebhookEndpoint {
    pub(super) name: Option<String>,
    #[schema(value_type = Option<String>)]
    pub(super) workspace_id: Option<WorkspaceId>,
    /// `active`, `paused`, or `revoked` for ever.
    pub(super) state: Option<String>,
    pub(super) allowed_events: Option<Vec<String>>,
    pub(super) rate_per_minute: Option<u32>,
    pub(super) ceiling: Option<String>,
    pub(super) instructions: Option<String>,
    pub(super) template: Option<String>,
    /// `null` for turns of its own again.
    #[serde(default, deserialize_with = "crate::http::api::optional::set_or_cleared")]
    #[schema(value_type = Option<String>)]
    pub(super) schedule_id: Option<Option<ScheduleId>>,
}

/// Another secret.
#[derive(Deserialize, ToSchema)]
pub(super) struct RotateSecret {
    /// The new one; without it one is made where the receiver chooses it.
    pub(super) secret: Option<String>,
    /// Seconds for which the old one is good besides; a day without it, thirty days at the most.
    pub(super) overlap_s: Option<u64>,
}

/// A secret on its way to the vault.
pub(super) struct EnteredSecret {
    pub(super) text: Zeroizing<String>,
    /// Whether it was made here and is known to nobody yet.
    pub(super) is_new: bool,
}

/// The secret of the request, or a new one.
pub(super) fn secret(source: Source, entered: Option<String>) -> Result<EnteredSecret, Problem> {
    match entered {
        Some(text) => Ok(EnteredSecret { text: Zeroizing::new(text), is_new: false }),
        None => {
            let made = source.new_secret().ok_or_else(|| {
                let help = source.secret_help();
                Problem::invalid_field("/secret", format!("is needed: {} gives it. {help}", source.name()))
            })?;
            Ok(EnteredSecret { text: made, is_new: true })
        }
    }
}

pub(super) fn ceiling(word: Option<&str>) -> Result<Option<Ceiling>, Problem> {
    let parse = |word: &str| {
        word.parse().map_err(|_| Problem::invalid_field("/ceiling", "is no_tools, read_only or supervised"))
    };
    word.map(parse).transpose()
}

pub(super) fn endpoint_state(word: Option<&str>) -> Result<Option<EndpointState>, Problem> {
    let parse = |word| {
        let bad = || Problem::invalid_field("/state", "is active, paused or revoked");
        EndpointState::parse(word).ok_or_else(bad)
    };
    word.map(parse).transpose()
}

// === impl EndpointBody ===

impl EndpointBody {
    /// With the secret that was made for it.
    pub(super) fn with_secret(self, secret: Option<String>) -> Self {
        Self { secret, ..self }
    }

    /// An endpoint below this address.
    pub(super) fn at(view: EndpointView, base: &str) -> Self {
        let EndpointView { endpoint, last_delivery_ms, refused, refusals } = view;
        let path = endpoint.path();
        Self {
            id: endpoint.id.to_string(),
            name: endpoint.name,
            source: endpoint.source.as_str(),
            workspace_id: endpoint.workspace_id.to_string(),
            state: endpoint.state.as_str(),
            url: format!("{base}{path}"),
            path,
            allowed_events: endpoint.allowed_events,
            rate_per_minute: endpoint.rate_per_minute,
            ceiling: endpoint.ceiling.as_str(),
            instructions: endpoint.instructions,
            template: endpoint.template,
            schedule_id: endpoint.schedule_id.map(|id| id.to_string()),
            old_secret_until: endpoint.old_until_ms.map(rfc3339),
            last_delivery_at: last_delivery_ms.map(rfc3339),
            refused,
            refusals: refusals.into_iter().map(RefusalView::from).collect(),
            version: endpoint.version,
            created_at: rfc3339(endpoint.created_ms),
            updated_at: rfc3339(endpoint.updated_ms),
            secret: None,
        }
    }
}

impl From<Refused> for RefusalView {
    fn from(refused: Refused) -> Self {
        Self { at: rfc3339(refused.at_ms), status: refused.status, why: refused.why }
    }
}

impl From<Source> for SourceView {
    fn from(source: Source) -> Self {
        Self {
            source: source.as_str(),
            name: source.name(),
            headers: source.headers(),
            secret_help: source.secret_help(),
        }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            endpoint_id: delivery.endpoint.to_string(),
            source_id: delivery.source_id,
            event: delivery.event,
            content_type: delivery.media_type,
            bytes: delivery.bytes,
            status: delivery.state.as_str(),
            attempts: delivery.attempts,
            turn_id: delivery.turn.map(|turn| turn.to_string()),
            reason: (!delivery.reason.is_empty()).then_some(delivery.reason),
            replay_of: delivery.again_of.map(|id| id.to_string()),
            received_at: rfc3339(delivery.received_ms),
        }
    }
}

impl From<Delivery> for DeliveryDetail {
    fn from(mut delivery: Delivery) -> Self {
        let body = std::mem::take(&mut delivery.body);
        let body = (!body.is_empty() || delivery.bytes == 0).then_some(body);
        Self { delivery: delivery.into(), body }
    }
}
