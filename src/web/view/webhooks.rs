//! Webhooks: addresses that programs outside send to, and what came.

use askama::Template;

use super::{Frame, filters};

/// `/webhooks`.
#[derive(Template)]
#[template(path = "webhooks.html", config = "src/web/askama.toml")]
pub struct WebhooksPage {
    /// The frame.
    pub frame: Frame,
    /// In the order of their making.
    pub endpoints: Vec<EndpointRow>,
    /// Sources: word, name, where the secret is found, whether one can be made here.
    pub sources: Vec<SourceRow>,
    /// Workspaces: id and name.
    pub workspaces: Vec<(String, String)>,
    /// What was typed.
    pub draft: EndpointDraft,
    /// Whether senders can reach the ingress as far as the settings say.
    pub is_public: bool,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// `/webhooks/{id}`.
#[derive(Template)]
#[template(path = "webhook.html", config = "src/web/askama.toml")]
pub struct WebhookPage {
    /// The frame.
    pub frame: Frame,
    /// The endpoint.
    pub row: EndpointRow,
    /// The schedule that a delivery starts instead of a turn of its own: id and name.
    pub starts: Option<(String, String)>,
    /// What is typed into the form that changes it.
    pub draft: EndpointDraft,
    /// Workspaces: id and name.
    pub workspaces: Vec<(String, String)>,
    /// What came, newest first.
    pub deliveries: Vec<DeliveryRow>,
    /// Whether there is more than is shown.
    pub more: bool,
    /// The delivery that is looked at.
    pub open: Option<DeliveryBody>,
    /// A secret that was made just now: it is shown once.
    pub secret: Option<String>,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// A source of webhooks.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// Its word.
    pub word: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Where its secret is found.
    pub help: &'static str,
    /// Whether the secret can be made here.
    pub makes: bool,
}

/// An endpoint.
#[derive(Clone, Debug)]
pub struct EndpointRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its source.
    pub source: SourceRow,
    /// The headers that are verified.
    pub headers: String,
    /// Its address, as senders see it.
    pub url: String,
    /// `done`, `stopped` or `failed`.
    pub state: &'static str,
    /// The same in words.
    pub state_word: &'static str,
    /// Its state as the form has it.
    pub state_value: &'static str,
    /// When the last delivery came, RFC 3339; empty if none did.
    pub last: String,
    /// Until when the old secret is good, RFC 3339; empty if there is none.
    pub old_until: String,
    /// Requests that were refused since the start.
    pub refused: u64,
    /// Time (RFC 3339), status and reason of the last of them, newest first.
    pub refusals: Vec<(String, u16, String)>,
    /// Counts changes.
    pub version: i64,
}

/// A delivery in the log.
#[derive(Clone, Debug)]
pub struct DeliveryRow {
    /// Its id.
    pub id: String,
    /// What happened.
    pub event: String,
    /// `waiting`, `done` or `failed`.
    pub state: &'static str,
    /// The same in words.
    pub state_word: &'static str,
    /// Why it waits or failed; empty otherwise.
    pub reason: String,
    /// The thread and turn that worked on it, as a path; empty if there is none.
    pub run: String,
    /// Its size in words.
    pub size: String,
    /// When it came, RFC 3339.
    pub at: String,
    /// Whether a person sent it again.
    pub again: bool,
}

/// A delivery that is looked at.
#[derive(Clone, Debug)]
pub struct DeliveryBody {
    /// Its id.
    pub id: String,
    /// What happened.
    pub event: String,
    /// The sender's own id of it; empty if there is none.
    pub source_id: String,
    /// Its body; `None` once it is not kept any more.
    pub body: Option<String>,
}

/// The form of an endpoint.
#[derive(Clone, Debug, Default)]
pub struct EndpointDraft {
    /// Its name.
    pub name: String,
    /// The word of its source.
    pub source: String,
    /// Its workspace.
    pub workspace: String,
    /// Its events, one on each line.
    pub events: String,
    /// Its rate.
    pub rate: String,
    /// How far its turns may go.
    pub ceiling: String,
    /// What to do with what comes.
    pub instructions: String,
    /// How a delivery becomes a message.
    pub template: String,
}
