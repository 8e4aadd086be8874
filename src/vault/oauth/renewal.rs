//! Tokens are refreshed ahead of their end, one refresh at a time, and taken back when nobody wants them.

use std::sync::Arc;

use oauth2::RefreshToken;
use oauth2::basic::BasicErrorResponse;

use super::Oauth;
use super::desk::{find, tell};
use super::record::{OauthRecord, OauthState, TokenPair};
use super::wire::{OauthError, Wire, client, words};
use crate::identity::Principal;
use crate::notifications::{Happening, Pattern, SourceType};
use crate::protocol::ids::{OauthTokenId, TenantId};
use crate::vault::{VaultError, Which, store};

/// How long before its end a token is refreshed, unless that is more than a quarter of its life.
const AHEAD_MS: i64 = 300_000;
/// The pause after the first failed refresh; each further one doubles it.
const PAUSE_MS: i64 = 60_000;
const PAUSE_MAX_MS: i64 = 3_600_000;
/// Tokens that one look for due ones reads.
const LOOK_MAX: usize = 1_000;

/// What people are told.
fn unrefreshed(record: &OauthRecord, error: &VaultError) -> Happening {
    let title = format!("The token {} could not be refreshed", record.name);
    Happening::new(Pattern::OauthFailed, title)
        .saying(error.to_string())
        .to(SourceType::OauthToken, record.id)
}

impl Oauth {
    /// Refreshes a token now. Of calls at the same time one asks the provider, the others get its outcome.
    ///
    /// # Errors
    /// [`VaultError::Oauth`]; the record says why, and a refusal for good makes it `failed`.
    pub async fn refresh(
        &self,
        by: &Principal,
        which: Which<OauthTokenId>,
    ) -> Result<OauthRecord, VaultError> {
        let asked = self.get(&by.tenant, which).await?;
        self.refresh_one(&by.tenant, &asked, by.source()).await
    }

