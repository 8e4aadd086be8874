//! Vercel: `x-vercel-signature: <hex>`, HMAC-SHA1 of the body.
//!
//! SHA-1 is Vercel's choice. As an HMAC it is not known to be broken. Event and id are in the signed body;
//! no time is checked.

use super::body::Members;
use super::key::fitting;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "vercel",
    aliases: &[],
    name: "Vercel",
    headers: &["x-vercel-signature"],
    secret: "The secret of the webhook, shown once when it is added in Settings, Webhooks; of an \
             integration, its Client Secret.",
    forms: false,
    verify,
};

const SIGNATURE: &str = "x-vercel-signature";

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let text = header::needed(received.headers, SIGNATURE)?;
    let sent = signature::hex(text).ok_or(Refusal::Malformed { part: SIGNATURE })?;
    let key = fitting(keys, |key| signature::fits_sha1(key.as_text(), &[received.body], &sent))?;
    let body = Members::of(received.body, &["id", "type"]);
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(body.text("type").as_deref(), "type in the body")?)
        .signed_id(label::id(body.text("id").as_deref(), "id in the body")?))
}
