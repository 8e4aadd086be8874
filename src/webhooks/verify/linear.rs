//! Linear: `Linear-Signature: <hex>`, HMAC-SHA256 of the body.
//!
//! The time that counts is `webhookTimestamp` in the signed body, in milliseconds; the header
//! `Linear-Timestamp` is not signed and not read.

use super::body::Members;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, freshness, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "linear",
    aliases: &[],
    name: "Linear",
    headers: &["Linear-Signature"],
    secret: "The Signing secret of the webhook, in Settings, API, Webhooks.",
    forms: false,
    verify,
};

const TIME: &str = "webhookTimestamp in the body";

/// How far `webhookTimestamp` may be from now: what Linear asks for.
const WINDOW_MS: u64 = 60_000;

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let key = signature::of_body(received, keys, "Linear-Signature", "")?;
    let body = Members::of(received.body, &["webhookTimestamp", "type", "action"]);
    body.raw("webhookTimestamp").ok_or(Refusal::Missing { part: TIME })?;
    let then_ms = body.integer("webhookTimestamp").ok_or(Refusal::Malformed { part: TIME })?;
    freshness::within(received.now_s.saturating_mul(1_000).abs_diff(then_ms), WINDOW_MS, TIME)?;

    let kind = body.text("type");
    let kind = header::text(received.headers, "Linear-Event")?.or(kind.as_deref());
    let event = label::dotted(kind, body.text("action").as_deref());
    let id = header::text(received.headers, "Linear-Delivery")?;
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(event.as_deref(), "the event")?)
        .unsigned_id(label::id(id, "Linear-Delivery")?))
}
