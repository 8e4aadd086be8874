//! Who is subscribed.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use p256::PublicKey;

use super::seal::BrowserKeys;
use super::vapid::Key;
use super::{Push, store};
use crate::egress::Url;
use crate::identity::Principal;
use crate::notifications::desk::Notifications;
use crate::notifications::error::NotificationError;
use crate::notifications::notice::{cut_chars, one_line};
use crate::notifications::store::settings;
use crate::protocol::ids::{PushSubscriptionId, TenantId};

/// Browsers of a tenant.
pub const BROWSERS_MAX: usize = 20;
/// Most bytes of an address.
const ENDPOINT_BYTES_MAX: usize = 2_048;
/// Most characters of what a browser is called.
const LABEL_CHARS_MAX: usize = 100;

/// A browser that gets pushes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Browser {
    /// The id of its subscription.
    pub id: PushSubscriptionId,
    /// What it is called.
    pub label: String,
    /// The host of its push service. The whole address lets others push, so it is not shown.
    pub service: String,
    /// Whose it is: `owner`, or a member's id.
    pub owner: String,
    /// When it was added, in Unix milliseconds.
    pub created_ms: i64,
    /// When its service took a push last.
    pub last_ms: Option<i64>,
}

/// What a browser gives out when it subscribes, as its API calls it.
#[derive(Clone, Debug)]
pub struct NewBrowser {
    /// Its address at its push service.
    pub endpoint: String,
    /// Its public key, base64url.
    pub p256dh: String,
    /// 16 bytes, base64url.
    pub auth: String,
    /// What it is called.
    pub label: String,
}

/// A subscription with what a push needs.
#[derive(Clone)]
pub(in crate::notifications) struct Subscription {
    pub(in crate::notifications) endpoint: String,
    pub(in crate::notifications) label: String,
    pub(super) keys: BrowserKeys,
}

impl Subscription {
    /// From what is stored; `None` for what is no key.
    pub(in crate::notifications) fn read(
        endpoint: String,
        label: String,
        p256dh: &[u8],
        auth: [u8; 16],
    ) -> Option<Self> {
        let point = PublicKey::from_sec1_bytes(p256dh).ok()?;
        Some(Self { endpoint, label, keys: BrowserKeys { point, auth } })
    }
}

impl Push {
    /// Made at the first call.
    async fn public_key(&self, tenant: &TenantId) -> Result<String, NotificationError> {
        let (vault, now_ms) = (self.vault.clone(), self.notices.now_ms());
        let write = self.notices.inner.db.write(tenant, move |tx| {
            if let Some(public) = settings::vapid_public(tx)? {
                return Ok(public);
            }
            let (sealed, public) = Key::make(&vault, tx)?;
            let known = settings::of(tx)?;
            settings::put(tx, &known, now_ms)?;
            store::keep_vapid(tx, &sealed, &public)?;
            Ok::<_, NotificationError>(public)
        });
        Ok(URL_SAFE_NO_PAD.encode(write.await?))
    }
}

impl Notifications {
    /// The public part of the key that signs pushes, base64url: browsers want it before they subscribe.
    ///
    /// # Errors
    /// [`NotificationError::NotSetUp`], [`NotificationError::Vault`] while the vault is sealed, or what the store answers.
    pub async fn push_key(&self, tenant: &TenantId) -> Result<String, NotificationError> {
        let push = self.inner.push.get().ok_or(NotificationError::NotSetUp("pushes are not set up"))?;
        push.public_key(tenant).await
    }

    /// Browsers that get pushes, in the order in which they came.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn browsers(&self, tenant: &TenantId) -> Result<Vec<Browser>, NotificationError> {
        self.inner.db.read(tenant, |read| Ok(store::all(read)?)).await
    }

    /// Adds a browser, or takes its new keys. One that is there stays the same.
    ///
    /// # Errors
    /// [`NotificationError`]; then it is not there.
    pub async fn subscribe(&self, by: &Principal, new: NewBrowser) -> Result<Browser, NotificationError> {
        let service = service(&new.endpoint)?;
        let decoded = |field, text: &str| {
            let text = text.trim_end_matches('=');
            URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).map_err(|_| wrong(field))
        };
        let p256dh = decoded("keys/p256dh", &new.p256dh)?;
        PublicKey::from_sec1_bytes(&p256dh)
            .ok()
            .filter(|_| p256dh.len() == 65)
            .ok_or_else(|| wrong("keys/p256dh"))?;
        let auth: [u8; 16] = decoded("keys/auth", &new.auth)?.try_into().map_err(|_| wrong("keys/auth"))?;
        let label = cut_chars(&one_line(&new.label), LABEL_CHARS_MAX);
        let label = if label.is_empty() { "A browser".to_owned() } else { label };
        let browser = Browser {
            id: PushSubscriptionId::new(),
            label,
            service,
            owner: by.source(),
            created_ms: self.now_ms(),
            last_ms: None,
        };
        let write = self.inner.db.write(&by.tenant, move |tx| {
            if store::count_others(tx, &new.endpoint)? >= BROWSERS_MAX {
                return Err(NotificationError::TooMany(BROWSERS_MAX));
            }
            Ok(store::put(tx, &browser, &new.endpoint, (&p256dh, &auth))?)
        });
        write.await
    }

    /// Takes a browser off the list.
    ///
    /// # Errors
    /// [`NotificationError::NotFound`], or what the store answers.
    pub async fn unsubscribe(
        &self,
        tenant: &TenantId,
        id: PushSubscriptionId,
    ) -> Result<(), NotificationError> {
        let write = self.inner.db.write(tenant, move |tx| Ok::<_, NotificationError>(store::delete(tx, id)?));
        if write.await? { Ok(()) } else { Err(NotificationError::NotFound) }
    }
}

/// The host of a push service. What it may lead to is judged with every push.
fn service(endpoint: &str) -> Result<String, NotificationError> {
    let is_short = endpoint.len() <= ENDPOINT_BYTES_MAX;
    let url = Url::parse(endpoint).ok().filter(|_| is_short).ok_or_else(|| wrong("endpoint"))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let is_here = host == "127.0.0.1" || host == "localhost";
    let fits = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    if host.is_empty() || !fits { Err(wrong("endpoint")) } else { Ok(host) }
}

fn wrong(field: &'static str) -> NotificationError {
    NotificationError::field(field, "is not what a browser gives out when it subscribes")
}
