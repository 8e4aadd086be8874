//! Notices to browsers: Web Push (RFC 8030), sealed for the browser (RFC 8291) and signed by this daemon (RFC 8292).
//!
//! | file | what |
//! |---|---|
//! | `seal` | the message, which its push service cannot read |
//! | `vapid` | the key that signs, and its signatures |
//! | `browsers` | who is subscribed |
//!
//! A browser that has gone is forgotten, and that is told.

mod browsers;
mod seal;
mod vapid;

pub(super) use browsers::Subscription;
pub use browsers::{BROWSERS_MAX, Browser, NewBrowser};

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;

use super::desk::Notifications;
use super::error::NotificationError;
use super::notice::{Severity, cut_chars};
use super::rule::Way;
use super::sending::{DeliverFailure, DeliverNotice, Letter};
use super::store::{browsers as store, settings};
use crate::egress::{Egress, Method, Url};
use crate::protocol::ids::{PushSubscriptionId, TenantId};
use crate::vault::Vault;

use vapid::Key;

/// How long a push service keeps a message for a browser that is away.
const KEPT_BY_SERVICE: &str = "86400";
/// Characters of a body that a push shows; the rest is in the inbox.
const BODY_CHARS: usize = 400;
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// See the module.
pub struct Push {
    notices: Notifications,
    vault: Vault,
    egress: Egress,
    /// Where push services find whoever runs this.
    contact: String,
}

// === impl Push ===

impl Push {
    /// Sends notices to browsers from now on. The vault is told of the column that holds the key.
    pub fn begin(notices: &Notifications, vault: &Vault, egress: &Egress, contact: Option<String>) {
        vault.register(vapid::KEYS);
        let contact = contact.unwrap_or_else(|| "mailto:nobody@capuchin.invalid".to_owned());
        let (vault, egress) = (vault.clone(), egress.clone());
        let push = Arc::new(Self { notices: notices.clone(), vault, egress, contact });
        notices.deliver_by(Way::Push, Arc::new(SharedPush(Arc::clone(&push))));
        // silent-ok: it is set once per start
        let _ = notices.inner.push.set(push);
    }

    async fn push(self: Arc<Self>, tenant: TenantId, letter: Letter) -> Result<(), DeliverFailure> {
        let never = |why: &str| DeliverFailure::Never { why: why.to_owned() };
        let later = |why: String| DeliverFailure::Later { why, after: None };
        let Some(id) = letter.target else { return Err(never("no browser gets pushes")) };
        let (db, vault) = (&self.notices.inner.db, self.vault.clone());
        let read = db.read(&tenant, move |read| {
            let browser = store::by_id(read, id)?;
            let key = settings::vapid(read)?.map(|sealed| Key::open(&vault, read, &sealed)).transpose()?;
            Ok::<_, NotificationError>((browser, key))
        });
        let (browser, key) = match read.await {
            Ok(found) => found,
            Err(NotificationError::NotFound) => return Err(never("the browser is not subscribed any more")),
            Err(error) => return Err(later(error.to_string())),
        };
        let key = key.ok_or_else(|| never("the key that signs pushes is gone; subscribe again"))?;
        let sealed = seal::seal(&browser.keys, &payload(&letter));
        let sealed = sealed.map_err(|error| never(&error.to_string()))?;
        let url = Url::parse(&browser.endpoint).map_err(|_| never("the address of the browser is none"))?;
        let token =
            key.token(&url.origin().ascii_serialization(), &self.contact, self.notices.now_ms() / 1_000);
        let status = self.post(&browser.endpoint, &token, &letter, sealed).await?;
        self.outcome(&tenant, id, &browser.label, status).await
    }

    /// What the push service answers: its status and when it wants to be asked again.
    async fn post(
        &self,
        endpoint: &str,
        token: &str,
        letter: &Letter,
        sealed: Vec<u8>,
    ) -> Result<(u16, Option<Duration>), DeliverFailure> {
        let never = |error: crate::egress::EgressError| DeliverFailure::Never { why: error.to_string() };
        let urgency = if letter.severity == Severity::Error { "high" } else { "normal" };
        // The same message again takes the place of the first, at the service and on the screen.
        let topic =
            URL_SAFE_NO_PAD.encode(letter.notification.map_or(*letter.id.as_bytes(), |id| *id.as_bytes()));
        let request = self.egress.request(Method::POST, endpoint).map_err(never)?;
        let request = request.body("application/octet-stream", Bytes::from(sealed)).map_err(never)?;
        let request = request.header("ttl", KEPT_BY_SERVICE).header("content-encoding", "aes128gcm");
        let request = request.header("urgency", urgency).with_header("topic", &topic).map_err(never)?;
        let request = request.with_header("authorization", token).map_err(never)?;
        let reply = request.send(ANSWER_WITHIN).await.map_err(|error| match error {
            crate::egress::EgressError::Refused { .. } => never(error),
            crate::egress::EgressError::Broken { .. } | crate::egress::EgressError::Timeout { .. } => {
                DeliverFailure::Unknown { why: error.to_string() }
            }
            other => DeliverFailure::Later { why: other.to_string(), after: None },
        })?;
        let after = reply.header("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs);
        Ok((reply.status(), after))
    }

    async fn outcome(
        &self,
        tenant: &TenantId,
        id: PushSubscriptionId,
        label: &str,
        (status, after): (u16, Option<Duration>),
    ) -> Result<(), DeliverFailure> {
        let now_ms = self.notices.now_ms();
        match status {
            200..=299 => {
                // silent-ok: it is shown to people and nothing rests on it
                let _ = self.notices.inner.db.write(tenant, move |tx| store::taken(tx, id, now_ms)).await;
                Ok(())
            }
            404 | 410 => {
                let gone = self.notices.inner.db.write(tenant, move |tx| store::delete(tx, id));
                gone.await.map_err(|error| DeliverFailure::Later { why: error.to_string(), after: None })?;
                Err(DeliverFailure::Never {
                    why: format!("{label} gets no pushes any more; it was taken off the list"),
                })
            }
            429 | 500..=599 => Err(DeliverFailure::Later {
                why: format!("the push service of {label} answered {status}"),
                after,
            }),
            _ => Err(DeliverFailure::Never { why: format!("the push service of {label} answered {status}") }),
        }
    }
}

/// The handle of a shared one, so that a push can outlive its call.
struct SharedPush(Arc<Push>);

impl DeliverNotice for SharedPush {
    fn is_ready(&self, _tenant: &TenantId) -> bool {
        self.0.vault.sealed_by().is_none()
    }

    fn deliver(&self, tenant: TenantId, letter: Letter) -> BoxFuture<'static, Result<(), DeliverFailure>> {
        Arc::clone(&self.0).push(tenant, letter).boxed()
    }
}

/// What the page's worker shows.
fn payload(letter: &Letter) -> Vec<u8> {
    let tag = letter.notification.map_or_else(|| letter.id.to_string(), |id| id.to_string());
    let of = |body: &str| {
        json!({ "title": letter.title, "body": body, "tag": tag, "url": "/inbox/notifications" }).to_string()
    };
    let whole = of(&cut_chars(&letter.body, BODY_CHARS));
    if whole.len() <= seal::PLAIN_BYTES_MAX { whole.into_bytes() } else { of("").into_bytes() }
}

#[cfg(test)]
mod tests;
