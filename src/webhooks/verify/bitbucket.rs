//! Bitbucket Cloud: `X-Hub-Signature: sha256=<hex>`, HMAC-SHA256 of the body.
//!
//! Neither the id nor the event is signed, and no time. All attempts have one `X-Request-UUID`.

use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "bitbucket",
    aliases: &[],
    name: "Bitbucket",
    headers: &["X-Hub-Signature"],
    secret: "The Secret of the webhook, in Repository settings, Webhooks.",
    forms: false,
    verify,
};

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let key = signature::of_body(received, keys, "X-Hub-Signature", "sha256=")?;
    let event = header::text(received.headers, "X-Event-Key")?;
    let id = header::text(received.headers, "X-Request-UUID")?;
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(event, "X-Event-Key")?)
        .unsigned_id(label::id(id, "X-Request-UUID")?))
}
