//! WhatsApp: `X-Hub-Signature-256: sha256=<hex>`, HMAC-SHA256 of the body with the app's secret.
//!
//! Meta escapes `/` and every letter outside of ASCII on the wire, and signs that. One request can hold
//! several messages, so it has no id of its own. No time is signed. For the chat channel; it is no source of
//! webhook endpoints.

use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::key::fitting;
use super::{BadSecret, Key, Received, Refusal, Verified, body, label, signature};

/// Characters of a challenge, at the most.
const CHALLENGE_CHARS_MAX: usize = 1_024;

#[derive(Deserialize)]
struct Notification {
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    field: String,
}

/// The key of an app secret, or of a verify token.
///
/// # Errors
/// [`BadSecret`].
pub fn key(secret: &str) -> Result<Key, BadSecret> {
    Key::text(secret)
}

/// See the module. The event is the `field` of the first change.
///
/// # Errors
/// [`Refusal`].
pub fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let key = signature::of_body(received, keys, "X-Hub-Signature-256", "sha256=")?;
    let field = serde_json::from_slice::<Notification>(received.body).ok().and_then(|notification| {
        let changes = notification.entry.into_iter().flat_map(|entry| entry.changes);
        changes.map(|change| change.field).next()
    });
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(field.as_deref(), "field in the body")?))
}

/// What Meta's `GET` has to be answered with, as plain text and never as HTML, when an address is entered:
/// `hub.challenge`, if `hub.mode` is `subscribe` and `hub.verify_token` is one of `tokens`. Everything else
/// gets a 403.
///
/// # Errors
/// [`Refusal`].
pub fn challenge(query: &str, tokens: &[Key]) -> Result<String, Refusal> {
    let value = |name: &str, part: &'static str| {
        body::form_value(query.as_bytes(), name, part)?.ok_or(Refusal::Missing { part })
    };
    let mode = value("hub.mode", "hub.mode")?;
    let token = value("hub.verify_token", "hub.verify_token")?;
    let challenge = value("hub.challenge", "hub.challenge")?;
    fitting(tokens, |known| signature::same(known.as_text(), token.as_bytes()))?;
    if !bool::from(mode.as_bytes().ct_eq(b"subscribe")) {
        return Err(Refusal::Malformed { part: "hub.mode" });
    }
    let fit = !challenge.is_empty()
        && challenge.chars().count() <= CHALLENGE_CHARS_MAX
        && !challenge.chars().any(char::is_control);
    if fit { Ok(challenge.into_owned()) } else { Err(Refusal::Unusable { part: "hub.challenge" }) }
}
