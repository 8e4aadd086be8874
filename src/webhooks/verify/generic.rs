//! Own programs: `X-Capuchin-Signature: t=<seconds>,v1=<hex>`, HMAC-SHA256 of `t.body`.
//!
//! `X-MonkeyClaw-…` means the same, header by header. Several `v1` are allowed while a secret is replaced;
//! unknown schemes are passed over; a second `t` is refused. The time may be 300 s away. Event and id are
//! headers, and not signed.

use super::source::Facts;
use super::stripe::TimedSignature;
use super::{Key, LABEL_CHARS_MAX, Received, Refusal, Verified, freshness, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "generic",
    aliases: &["capuchin", "custom"],
    name: "Generic",
    headers: &["X-Capuchin-Signature", "X-MonkeyClaw-Signature"],
    secret: "Choose a long random text and give it to your program. It signs with HMAC-SHA256 and \
             sends t=<seconds since 1970>,v1=<lower-case hex of HMAC(secret, t + \".\" + body)>.",
    forms: false,
    verify,
};

const SIGNATURES: [&str; 2] = ["X-Capuchin-Signature", "X-MonkeyClaw-Signature"];
const EVENTS: [&str; 2] = ["X-Capuchin-Event", "X-MonkeyClaw-Event"];
const KEYS: [&str; 2] = ["X-Capuchin-Idempotency-Key", "X-MonkeyClaw-Idempotency-Key"];
const DELIVERIES: [&str; 2] = ["X-Capuchin-Delivery", "X-MonkeyClaw-Delivery"];

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let (name, text) = header::only(received.headers, &SIGNATURES)?
        .ok_or(Refusal::Missing { part: "X-Capuchin-Signature" })?;
    let sent = TimedSignature::read(text, name)?;
    let signed: [&[u8]; 3] = [sent.time.as_bytes(), b".", received.body];
    let key = signature::signed_by(keys, &signed, &sent.signatures)?;
    freshness::fresh(received.now_s, sent.time_s, name)?;

    let event = short(received, &EVENTS)?;
    let id = match short(received, &KEYS)? {
        Some(found) => Some(found),
        None => short(received, &DELIVERIES)?,
    };
    Ok(Verified::new(key, signature::digest(&signed))
        .event(label::event(event, "X-Capuchin-Event")?)
        .unsigned_id(label::id(id, "X-Capuchin-Idempotency-Key")?))
}

/// The value under one of the names, which is no longer than an event or an id may be.
fn short<'a>(received: &Received<'a>, names: &[&'static str]) -> Result<Option<&'a str>, Refusal> {
    match header::only(received.headers, names)? {
        Some((part, text)) if text.len() > LABEL_CHARS_MAX => Err(Refusal::Unusable { part }),
        found => Ok(found.map(|(_, text)| text)),
    }
}
