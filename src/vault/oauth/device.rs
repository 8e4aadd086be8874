//! Device flow: a person types a short code at the provider's page, on any device; we ask until they did.

use oauth2::basic::BasicTokenResponse;
use oauth2::{
    DeviceAuthorizationUrl, DeviceCodeErrorResponse, DeviceCodeErrorResponseType, Scope,
    StandardDeviceAuthorizationResponse,
};

use super::Oauth;
use super::record::OauthRecord;
use super::wire::{OauthError, Wire, client, words};
use crate::identity::Principal;
use crate::protocol::ids::{OauthTokenId, TenantId};
use crate::vault::{VaultError, Which};

/// What `slow_down` adds to the interval (RFC 8628, 3.5).
const SLOWER_MS: i64 = 5_000;
/// Device flows that wait at a time.
const DEVICES_MAX: usize = 64;
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a person needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicePrompt {
    /// What they type.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same address with the code in it, if the provider has one.
    pub verification_uri_complete: Option<String>,
    /// Until when, in milliseconds since 1970.
    pub expires_ms: i64,
}

/// How far a device flow is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// Nobody agreed yet; asked again at this time, in milliseconds since 1970.
    Pending {
        /// The time.
        next_ms: i64,
    },
    /// The token is here.
    Ready(Box<OauthRecord>),
}

/// A flow that waits.
#[derive(Clone)]
pub(super) struct Waiting {
    tenant: TenantId,
    principal: String,
    device_code: String,
    interval_ms: i64,
    next_ms: i64,
    expires_ms: i64,
}

impl Oauth {
    /// Begins a device flow.
    ///
    /// # Errors
    /// [`VaultError::Oauth`].
    pub async fn begin_device(
        &self,
        by: &Principal,
        which: Which<OauthTokenId>,
    ) -> Result<DevicePrompt, VaultError> {
        let vault = &self.inner.vault;
        vault.ring()?;
        let record = self.get(&by.tenant, which).await?;
        let url =
            record.settings.device_url.clone().ok_or(OauthError::NotConfigured { what: "device_url" })?;
        let url = DeviceAuthorizationUrl::new(url).map_err(|_| OauthError::BadUrl { field: "device_url" })?;
        let wire = Wire::new(self.inner.egress.clone(), by.tenant.clone(), &record.name);
        let client = client(&record.settings)?.set_device_authorization_url(url);
        let asked =
            client.exchange_device_code().add_scopes(record.settings.scopes.iter().cloned().map(Scope::new));
        let details: StandardDeviceAuthorizationResponse =
            Box::pin(asked.request_async(&wire)).await.map_err(OauthError::from)?;
        let now_ms = vault.now_ms();
        let ms = |time: std::time::Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let (interval_ms, expires_ms) =
            (ms(details.interval()).max(1_000), now_ms.saturating_add(ms(details.expires_in())));
        let waiting = Waiting {
            tenant: by.tenant.clone(),
            principal: by.source(),
            device_code: details.device_code().secret().clone(),
            interval_ms,
            next_ms: now_ms + interval_ms,
            expires_ms,
        };
        let mut devices = self.inner.devices.lock();
        devices.retain(|_, waiting| waiting.expires_ms > now_ms);
        if devices.len() >= DEVICES_MAX {
            return Err(OauthError::TooMany.into());
        }
        devices.insert(record.id, waiting);
        Ok(DevicePrompt {
            user_code: words(details.user_code().secret()),
            verification_uri: words(details.verification_uri()),
            verification_uri_complete: details.verification_uri_complete().map(|uri| words(uri.secret())),
            expires_ms,
        })
    }

