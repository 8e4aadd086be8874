//! GitLab: a signing token (`whsec_…`, as Standard Webhooks), or the older one in `X-Gitlab-Token`.
//!
//! What the owner entered decides, not what the request brings: with a signing token only a signature
//! counts, and with a secret token only the token, which signs nothing: neither body nor id. While one
//! replaces the other a request may satisfy either, and the signature is tried first.

use super::key::fitting;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, header, label, signature, standard};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "gitlab",
    aliases: &[],
    name: "GitLab",
    headers: &["webhook-signature", "X-Gitlab-Token"],
    secret: "The signing token of the webhook (whsec_…), in Settings, Webhooks of the project or \
             group. The older secret token works too, but it signs nothing.",
    forms: false,
    verify,
};

const TOKEN: &str = "X-Gitlab-Token";

/// See the module. `Idempotency-Key` is equal in all attempts.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    if keys.is_empty() {
        return Err(Refusal::NoKey);
    }
    let may_sign = keys.iter().any(|key| key.as_signing().is_some());
    let may_tell = keys.iter().any(|key| key.as_text().is_some());
    let verified = if may_sign && may_tell {
        signed(received, keys).or_else(|refusal| match refusal {
            Refusal::Missing { .. } => told(received, keys),
            other => told(received, keys).map_err(|_| other),
        })?
    } else if may_sign {
        signed(received, keys)?
    } else {
        told(received, keys)?
    };
    let event = header::text(received.headers, "X-Gitlab-Event")?;
    Ok(verified.event(label::event(event, "X-Gitlab-Event")?))
}

/// A request with a signature, its event left open.
fn signed(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    standard::verify_set(received, keys, &standard::NAMES)
}

/// A request with the secret token, its event left open.
fn told(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let token = header::value(received.headers, TOKEN)?.ok_or(Refusal::Missing { part: TOKEN })?;
    let key = fitting(keys, |key| signature::same(key.as_text(), token.as_bytes()))?;
    let names = ["Idempotency-Key", "X-Gitlab-Event-UUID"];
    let id = header::first(received.headers, &names)?.map(|(_, text)| text);
    Ok(Verified::new(key, signature::digest(&[received.body])).unsigned_id(label::id(id, "Idempotency-Key")?))
}
