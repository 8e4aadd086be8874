//! What we say to a platform, as a call that somebody else makes, and what its answer means.
//!
//! A call has no host and no credential: its path is below the base URL of the channel, and `{token}` in it is
//! where the platform wants the token. Which header carries it otherwise says `codec::credential`.

use std::fmt;

use serde_json::Value;
use thiserror::Error;

use super::markup::Part;
use super::platform::{Limits, shortened};

/// Longest explanation that is passed on from a platform, in characters.
const WHY_CHARS_MAX: usize = 300;
/// How long to wait when a platform says "too many" and not how long.
const WAIT_UNSAID_MS: u64 = 5_000;
/// The longest wait that is believed.
const WAIT_MS_MAX: u64 = 3_600_000;

/// Who we are on a platform.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Us {
    /// Our id: the bot's user id; of WhatsApp, the id of our phone number.
    pub id: String,
    /// Our name, as others mention it (Telegram's user name, without the @).
    pub name: String,
    /// A second id that our own messages carry (Slack's bot id).
    pub bot_id: Option<String>,
}

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Create, or ask for.
    Post,
    /// Change.
    Patch,
    /// Replace.
    Put,
}

/// What a call carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Value),
    /// A form.
    Form(Vec<(&'static str, String)>),
}

/// A request to a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Below the base URL, with its leading slash; may hold `{token}`.
    pub path: String,
    /// With what.
    pub body: Body,
}

/// Something that a conversation is told.
#[derive(Clone, Copy, Debug)]
pub enum Outgoing<'a> {
    /// A message, with buttons where it is a question.
    Say(Post<'a>),
    /// Another text in place of one that was sent; its buttons go. Drafts grow by it, questions are closed by it.
    Edit {
        /// What was sent, as `Outcome::Sent` named it.
        message: &'a str,
        /// What stands there now.
        part: &'a Part,
        /// Without markup.
        plain: bool,
    },
    /// The sign for "is writing", for some seconds.
    Typing {
        /// The message that is being answered, which WhatsApp also marks as read by it.
        message: Option<&'a str>,
    },
    /// Tells the platform that a press has arrived, so that the button stops turning.
    AckPress {
        /// `Said::Press::ack`.
        ack: &'a str,
        /// A short notice, where the platform can show one.
        text: Option<&'a str>,
    },
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// The text.
    pub part: &'a Part,
    /// Whether the plain words are sent, after the platform refused the markup.
    pub plain: bool,
    /// The message that it answers: `Incoming::message`. On Slack the thread says it.
    pub reply_to: Option<&'a str>,
    /// Buttons below the text.
    pub buttons: &'a [Button],
    /// Names this message for ever: a repeat with the same key is detected where the platform can
    /// (`Limits::detects_repeats`).
    pub key: &'a str,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What stands on it; shortened to what the platform takes.
    pub label: String,
    /// What a press of it brings back.
    pub data: String,
    /// How it looks.
    pub style: Style,
}

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Like any other.
    Plain,
    /// The one that goes on.
    Good,
    /// The one that takes away.
    Bad,
}

/// Why something cannot be said on a platform at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CannotSay {
    /// The platform has no such thing here: leave it out.
    #[error("the platform has nothing like it")]
    NoSuchThing,
    /// The conversation, message or press is not one of this platform's.
    #[error("this is no address of the platform")]
    Address,
    /// More buttons than it takes, or one that carries too much.
    #[error("the platform does not take these buttons")]
    Buttons,
}

/// What came back from a call.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A message stands there, by this id.
    Sent {
        /// The platform's id of it, as `Outgoing::Edit` takes it.
        message: String,
    },
    /// Done, and nothing to keep.
    Done,
    /// Nothing happened: too many calls. Wait at least this long, in milliseconds.
    Wait {
        /// How long.
        after_ms: u64,
    },
    /// Nothing happened, and it is safe to repeat.
    Again {
        /// What the platform said.
        why: String,
    },
    /// It may have happened: a repeat may be a duplicate.
    Unknown {
        /// What the platform said.
        why: String,
    },
    /// The markup was not understood: send the plain words.
    Markup,
    /// The conversation has another address now.
    Moved {
        /// The new one.
        conversation: String,
    },
    /// It will not happen.
    Refused {
        /// What the platform said.
        why: String,
        /// What a person can do.
        fix: &'static str,
    },
    /// Somebody else takes our updates: another poller, or a webhook that is set.
    Conflict {
        /// Whether it is a webhook, which can be deleted.
        webhook: bool,
    },
    /// The credential is not (or no longer) valid.
    Unauthorized {
        /// What a person can do.
        fix: &'static str,
    },
}

