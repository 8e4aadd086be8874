//! An address that webhooks come to.

use serde::{Deserialize, Serialize};

use super::error::WebhookError;
use super::message::Template;
use super::verify::Source;
use crate::policy::Ceiling;
use crate::protocol::ids::{ScheduleId, WebhookId, WorkspaceId};

/// Deliveries of an endpoint in a minute unless it says otherwise.
pub const RATE_PER_MINUTE_DEFAULT: u32 = 60;
/// Most deliveries of an endpoint in a minute.
pub const RATE_PER_MINUTE_MAX: u32 = 10_000;
/// Most endpoints of a tenant.
pub(super) const ENDPOINTS_MAX: usize = 256;
/// Most characters of a name.
const NAME_CHARS_MAX: usize = 100;
/// Most patterns of events.
const EVENTS_MAX: usize = 64;
/// Most characters of one of them.
const EVENT_CHARS_MAX: usize = 255;
/// Most bytes of instructions, and of a template.
const TEXT_BYTES_MAX: usize = 16 * 1024;
/// How long an old secret is good after a rotation, unless the rotation says otherwise: a day, in seconds.
pub(super) const OVERLAP_S_DEFAULT: u64 = 86_400;
/// Longest overlap: thirty days, in seconds.
pub(super) const OVERLAP_S_MAX: u64 = 30 * 86_400;

/// Whether an endpoint takes anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointState {
    /// It does.
    Active,
    /// Not now.
    Paused,
    /// Never again.
    Revoked,
}

/// An endpoint. Its secrets are in the vault's care and not here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id, which is in its address.
    pub id: WebhookId,
    /// Where its deliveries are worked on.
    pub workspace_id: WorkspaceId,
    /// For people, unique in the tenant.
    pub name: String,
    /// Whose signature is verified.
    pub source: Source,
    /// Whether it takes anything.
    pub state: EndpointState,
    /// Until when the secret before the last rotation is good, in milliseconds since 1970.
    pub old_until_ms: Option<i64>,
    /// Events that are taken: names, or beginnings with `*` at their end. Empty for all.
    pub allowed_events: Vec<String>,
    /// Deliveries that are taken in any 60 seconds.
    pub rate_per_minute: u32,
    /// How far its turns may go.
    pub ceiling: Ceiling,
    /// What to do with what comes, in the words of a person; may be empty.
    pub instructions: String,
    /// How a delivery becomes a message; empty for the built-in way.
    pub template: String,
    /// The schedule that a delivery starts, instead of a turn of its own.
    pub schedule_id: Option<ScheduleId>,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// What is asked for when an endpoint is made.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    /// For people, unique in the tenant.
    pub name: String,
    /// Whose signature is verified.
    pub source: Source,
    /// Where its deliveries are worked on; `None` for the default workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Events that are taken; empty for all.
    pub allowed_events: Vec<String>,
    /// Deliveries in any 60 seconds; `None` for the default.
    pub rate_per_minute: Option<u32>,
    /// How far its turns may go; `None` for reading only.
    pub ceiling: Option<Ceiling>,
    /// What to do with what comes.
    pub instructions: String,
    /// How a delivery becomes a message.
    pub template: String,
    /// The schedule that a delivery starts.
    pub schedule_id: Option<ScheduleId>,
}

/// What changes of an endpoint. `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    /// Another name.
    pub name: Option<String>,
    /// Another workspace, for threads that are made from now on.
    pub workspace_id: Option<WorkspaceId>,
    /// Paused, active again, or revoked for ever.
    pub state: Option<EndpointState>,
    /// Other events.
    pub allowed_events: Option<Vec<String>>,
    /// Another rate.
    pub rate_per_minute: Option<u32>,
    /// Another ceiling.
    pub ceiling: Option<Ceiling>,
    /// Other instructions.
    pub instructions: Option<String>,
    /// Another template.
    pub template: Option<String>,
    /// Another schedule; `Some(None)` for turns of its own.
    pub schedule_id: Option<Option<ScheduleId>>,
}

/// An endpoint with its new secret, if that was made here: it is shown once.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Until when the old secret is good.
    pub old_until_ms: i64,
}

// === impl Source ===

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Self::parse(&word).ok_or_else(|| serde::de::Error::custom("no source of webhooks"))
    }
}

// === impl EndpointState ===