    /// Refreshes every token whose end is near, of every tenant. For the housekeeper; a sealed vault waits.
    ///
    /// # Errors
    /// What the store answers. A provider's refusal is on its record.
    pub async fn refresh_due(&self) -> Result<(), VaultError> {
        let vault = &self.inner.vault;
        if vault.sealed_by().is_some() {
            return Ok(());
        }
        for tenant in vault.tenants().await? {
            let now_ms = vault.now_ms();
            let records = self.list(&tenant, None, LOOK_MAX).await?;
            for record in records.into_iter().filter(|record| is_due(record, now_ms)) {
                if let Err(error) = self.refresh_one(&tenant, &record, "system".to_owned()).await {
                    tracing::warn!(noticed = true, token = record.name, %error, "an OAuth token could not be refreshed");
                    if let Some(notices) = self.inner.notices.get() {
                        notices.raise(&tenant, unrefreshed(&record, &error));
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a token back at the provider, where it has an address for that, and forgets its values here.
    ///
    /// # Errors
    /// [`VaultError::Oauth`] when the provider could not be asked; then nothing is changed.
    pub async fn revoke(
        &self,
        by: &Principal,
        which: Which<OauthTokenId>,
    ) -> Result<OauthRecord, VaultError> {
        let record = self.get(&by.tenant, which).await?;
        let pair = self.pair(&by.tenant, record.id).await?;
        if let (Some(url), Some(pair)) = (&record.settings.revoke_url, pair) {
            self.take_back(&by.tenant, &record, url, &pair).await?;
        }
        let (id, source) = (record.id, by.source());
        let write = self.inner.vault.inner.db.write(&by.tenant, move |tx| {
            let mut record = find(tx, &Which::Id(id))?;
            store::write_oauth_sealed(tx, id, None)?;
            record.state = OauthState::Revoked;
            record.expires_ms = None;
            record.version += 1;
            store::put_oauth(tx, &record)?;
            tell(tx, &source, "oauth.revoked", &record)?;
            Ok::<_, VaultError>(record)
        });
        let record = write.await?;
        self.inner.vault.publish_if_open(&by.tenant).await?;
        Ok(record)
    }

    /// Tells the provider (RFC 7009). Of two tokens the refresh token: the other one ends with it.
    async fn take_back(
        &self,
        tenant: &TenantId,
        record: &OauthRecord,
        url: &str,
        pair: &TokenPair,
    ) -> Result<(), OauthError> {
        let (token, hint) = match &pair.refresh {
            Some(refresh) => (refresh, "refresh_token"),
            None => (&pair.access, "access_token"),
        };
        let secret = record.settings.client_secret.as_ref().map(|name| format!("@secret:{name}"));
        let mut fields = vec![
            ("token", token.as_str()),
            ("token_type_hint", hint),
            ("client_id", record.settings.client_id.as_str()),
        ];
        fields.extend(secret.as_deref().map(|secret| ("client_secret", secret)));
        let wire = Wire::new(self.inner.egress.clone(), tenant.clone(), &record.name);
        let (status, body) = wire.form(url, &fields).await?;
        if (200..300).contains(&status) {
            return Ok(());
        }
        let said: Result<BasicErrorResponse, _> = serde_json::from_slice(&body);
        Err(match said {
            Ok(said) => OauthError::Refused { error: words(said.error().as_ref()), for_good: false },
            Err(_) => OauthError::Unreachable { why: format!("it answered {status}") },
        })
    }

    async fn refresh_one(
        &self,
        tenant: &TenantId,
        asked: &OauthRecord,
        principal: String,
    ) -> Result<OauthRecord, VaultError> {
        let only = Arc::clone(self.inner.refreshing.lock().entry(asked.id).or_default());
        let _only = only.lock().await;
        let record = self.get(tenant, Which::Id(asked.id)).await?;
        if record.refreshed_ms != asked.refreshed_ms {
            // Somebody else did it while we waited.
            return Ok(record);
        }
        let pair = self.pair(tenant, record.id).await?;
        let refresh = pair.and_then(|pair| pair.refresh).ok_or(OauthError::NoRefreshToken)?;
        let wire = Wire::new(self.inner.egress.clone(), tenant.clone(), &record.name);
        let client = client(&record.settings)?;
        let refresh = RefreshToken::new(refresh.to_string());
        let outcome = Box::pin(client.exchange_refresh_token(&refresh).request_async(&wire)).await;
        match outcome.map_err(OauthError::from) {
            Ok(given) => self.keep(tenant, record.id, given, (principal, "oauth.refreshed")).await,
            Err(error) => {
                self.note_failure(tenant, record.id, principal, &error).await?;
                Err(error.into())
            }
        }
    }

    async fn note_failure(
        &self,
        tenant: &TenantId,
        id: OauthTokenId,
        principal: String,
        error: &OauthError,
    ) -> Result<(), VaultError> {
        let (text, now_ms) = (error.to_string(), self.inner.vault.now_ms());
        let for_good = matches!(error, OauthError::Refused { for_good: true, .. });
        let write = self.inner.vault.inner.db.write(tenant, move |tx| {
            let mut record = find(tx, &Which::Id(id))?;
            record.failures += 1;
            let pause = PAUSE_MS.saturating_mul(1 << record.failures.saturating_sub(1).min(10));
            record.retry_ms = Some(now_ms + pause.min(PAUSE_MAX_MS));
            record.failure = Some(text);
            if for_good {
                record.state = OauthState::Failed;
            }
            store::put_oauth(tx, &record)?;
            tell(tx, &principal, "oauth.refresh_failed", &record)
        });
        write.await
    }

    async fn pair(&self, tenant: &TenantId, id: OauthTokenId) -> Result<Option<TokenPair>, VaultError> {
        let vault = self.inner.vault.clone();
        self.inner.vault.inner.db.read(tenant, move |read| vault.token_pair(read, id)).await
    }
}

fn is_due(record: &OauthRecord, now_ms: i64) -> bool {
    let (Some(expires_ms), Some(refreshed_ms)) = (record.expires_ms, record.refreshed_ms) else {
        return false;
    };
    let ahead_ms = AHEAD_MS.min(expires_ms.saturating_sub(refreshed_ms) / 4);
    record.state == OauthState::Ready
        && expires_ms - ahead_ms <= now_ms
        && record.retry_ms.is_none_or(|retry_ms| retry_ms <= now_ms)
}
