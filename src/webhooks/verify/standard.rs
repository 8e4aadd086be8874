//! Standard Webhooks, and Svix: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,<base64> v1,…`.
//!
//! HMAC-SHA256 of `id.timestamp.body` with the bytes that stand in base64 after `whsec_`. `svix-…` are
//! other names of the three headers, read where the first ones are missing. There are several signatures
//! while a secret is replaced; other versions are passed over. The time may be 300 s away. The id is signed.

use super::body::Members;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, freshness, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "standard",
    aliases: &["svix", "standard-webhooks", "standard_webhooks", "standardwebhooks"],
    name: "Standard Webhooks",
    headers: &["webhook-signature", "webhook-id", "webhook-timestamp"],
    secret: "The signing secret of the endpoint, which begins with whsec_.",
    forms: false,
    verify,
};

/// The three headers.
pub(super) struct Names {
    id: &'static str,
    time: &'static str,
    signature: &'static str,
}

/// The names of the standard.
pub(super) const NAMES: Names =
    Names { id: "webhook-id", time: "webhook-timestamp", signature: "webhook-signature" };

const SVIX: Names = Names { id: "svix-id", time: "svix-timestamp", signature: "svix-signature" };

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let is_svix = header::value(received.headers, NAMES.signature)?.is_none()
        && header::value(received.headers, SVIX.signature)?.is_some();
    let verified = verify_set(received, keys, if is_svix { &SVIX } else { &NAMES })?;
    let kind = Members::of(received.body, &["type"]).text("type");
    Ok(verified.event(label::event(kind.as_deref(), "type in the body")?))
}

/// A request with these three headers, its event left open.
pub(super) fn verify_set(received: &Received<'_>, keys: &[Key], names: &Names) -> Result<Verified, Refusal> {
    let list = header::needed(received.headers, names.signature)?;
    let id = header::needed(received.headers, names.id)?;
    let time = header::needed(received.headers, names.time)?;
    let time_s = freshness::seconds(time, names.time)?;
    let signatures: Vec<_> = list
        .split(' ')
        .filter_map(|one| one.strip_prefix("v1,"))
        .filter_map(signature::base64::<32>)
        .collect();
    if signatures.is_empty() {
        return Err(Refusal::Malformed { part: names.signature });
    }
    let signed: [&[u8]; 5] = [id.as_bytes(), b".", time.as_bytes(), b".", received.body];
    let key = signature::signed_by_signing(keys, &signed, &signatures)?;
    freshness::fresh(received.now_s, time_s, names.time)?;
    Ok(Verified::new(key, signature::digest(&signed)).signed_id(label::id(Some(id), names.id)?))
}