    /// Asks whether the person agreed, but never sooner than the provider allows.
    ///
    /// # Errors
    /// [`VaultError::Oauth`]: refused, expired, or nobody waits; the flow is over then.
    pub async fn poll_device(&self, tenant: &TenantId, id: OauthTokenId) -> Result<DeviceState, VaultError> {
        let now_ms = self.inner.vault.now_ms();
        let waiting = {
            let mut devices = self.inner.devices.lock();
            let waiting = devices.get_mut(&id).filter(|waiting| waiting.tenant == *tenant);
            let waiting = waiting.ok_or(OauthError::NoDevice)?;
            if waiting.expires_ms <= now_ms {
                devices.remove(&id);
                return Err(refused("the code expired before anybody typed it").into());
            }
            if waiting.next_ms > now_ms {
                return Ok(DeviceState::Pending { next_ms: waiting.next_ms });
            }
            // Claimed: whoever else asks meanwhile is told to wait.
            waiting.next_ms = now_ms + waiting.interval_ms;
            waiting.clone()
        };
        match self.ask(&waiting, id).await {
            Ok(Some(record)) => {
                self.inner.devices.lock().remove(&id);
                Ok(DeviceState::Ready(Box::new(record)))
            }
            Ok(None) => {
                let devices = self.inner.devices.lock();
                let next_ms = devices.get(&id).map_or(now_ms, |waiting| waiting.next_ms);
                Ok(DeviceState::Pending { next_ms })
            }
            Err(VaultError::Oauth(OauthError::Unreachable { why })) => {
                tracing::debug!(why, "a provider did not answer a device flow; it is asked again");
                Ok(DeviceState::Pending { next_ms: waiting.next_ms })
            }
            Err(error) => {
                self.inner.devices.lock().remove(&id);
                Err(error)
            }
        }
    }

    /// Asks for every device flow whose time has come. For the housekeeper.
    pub async fn poll_devices(&self) {
        let now_ms = self.inner.vault.now_ms();
        let due: Vec<_> = {
            let devices = self.inner.devices.lock();
            let due = devices.iter().filter(|(_, waiting)| waiting.next_ms <= now_ms);
            due.map(|(id, waiting)| (*id, waiting.tenant.clone())).collect()
        };
        for (id, tenant) in due {
            if let Err(error) = self.poll_device(&tenant, id).await {
                tracing::warn!(token = %id, %error, "a device flow ended without a token");
            }
        }
    }

    /// One question; `None` while the person has not answered.
    async fn ask(&self, waiting: &Waiting, id: OauthTokenId) -> Result<Option<OauthRecord>, VaultError> {
        let record = self.get(&waiting.tenant, Which::Id(id)).await?;
        let wire = Wire::new(self.inner.egress.clone(), waiting.tenant.clone(), &record.name);
        let secret = record.settings.client_secret.as_ref().map(|name| format!("@secret:{name}"));
        let mut fields = vec![
            ("grant_type", GRANT),
            ("device_code", waiting.device_code.as_str()),
            ("client_id", record.settings.client_id.as_str()),
        ];
        fields.extend(secret.as_deref().map(|secret| ("client_secret", secret)));
        let (_, body) = wire.form(&record.settings.token_url, &fields).await?;
        if let Ok(given) = serde_json::from_slice::<BasicTokenResponse>(&body) {
            let by = (waiting.principal.clone(), "oauth.connected");
            return Ok(Some(self.keep(&waiting.tenant, id, given, by).await?));
        }
        let strange = || OauthError::Unreachable { why: "its answer is no answer of OAuth".to_owned() };
        let said: DeviceCodeErrorResponse = serde_json::from_slice(&body).map_err(|_| strange())?;
        match said.error() {
            DeviceCodeErrorResponseType::AuthorizationPending => Ok(None),
            DeviceCodeErrorResponseType::SlowDown => {
                if let Some(waiting) = self.inner.devices.lock().get_mut(&id) {
                    waiting.interval_ms += SLOWER_MS;
                    waiting.next_ms += SLOWER_MS;
                }
                Ok(None)
            }
            DeviceCodeErrorResponseType::AccessDenied => Err(refused("the person said no").into()),
            DeviceCodeErrorResponseType::ExpiredToken => {
                Err(refused("the code expired before anybody typed it").into())
            }
            other => Err(refused(other.as_ref()).into()),
        }
    }
}

fn refused(error: &str) -> OauthError {
    OauthError::Refused { error: words(error), for_good: true }
}
