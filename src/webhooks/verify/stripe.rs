//! Stripe: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>][,v0=…]`, HMAC-SHA256 of `t.body`.
//!
//! Several `v1` while a secret is rolled; `v0` is for tests and passed over. The time may be 300 s away.
//! Stripe's own libraries take times of the future; here they are refused. Event and id are in the signed
//! body.

use super::body::Members;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, freshness, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "stripe",
    aliases: &[],
    name: "Stripe",
    headers: &["Stripe-Signature"],
    secret: "The Signing secret of the endpoint (whsec_…), in Developers, Webhooks.",
    forms: false,
    verify,
};

const SIGNATURE: &str = "Stripe-Signature";

/// What `t=…,v1=…` says.
pub(super) struct TimedSignature<'a> {
    /// The time as it was signed.
    pub(super) time: &'a str,
    /// The time.
    pub(super) time_s: i64,
    /// All signatures of the scheme `v1` that can be read: one or more.
    pub(super) signatures: Vec<[u8; 32]>,
}

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let sent = TimedSignature::read(header::needed(received.headers, SIGNATURE)?, SIGNATURE)?;
    let signed: [&[u8]; 3] = [sent.time.as_bytes(), b".", received.body];
    let key = signature::signed_by(keys, &signed, &sent.signatures)?;
    freshness::fresh(received.now_s, sent.time_s, SIGNATURE)?;

    let body = Members::of(received.body, &["id", "type"]);
    Ok(Verified::new(key, signature::digest(&signed))
        .event(label::event(body.text("type").as_deref(), "type in the body")?)
        .signed_id(label::id(body.text("id").as_deref(), "id in the body")?))
}

// === impl TimedSignature ===

impl<'a> TimedSignature<'a> {
    /// Reads a list of `scheme=value` with commas, in any order and without blanks.
    pub(super) fn read(text: &'a str, part: &'static str) -> Result<Self, Refusal> {
        let mut time = None;
        let mut signatures = Vec::new();
        for (scheme, value) in text.split(',').filter_map(|one| one.split_once('=')) {
            match scheme {
                "t" if time.is_some() => return Err(Refusal::Repeated { part }),
                "t" => time = Some(value),
                "v1" => signatures.extend(signature::hex(value)),
                _ => {}
            }
        }
        let time = time.ok_or(Refusal::Malformed { part })?;
        let time_s = freshness::seconds(time, part)?;
        if signatures.is_empty() {
            Err(Refusal::Malformed { part })
        } else {
            Ok(Self { time, time_s, signatures })
        }
    }
}
