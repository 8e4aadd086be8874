//! PagerDuty, webhooks v3: `X-PagerDuty-Signature: v1=<hex>[,v1=<hex>]`, HMAC-SHA256 of the body.
//!
//! There are several while a secret is replaced; blanks around the commas are allowed. Event and id are in
//! the signed body. `X-Webhook-Id` names the subscription, not the delivery. No time is checked.

use super::body::Members;
use super::source::Facts;
use super::{Key, Received, Refusal, Verified, label, signature};

/// See [`Source`](super::Source).
pub(super) const FACTS: Facts = Facts {
    code: "pagerduty",
    aliases: &[],
    name: "PagerDuty",
    headers: &["X-PagerDuty-Signature"],
    secret: "The secret of the subscription, shown once when it is added in Integrations, Generic \
             Webhooks (v3).",
    forms: false,
    verify,
};

/// See the module.
fn verify(received: &Received<'_>, keys: &[Key]) -> Result<Verified, Refusal> {
    let key = signature::of_body_listed(received, keys, "X-PagerDuty-Signature")?;
    let event = Members::of(received.body, &["event"]).inside("event", &["id", "event_type"]);
    Ok(Verified::new(key, signature::digest(&[received.body]))
        .event(label::event(event.text("event_type").as_deref(), "event.event_type in the body")?)
        .signed_id(label::id(event.text("id").as_deref(), "event.id in the body")?))
}