// === impl Outcome ===

/// What an outcome means for a person.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { why, fix } => write!(f, "{why}; {fix}"),
            Self::Unauthorized { fix } => write!(f, "the platform does not take the credential: {fix}"),
            Self::Conflict { webhook: true } => f.write_str("a webhook is set for this bot"),
            Self::Conflict { webhook: false } => {
                f.write_str("another program takes the messages of this bot")
            }
            Self::Wait { after_ms } => write!(f, "the platform wants a pause of {} s", after_ms / 1_000),
            Self::Again { why } | Self::Unknown { why } => f.write_str(why),
            Self::Sent { .. } | Self::Done | Self::Markup | Self::Moved { .. } => {
                f.write_str("the platform answered something else than was asked")
            }
        }
    }
}

// === impl Call ===

impl Call {
    /// A call with JSON.
    pub(super) fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::Post, path: path.into(), body: Body::Json(body) }
    }

    /// A call that only asks.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::Get, path: path.into(), body: Body::None }
    }
}

// === impl Post ===

impl Post<'_> {
    /// The words to send.
    pub(super) fn text(&self) -> &str {
        if self.plain { &self.part.plain } else { &self.part.markup }
    }
}

// === impl Answer ===

impl Answer<'_> {
    /// The body as JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.body).ok()
    }

    /// What `Retry-After` asks for in seconds, whole or with a fraction.
    pub(super) fn wait(&self) -> Outcome {
        let seconds = self.retry_after.and_then(|text| text.trim().parse::<f64>().ok());
        wait_seconds(seconds)
    }

    /// What a status means that the body says nothing about.
    pub(super) fn by_status(&self, unauthorized: &'static str) -> Outcome {
        let why = format!("it answered {} without an explanation", self.status);
        match self.status {
            429 => self.wait(),
            401 => Outcome::Unauthorized { fix: unauthorized },
            200..=299 | 408 | 500..=599 => Outcome::Unknown { why },
            300..=399 => {
                Outcome::Refused { why, fix: "check the base URL of the channel: it leads elsewhere" }
            }
            _ => Outcome::Refused { why, fix: "check the base URL of the channel and what stands before it" },
        }
    }
}

/// A wait as a platform says it, within bounds.
pub(super) fn wait_seconds(seconds: Option<f64>) -> Outcome {
    let after_ms = match seconds {
        Some(seconds) if seconds.is_finite() && seconds >= 0.0 => {
            let wait = std::time::Duration::try_from_secs_f64(seconds).unwrap_or(std::time::Duration::MAX);
            u64::try_from(wait.as_millis()).unwrap_or(WAIT_MS_MAX).saturating_add(1)
        }
        _ => WAIT_UNSAID_MS,
    };
    Outcome::Wait { after_ms: after_ms.min(WAIT_MS_MAX) }
}

/// What a platform said, as one short line.
pub(super) fn said(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    shortened(&line, super::TextUnit::Chars, WHY_CHARS_MAX)
}

/// Whether `limits` take `buttons`.
pub(super) fn check_buttons(buttons: &[Button], limits: &Limits) -> Result<(), CannotSay> {
    let fit = buttons.len() <= limits.buttons_max
        && buttons.iter().all(|button| {
            !button.label.trim().is_empty()
                && !button.data.is_empty()
                && button.data.len() <= limits.button_data_bytes_max
        });
    if fit { Ok(()) } else { Err(CannotSay::Buttons) }
}

/// The label of `button` within `limits`.
pub(super) fn label(button: &Button, limits: &Limits) -> String {
    shortened(button.label.trim(), super::TextUnit::Chars, limits.button_label_chars_max)
}

#[cfg(test)]
mod tests;
