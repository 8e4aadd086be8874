//! Discord: `X-Signature-Ed25519: <hex>` over `timestamp` and body, with the application's public key.
//!
//! Discord promises nothing about the age of `X-Signature-Timestamp`; 300 s in both directions is our own
//! rule. Two kinds of requests come: interactions, whose `type` 1 is a PING and is answered with
//! `{"type":1}`, and webhook events, whose PING has `type` 0 and is answered with 204, and whose events have
//! `type` 1 *and* an `event`. While an address is entered, Discord also sends wrong signatures, and wants a
//! 401 for them.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use subtle::Choice;

use super::body::Members;
use super::key::fitting;
use super::source::Facts;
use super::{Key, Received, Refusal, Reply, Verified, freshness, header, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "discord",
    aliases: &[],
    name: "Discord",
    headers: &["X-Signature-Ed25519", "X-Signature-Timestamp"],
    secret: "The Public Key, in General Information of the application in the Developer Portal.",
    forms: false,
    verify,
};

const SIGNATURE: &str = "X-Signature-Ed25519";
const TIME: &str = "X-Signature-Timestamp";

/// See the module. Channels use it too.
///
/// # Errors
/// [`Refusal`].
pub fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let text = header::needed(received.headers, SIGNATURE)?;
    let sent = signature::hex::<64>(text).ok_or(Refusal::Malformed { part: SIGNATURE })?;
    let time = header::needed(received.headers, TIME)?;
    let time_s = freshness::seconds(time, TIME)?;
    let signed = [time.as_bytes(), received.body].concat();
    let key = fitting(keys, |key| {
        let fits = key.as_public().is_some_and(|public| is_signed(public, &signed, &sent));
        Choice::from(u8::from(fits))
    })?;
    freshness::fresh(received.now_s, time_s, TIME)?;
    // Without the time, so that another attempt of Discord is the same content: an event has no id.
    of_body(Verified::new(key, signature::digest(&[received.body])), received.body)
}

/// Whether the private half of `public` made `signature` over `message`. All of it is public: nothing here
/// has to take constant time.
pub(super) fn is_signed(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}

fn of_body(verified: Verified, body: &[u8]) -> Result<Verified, Refusal> {
    let body = Members::of(body, &["type", "id", "event"]);
    let part = "event.type in the body";
    match (body.integer("type"), body.is_object("event")) {
        (Some(0), false) => {
            let pong = Reply { status: 204, content_type: None, body: String::new() };
            Ok(verified.event(Some("ping".to_owned())).reply(pong))
        }
        (Some(1), false) => {
            let json = "{\"type\":1}".to_owned();
            let pong = Reply { status: 200, content_type: Some("application/json"), body: json };
            Ok(verified.event(Some("ping".to_owned())).reply(pong))
        }
        (_, true) => {
            let kind = body.inside("event", &["type"]).text("type");
            Ok(verified.event(label::event(kind.as_deref(), part)?))
        }
        (kind, false) => {
            let id = label::id(body.text("id").as_deref(), "id in the body")?;
            Ok(verified.event(kind.map(interaction)).signed_id(id))
        }
    }
}

/// The names of interactions.
fn interaction(kind: i64) -> String {
    match kind {
        2 => "application_command".to_owned(),
        3 => "message_component".to_owned(),
        4 => "application_command_autocomplete".to_owned(),
        5 => "modal_submit".to_owned(),
        other => other.to_string(),
    }
}
