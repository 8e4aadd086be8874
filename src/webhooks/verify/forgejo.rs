//! Forgejo, Gitea, Codeberg: `X-Forgejo-Signature: <hex>`, HMAC-SHA256 of the body.
//!
//! The same signature is sent under the names of its ancestors. The first that is there is checked, so
//! that Gitea, which has no `X-Forgejo-…`, works too. Nothing else is signed, and no time.

use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "forgejo",
    aliases: &["gitea", "codeberg"],
    name: "Forgejo",
    headers: &["X-Forgejo-Signature", "X-Gitea-Signature", "X-Gogs-Signature", "X-Hub-Signature-256"],
    secret: "The Secret of the webhook, in Settings, Webhooks of the repository, organization or \
             account. Choose the content type application/json.",
    forms: false,
    verify,
};

const SIGNATURES: [&str; 4] = ["X-Forgejo-Signature", "X-Gitea-Signature", "X-Gogs-Signature", GITHUB];
const GITHUB: &str = "X-Hub-Signature-256";
const EVENTS: [&str; 4] = ["X-Forgejo-Event", "X-Gitea-Event", "X-Gogs-Event", "X-GitHub-Event"];
const IDS: [&str; 4] = ["X-Forgejo-Delivery", "X-Gitea-Delivery", "X-Gogs-Delivery", "X-GitHub-Delivery"];

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let (name, _) = header::first(received.headers, &SIGNATURES)?
        .ok_or(Refusal::Missing { part: "X-Forgejo-Signature" })?;
    let prefix = if name == GITHUB { "sha256=" } else { "" };
    let key = signature::of_body(received, keys, name, prefix)?;
    let event = header::first(received.headers, &EVENTS)?.map(|(_, text)| text);
    let id = header::first(received.headers, &IDS)?.map(|(_, text)| text);
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(event, "X-Forgejo-Event")?)
        .unsigned_id(label::id(id, "X-Forgejo-Delivery")?))
}
