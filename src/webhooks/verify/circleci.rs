//! CircleCI: `circleci-signature: v1=<hex>[,v2=…]`, HMAC-SHA256 of the body.
//!
//! Only `v1` counts; versions to come are passed over. The body's `id` is equal in all attempts.

use super::body::Members;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "circleci",
    aliases: &[],
    name: "CircleCI",
    headers: &["circleci-signature"],
    secret: "The Secret token of the webhook, in Project Settings, Webhooks.",
    forms: false,
    verify,
};

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let key = signature::of_body_listed(received, keys, "circleci-signature")?;
    let body = Members::of(received.body, &["id", "type"]);
    let kind = body.text("type");
    let event = kind.as_deref().or(header::text(received.headers, "circleci-event-type")?);
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(event, "circleci-event-type")?)
        .signed_id(label::id(body.text("id").as_deref(), "id in the body")?))
}
