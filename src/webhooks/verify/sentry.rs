//! Sentry: `Sentry-Hook-Signature: <hex>`, HMAC-SHA256 of the body as it was sent.
//!
//! The example in Sentry's documentation signs a body that was parsed and written again. Its sender signs
//! the bytes that it sends, and so do we: the two differ as soon as a name has an umlaut.
//! `Sentry-Hook-Timestamp` is not signed and not read.

use super::body::Members;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "sentry",
    aliases: &[],
    name: "Sentry",
    headers: &["Sentry-Hook-Signature"],
    secret: "The Client Secret of the custom integration, in Settings, Developer Settings.",
    forms: false,
    verify,
};

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let key = signature::of_body(received, keys, "Sentry-Hook-Signature", "")?;
    let action = Members::of(received.body, &["action"]).text("action");
    let resource = header::text(received.headers, "Sentry-Hook-Resource")?;
    let event = label::dotted(resource, action.as_deref());
    let id = header::text(received.headers, "Request-ID")?;
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(event.as_deref(), "the event")?)
        .unsigned_id(label::id(id, "Request-ID")?))
}
