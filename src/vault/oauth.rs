//! OAuth tokens: got with a person's consent, refreshed ahead of their end, used as `@secret:NAME`.
//!
//! | file | what |
//! |---|---|
//! | `record` | what is known about a token, and the sealed pair |
//! | `wire` | the requests, through egress |
//! | `consent` | authorization code with PKCE (RFC 6749, 7636, 9207) |
//! | `device` | device flow (RFC 8628) |
//! | `renewal` | refresh, single-flight and with backoff; revocation (RFC 7009) |
//!
//! **Invariant:** a refresh token that a provider replaced is stored in the transaction that follows its answer. A kill
//! in between loses it, and no order of writes can help: the provider has forgotten the old one. The token then says
//! that consent is needed again.

mod consent;
mod desk;
mod device;
mod record;
mod renewal;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::Vault;
use crate::egress::Egress;
use crate::notifications::Notifications;
use crate::protocol::ids::OauthTokenId;

pub use consent::CONSENT_LIFE_MS;
pub use device::{DevicePrompt, DeviceState};
pub use record::{NewOauthToken, OauthRecord, OauthSettings, OauthState};
pub(super) use record::{PAIRS, TokenPair, place};
pub use wire::OauthError;

/// See the module. A cheap clone.
#[derive(Clone)]
pub struct Oauth {
    inner: Arc<Inner>,
}

struct Inner {
    vault: Vault,
    egress: Egress,
    /// Consents that were begun, by their `state`. Bounded; gone with the process.
    consents: Mutex<HashMap<String, consent::Consent>>,
    /// Device flows that wait for their person.
    devices: Mutex<HashMap<OauthTokenId, device::Waiting>>,
    /// One refresh of a token at a time.
    refreshing: Mutex<HashMap<OauthTokenId, Arc<tokio::sync::Mutex<()>>>>,
    /// Who tells people that one could not be refreshed.
    notices: OnceLock<Notifications>,
}

impl Oauth {
    /// The OAuth tokens of this vault; requests go through this client.
    #[must_use]
    pub fn new(vault: Vault, egress: Egress) -> Self {
        let (consents, devices, refreshing) = (Mutex::default(), Mutex::default(), Mutex::default());
        let notices = OnceLock::new();
        Self { inner: Arc::new(Inner { vault, egress, consents, devices, refreshing, notices }) }
    }

    /// Says who tells people of a token that could not be refreshed. The first one stays.
    pub fn tell(&self, notices: Notifications) {
        // silent-ok: it is set once per start
        let _ = self.inner.notices.set(notices);
    }
}

#[cfg(test)]
mod tests;
