//! Authorization code with PKCE: a person agrees in a browser, the provider sends the browser back with a code.

use oauth2::{
    AuthUrl, AuthorizationCode, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};

use super::Oauth;
use super::record::OauthRecord;
use super::wire::{OauthError, Wire, check_url, client};
use crate::identity::Principal;
use crate::protocol::ids::{OauthTokenId, TenantId};
use crate::vault::primitives::random;
use crate::vault::{VaultError, Which};

/// How long a consent may take, in milliseconds.
pub const CONSENT_LIFE_MS: i64 = 600_000;
/// Consents that wait at a time.
const CONSENTS_MAX: usize = 64;

/// A consent that was begun.
pub(super) struct Consent {
    tenant: TenantId,
    token: OauthTokenId,
    principal: String,
    verifier: PkceCodeVerifier,
    redirect: RedirectUrl,
    expires_ms: i64,
}

impl Oauth {
    /// Begins a consent: the address that a person opens. The answer comes to `redirect`, within ten minutes, once.
    ///
    /// # Errors
    /// [`VaultError::Oauth`] where the provider has no such address.
    pub async fn begin(
        &self,
        by: &Principal,
        which: Which<OauthTokenId>,
        redirect: &str,
    ) -> Result<String, VaultError> {
        let vault = &self.inner.vault;
        vault.ring()?;
        let record = self.get(&by.tenant, which).await?;
        let bad = |field| OauthError::BadUrl { field };
        check_url("redirect_uri", redirect)?;
        let redirect = RedirectUrl::new(redirect.to_owned()).map_err(|_| bad("redirect_uri"))?;
        let auth_url = record.settings.auth_url.clone();
        let auth_url = auth_url.ok_or(OauthError::NotConfigured { what: "auth_url" })?;
        let auth_url = AuthUrl::new(auth_url).map_err(|_| bad("auth_url"))?;
        let state = random::<32>()?.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = client(&record.settings)?.set_auth_uri(auth_url).set_redirect_uri(redirect.clone());
        let named = state.clone();
        let (url, _) = client
            .authorize_url(move || CsrfToken::new(named))
            .add_scopes(record.settings.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            .url();
        let now_ms = vault.now_ms();
        let consent = Consent {
            tenant: by.tenant.clone(),
            token: record.id,
            principal: by.source(),
            verifier,
            redirect,
            expires_ms: now_ms + CONSENT_LIFE_MS,
        };
        let mut waiting = self.inner.consents.lock();
        waiting.retain(|_, consent| consent.expires_ms > now_ms);
        if waiting.len() >= CONSENTS_MAX {
            return Err(OauthError::TooMany.into());
        }
        waiting.insert(state, consent);
        Ok(url.to_string())
    }

    /// Takes the provider's answer. `state` says which consent it belongs to, and is of no use a second time.
    ///
    /// # Errors
    /// [`VaultError::Oauth`].
    pub async fn complete(
        &self,
        state: &str,
        code: Option<String>,
        issuer: Option<&str>,
        error: Option<&str>,
    ) -> Result<OauthRecord, VaultError> {
        let consent = self.inner.consents.lock().remove(state);
        let consent = consent.filter(|consent| consent.expires_ms > self.inner.vault.now_ms());
        let consent = consent.ok_or(OauthError::UnknownState)?;
        let record = self.get(&consent.tenant, Which::Id(consent.token)).await?;
        if let (Some(expected), Some(issuer)) = (&record.settings.issuer, issuer)
            && expected != issuer
        {
            return Err(OauthError::WrongIssuer.into());
        }
        let code = match (code, error) {
            (Some(code), None) if !code.contains("@secret:") => code,
            (_, error) => {
                let error = super::wire::words(error.unwrap_or("it sent no code"));
                return Err(OauthError::Refused { error, for_good: true }.into());
            }
        };
        let wire = Wire::new(self.inner.egress.clone(), consent.tenant.clone(), &record.name);
        let client = client(&record.settings)?.set_redirect_uri(consent.redirect);
        let asked = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(consent.verifier);
        let given = Box::pin(asked.request_async(&wire)).await.map_err(OauthError::from)?;
        self.keep(&consent.tenant, record.id, given, (consent.principal, "oauth.connected")).await
    }
}