impl EndpointState {
    /// The word used in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Revoked => "revoked",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Paused, Self::Revoked].into_iter().find(|state| state.as_str() == word)
    }
}

// === impl NewEndpoint ===

impl NewEndpoint {
    pub(super) fn into_endpoint(
        self,
        workspace_id: WorkspaceId,
        now_ms: i64,
    ) -> Result<Endpoint, WebhookError> {
        let endpoint = Endpoint {
            id: WebhookId::new(),
            workspace_id,
            name: self.name.trim().to_owned(),
            source: self.source,
            state: EndpointState::Active,
            old_until_ms: None,
            allowed_events: self.allowed_events,
            rate_per_minute: self.rate_per_minute.unwrap_or(RATE_PER_MINUTE_DEFAULT),
            ceiling: self.ceiling.unwrap_or(Ceiling::ReadOnly),
            instructions: self.instructions,
            template: self.template,
            schedule_id: self.schedule_id,
            version: 1,
            created_ms: now_ms,
            updated_ms: now_ms,
        };
        endpoint.check()?;
        Ok(endpoint)
    }
}

// === impl EndpointChange ===

impl EndpointChange {
    pub(super) fn apply(self, to: Endpoint, now_ms: i64) -> Result<Endpoint, WebhookError> {
        if to.state == EndpointState::Revoked {
            return Err(WebhookError::Revoked);
        }
        let changed = Endpoint {
            name: self.name.map_or(to.name, |name| name.trim().to_owned()),
            workspace_id: self.workspace_id.unwrap_or(to.workspace_id),
            state: self.state.unwrap_or(to.state),
            allowed_events: self.allowed_events.unwrap_or(to.allowed_events),
            rate_per_minute: self.rate_per_minute.unwrap_or(to.rate_per_minute),
            ceiling: self.ceiling.unwrap_or(to.ceiling),
            instructions: self.instructions.unwrap_or(to.instructions),
            template: self.template.unwrap_or(to.template),
            schedule_id: self.schedule_id.unwrap_or(to.schedule_id),
            version: to.version + 1,
            updated_ms: now_ms,
            ..to
        };
        changed.check()?;
        Ok(changed)
    }
}

// === impl Endpoint ===

impl Endpoint {
    /// The door of its thread, and the name under which its idempotency keys and its usage are kept.
    #[must_use]
    pub fn door(&self) -> String {
        door(self.id)
    }

    /// The path of its address.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/api/webhooks/{}", self.id)
    }

    /// Whether it takes this event.
    #[must_use]
    pub fn takes(&self, event: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => event.starts_with(beginning),
            None => pattern == event,
        };
        self.allowed_events.is_empty() || self.allowed_events.iter().any(fits)
    }

    fn check(&self) -> Result<(), WebhookError> {
        let field = |field, why: String| Err(WebhookError::Field { field, why });
        let has_controls = |text: &str| text.chars().any(char::is_control);
        if self.name.is_empty() || self.name.chars().count() > NAME_CHARS_MAX || has_controls(&self.name) {
            return field("name", format!("has 1 to {NAME_CHARS_MAX} characters and no control characters"));
        }
        if !(1..=RATE_PER_MINUTE_MAX).contains(&self.rate_per_minute) {
            return field("rate_per_minute", format!("is between 1 and {RATE_PER_MINUTE_MAX}"));
        }
        if self.allowed_events.len() > EVENTS_MAX {
            return field("allowed_events", format!("has at most {EVENTS_MAX} entries"));
        }
        let is_event = |event: &String| {
            (1..=EVENT_CHARS_MAX).contains(&event.chars().count())
                && !has_controls(event)
                && !event.trim_end_matches('*').contains('*')
        };
        if !self.allowed_events.iter().all(is_event) {
            let why = format!("has names of 1 to {EVENT_CHARS_MAX} characters; a `*` stands only at the end");
            return field("allowed_events", why);
        }
        if self.instructions.len() > TEXT_BYTES_MAX {
            return field("instructions", format!("has at most {TEXT_BYTES_MAX} bytes"));
        }
        if self.template.len() > TEXT_BYTES_MAX {
            return field("template", format!("has at most {TEXT_BYTES_MAX} bytes"));
        }
        Template::check(&self.template).map_err(|why| WebhookError::Field { field: "template", why })
    }
}

/// The door of an endpoint's thread.
pub(super) fn door(id: WebhookId) -> String {
    format!("webhook:{id}")
}
