//! Who sent a webhook: one verifier per source, each in a file of its own.
//!
//! A verifier is a pure function of the request as it came, the secrets of the endpoint and the time. It
//! reads raw bytes and never a body that was parsed and written again, compares in constant time, and tries
//! every key. It knows no store: whether a delivery was seen before is decided by the caller, from
//! [`Verified::id`] and [`Verified::content`]. A [`Refusal`] is for the delivery log of the owner; whoever
//! sent the request gets one and the same answer for all of them.

use http::HeaderMap;

mod bitbucket;
mod body;
mod circleci;
pub mod discord;
mod forgejo;
mod freshness;
mod generic;
mod github;
mod gitlab;
mod header;
mod key;
mod label;
mod linear;
mod mattermost;
mod netlify;
mod pagerduty;
mod refusal;
mod sentry;
mod signature;
pub mod slack;
mod source;
mod standard;
mod stripe;
pub mod telegram;
mod twilio;
mod vercel;
pub mod whatsapp;

#[cfg(test)]
mod tests;

pub use key::{BadSecret, Key, SECRET_CHARS_MAX};
pub use refusal::Refusal;
pub use source::Source;

/// The event of a request that names none.
pub const EVENT_UNKNOWN: &str = "unknown";

/// Characters of an event's name, of an id and of the generic source's header values, at the most.
pub const LABEL_CHARS_MAX: usize = 255;

/// A request as it came.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// All headers, repeated ones too.
    pub headers: &'a HeaderMap,
    /// The body, byte by byte.
    pub body: &'a [u8],
    /// The address under which the sender knows this endpoint, with its query: made from the configured
    /// public address, never from the header `Host`.
    pub url: &'a str,
    /// Seconds since 1970 now.
    pub now_s: i64,
}

/// What a request that its source sent says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What happened, in the source's own words: at most [`LABEL_CHARS_MAX`] characters, none of them a
    /// control character or invisible; [`EVENT_UNKNOWN`] if the request does not say.
    pub event: String,
    /// Which delivery this is, equal in all attempts to deliver it. `None` if the source sends none.
    pub id: Option<String>,
    /// Whether the signature covers the id. An id that it does not cover can be replaced by whoever has
    /// one captured request, so it alone must not decide that a delivery is new.
    pub id_is_signed: bool,
    /// SHA-256 of what was signed: no replay can change it. Of the body where nothing is signed
    /// (plain tokens of GitLab and Mattermost, Telegram), and there a sender can change everything.
    pub content: [u8; 32],
    /// The place of the key that fitted, among those given.
    pub key: usize,
    /// The answer of a handshake. Then nothing happened that anybody has to hear of.
    pub reply: Option<Reply>,
}

/// An answer that a platform wants at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The header `Content-Type`; `None` for an answer without a body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: String,
}

/// Whether one of `keys` says that `received` comes from `source`, and what it then is.
///
/// # Errors
/// [`Refusal`]: why not.
pub fn verify(source: Source, received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    (source.facts().verify)(received, keys)
}

// === impl Verified ===

impl Verified {
    /// A request whose source says neither what happened nor which delivery it is.
    fn new(key: usize, content: [u8; 32]) -> Self {
        let event = EVENT_UNKNOWN.to_owned();
        Self { event, id: None, id_is_signed: false, content, key, reply: None }
    }

    /// With this event, if there is one.
    fn event(mut self, event: Option<String>) -> Self {
        if let Some(event) = event {
            self.event = event;
        }
        self
    }

    /// With this id, which the signature covers.
    fn signed_id(mut self, id: Option<String>) -> Self {
        self.id_is_signed = id.is_some();
        self.id = id;
        self
    }

    /// With this id, which the signature does not cover.
    fn unsigned_id(mut self, id: Option<String>) -> Self {
        self.id_is_signed = false;
        self.id = id;
        self
    }

    /// With this answer.
    fn reply(mut self, reply: Reply) -> Self {
        self.reply = Some(reply);
        self
    }
}
