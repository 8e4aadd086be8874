//! Socket Mode: the same events over a WebSocket that we open (<https://docs.slack.dev/apis/events-api/using-socket-mode>).
//!
//! Each envelope is acknowledged by its id after what it carries is stored; what is not, Slack sends again.

use serde_json::{Value, json};

use super::super::incoming::Incoming;
use super::super::json::text;
use super::super::outgoing::{Answer, Call, Outcome, Us};
use super::interaction::{read_press, read_slash};
use super::{outcome, read_event};

/// A message of the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// The connection is ready.
    Hello,
    /// Something that is acknowledged, and what it says.
    Delivery {
        /// What `acknowledgement` takes.
        envelope_id: String,
        /// What is said, if it is for us at all.
        incoming: Option<Box<Incoming>>,
    },
    /// The connection ends soon: open another one.
    Disconnect {
        /// Whether the app's Socket Mode was switched off: then another one will not open.
        for_good: bool,
    },
    /// Nothing that we know.
    Unknown,
}

/// What a text frame of the socket is.
#[must_use]
pub fn envelope(frame: &str, us: &Us) -> Envelope {
    let Ok(value) = serde_json::from_str::<Value>(frame) else { return Envelope::Unknown };
    let payload = value.get("payload").unwrap_or(&Value::Null);
    let incoming = match text(&value, "/type") {
        Some("hello") => return Envelope::Hello,
        Some("disconnect") => {
            return Envelope::Disconnect { for_good: text(&value, "/reason") == Some("link_disabled") };
        }
        Some("events_api") => read_event(payload, us),
        Some("interactive") => read_press(payload),
        Some("slash_commands") => read_slash(payload),
        _ => None,
    };
    match text(&value, "/envelope_id") {
        Some(envelope_id) => {
            Envelope::Delivery { envelope_id: envelope_id.to_owned(), incoming: incoming.map(Box::new) }
        }
        None => Envelope::Unknown,
    }
}

/// The frame that says that an envelope has arrived.
#[must_use]
pub fn acknowledgement(envelope_id: &str) -> String {
    json!({"envelope_id": envelope_id}).to_string()
}

/// Asks for a socket; with the app-level token (`xapp-…`), not the bot's.
#[must_use]
pub fn open_socket() -> Call {
    Call::post("/apps.connections.open", json!({}))
}

/// The address of the socket, by the answer to `open_socket`. It holds a ticket: a secret for some seconds.
///
/// # Errors
/// What the answer means instead.
pub fn socket_url(answer: &Answer<'_>) -> Result<String, Outcome> {
    let body = answer.json().unwrap_or_default();
    match text(&body, "/url") {
        Some(url) if url.starts_with("wss://") || url.starts_with("ws://") => Ok(url.to_owned()),
        _ => Err(outcome(answer)),
    }
}
