//! Slack: `X-Slack-Signature: v0=<hex>`, HMAC-SHA256 of `v0:timestamp:body`.
//!
//! The time of `X-Slack-Request-Timestamp` may be 300 s away. Events are JSON; interactivity and slash
//! commands are forms, the former with JSON in their field `payload`. `url_verification` is signed as well
//! and answered with its challenge. Event and id are in the signed body.

use super::body::{Media, Members, form_value};
use super::source::Facts;
use super::{Key, Received, Refusal, Reply, Verified, freshness, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "slack",
    aliases: &[],
    name: "Slack",
    headers: &["X-Slack-Signature", "X-Slack-Request-Timestamp"],
    secret: "The Signing Secret, in Basic Information, App Credentials of the app.",
    forms: true,
    verify,
};

const SIGNATURE: &str = "X-Slack-Signature";
const TIME: &str = "X-Slack-Request-Timestamp";

/// Characters of a challenge, at the most.
const CHALLENGE_CHARS_MAX: usize = 1024;

/// See the module. Channels use it too.
///
/// # Errors
/// [`Refusal`].
pub fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let sent = signature::prefixed(header::needed(received.headers, SIGNATURE)?, "v0=", SIGNATURE)?;
    let time = header::needed(received.headers, TIME)?;
    let time_s = freshness::seconds(time, TIME)?;
    let signed: [&[u8]; 4] = [b"v0:", time.as_bytes(), b":", received.body];
    let key = signature::signed_by(keys, &signed, &[sent])?;
    freshness::fresh(received.now_s, time_s, TIME)?;

    let verified = Verified::new(key, signature::digest(&signed));
    if header::content_type(received.headers).and_then(Media::of) == Some(Media::Form) {
        of_form(verified, received.body)
    } else {
        of_event(verified, received.body)
    }
}

/// The Events API.
fn of_event(verified: Verified, body: &[u8]) -> Result<Verified, Refusal> {
    let body = Members::of(body, &["type", "event", "event_id", "challenge"]);
    let outer = body.text("type");
    let inner = body.inside("event", &["type"]).text("type");
    let verified = verified
        .event(label::event(inner.as_deref().or(outer.as_deref()), "event.type in the body")?)
        .signed_id(label::id(body.text("event_id").as_deref(), "event_id in the body")?);
    if outer.as_deref() != Some("url_verification") {
        return Ok(verified);
    }
    let part = "challenge in the body";
    let challenge = body.text("challenge").ok_or(Refusal::Missing { part })?;
    if challenge.chars().count() > CHALLENGE_CHARS_MAX || challenge.chars().any(char::is_control) {
        return Err(Refusal::Unusable { part });
    }
    Ok(verified.reply(Reply {
        status: 200,
        content_type: Some("text/plain; charset=utf-8"),
        body: challenge,
    }))
}

/// Interactivity (`payload`) or a slash command (`command`).
fn of_form(verified: Verified, body: &[u8]) -> Result<Verified, Refusal> {
    if let Some(payload) = form_value(body, "payload", "payload in the body")? {
        let payload = Members::of(payload.as_bytes(), &["type", "trigger_id"]);
        return Ok(verified
            .event(label::event(payload.text("type").as_deref(), "payload.type in the body")?)
            .signed_id(label::id(payload.text("trigger_id").as_deref(), "payload.trigger_id in the body")?));
    }
    let command = form_value(body, "command", "command in the body")?;
    let trigger = form_value(body, "trigger_id", "trigger_id in the body")?;
    Ok(verified
        .event(label::event(command.as_deref(), "command in the body")?)
        .signed_id(label::id(trigger.as_deref(), "trigger_id in the body")?))
}
