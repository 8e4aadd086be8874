//! GitHub: `X-Hub-Signature-256: sha256=<hex>`, HMAC-SHA256 of the body.
//!
//! Neither the id nor the event is signed, and no time.

use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "github",
    aliases: &[],
    name: "GitHub",
    headers: &["X-Hub-Signature-256"],
    secret: "The Secret of the webhook, in Settings, Webhooks of the repository, organization or app. \
             Choose the content type application/json.",
    forms: false,
    verify,
};

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let key = signature::of_body(received, keys, "X-Hub-Signature-256", "sha256=")?;
    let event = header::text(received.headers, "X-GitHub-Event")?;
    let id = header::text(received.headers, "X-GitHub-Delivery")?;
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(event, "X-GitHub-Event")?)
        .unsigned_id(label::id(id, "X-GitHub-Delivery")?))
}
