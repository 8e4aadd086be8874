//! Tokens are made, listed and deleted; what a provider gave is stored.

use oauth2::TokenResponse as _;
use oauth2::basic::BasicTokenResponse;
use zeroize::Zeroizing;

use super::Oauth;
use super::record::{NewOauthToken, OauthRecord, OauthSettings, OauthState, TokenPair, place};
use super::wire::{OauthError, check_url};
use crate::audit;
use crate::db::{TenantRead, TenantTx};
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{OauthTokenId, TenantId};
use crate::vault::secrets::{SECRETS_MAX, check_name};
use crate::vault::{Purpose, VaultError, Which, store};

/// Most bytes of a client id, an issuer, or one scope.
const WORD_BYTES_MAX: usize = 1_000;
/// Most scopes.
const SCOPES_MAX: usize = 100;

impl Oauth {
    /// Stores a provider's settings under a name; consent is asked for after that.
    ///
    /// # Errors
    /// [`VaultError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewOauthToken,
        key: Option<RequestKey>,
    ) -> Result<Made<OauthRecord>, VaultError> {
        check_name(&new.name)?;
        check_settings(&new.settings)?;
        let now_ms = self.inner.vault.now_ms();
        let record = OauthRecord {
            id: OauthTokenId::new(),
            name: new.name,
            settings: new.settings,
            hosts: new.hosts,
            state: OauthState::New,
            failure: None,
            failures: 0,
            retry_ms: None,
            scopes: String::new(),
            expires_ms: None,
            refreshed_ms: None,
            version: 1,
            created_ms: now_ms,
            created_by: by.source(),
            last_used_ms: None,
            last_used_by: None,
            uses: 0,
        };
        let write = self.inner.vault.inner.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                if store::name_is_taken(tx, &record.name)? {
                    return Err(VaultError::NameTaken);
                }
                if store::count_oauth(tx)? >= SECRETS_MAX {
                    return Err(VaultError::TooMany);
                }
                store::put_oauth(tx, &record)?;
                tell(tx, &record.created_by, "oauth.created", &record)?;
                Ok(record)
            })
        });
        write.await
    }

    /// Tokens in the order in which they were made.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(
        &self,
        tenant: &TenantId,
        after: Option<OauthTokenId>,
        limit: usize,
    ) -> Result<Vec<OauthRecord>, VaultError> {
        let db = &self.inner.vault.inner.db;
        Ok(db.read(tenant, move |read| store::oauth_tokens(read, after, limit)).await?)
    }

    /// One token.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or what the store answers.
    pub async fn get(
        &self,
        tenant: &TenantId,
        which: Which<OauthTokenId>,
    ) -> Result<OauthRecord, VaultError> {
        self.inner.vault.inner.db.read(tenant, move |read| find(read, &which)).await
    }

    /// Deletes a token here; the provider is not told, see [`Oauth::revoke`].
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn delete(
        &self,
        by: &Principal,
        which: Which<OauthTokenId>,
        version: Option<i64>,
        force: bool,
    ) -> Result<(), VaultError> {
        let (vault, source) = (self.inner.vault.clone(), by.source());
        let write = self.inner.vault.inner.db.write(&by.tenant, move |tx| {
            let record = find(tx, &which)?;
            if version.is_some_and(|known| known != record.version) {
                return Err(VaultError::Stale);
            }
            let users = vault.users_in(tx, &record.name)?;
            if !users.is_empty() && !force {
                return Err(VaultError::InUse { users });
            }
            store::delete_oauth(tx, record.id)?;
            tell(tx, &source, "oauth.deleted", &record)
        });
        write.await?;
        self.inner.vault.publish_if_open(&by.tenant).await
    }

    /// Stores what a provider gave, sealed, in one transaction with what is known about it.
    pub(super) async fn keep(
        &self,
        tenant: &TenantId,
        id: OauthTokenId,
        given: BasicTokenResponse,
        (principal, action): (String, &'static str),
    ) -> Result<OauthRecord, VaultError> {
        let vault = self.inner.vault.clone();
        let access = Zeroizing::new(given.access_token().secret().clone());
        let refresh = given.refresh_token().map(|token| Zeroizing::new(token.secret().clone()));
        let scopes =
            given.scopes().map(|all| all.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(" "));
        let now_ms = vault.now_ms();
        let life_ms = given.expires_in().map(|life| i64::try_from(life.as_millis()).unwrap_or(i64::MAX));
        let write = self.inner.vault.inner.db.write(tenant, move |tx| {
            let mut record = find(tx, &Which::Id(id))?;
            // A provider that sends no new refresh token means the old one.
            let refresh = match refresh {
                Some(refresh) => Some(refresh),
                None => vault.token_pair(tx, id)?.and_then(|pair| pair.refresh),
            };
            let pair = TokenPair { access, refresh };
            let sealed = vault.seal(tx, Purpose::Oauth, &place(&id), &pair.to_bytes())?;
            store::write_oauth_sealed(tx, id, Some(&sealed))?;
            record.state = OauthState::Ready;
            record.failure = None;
            record.failures = 0;
            record.retry_ms = None;
            record.scopes = scopes.unwrap_or_else(|| record.settings.scopes.join(" "));
            record.expires_ms = life_ms.map(|life| now_ms.saturating_add(life));
            record.refreshed_ms = Some(now_ms);
            record.version += 1;
            store::put_oauth(tx, &record)?;
            tell(tx, &principal, action, &record)?;
            Ok::<_, VaultError>(record)
        });
        let record = write.await?;
        self.inner.vault.publish(tenant).await?;
        Ok(record)
    }
}

pub(super) fn find(read: &TenantRead<'_>, which: &Which<OauthTokenId>) -> Result<OauthRecord, VaultError> {
    let found = match which {
        Which::Id(id) => store::oauth_by_id(read, *id)?,
        Which::Name(name) => store::oauth_by_name(read, name)?,
    };
    found.ok_or(VaultError::NotFound)
}

pub(super) fn tell(
    tx: &mut TenantTx<'_>,
    principal: &str,
    action: &'static str,
    token: &OauthRecord,
) -> Result<(), VaultError> {
    let mut entry = audit::Entry::done("vault", principal, action).on(token.name.clone());
    entry.detail.insert("scopes".to_owned(), token.scopes.clone().into());
    Ok(audit::append(tx, entry)?)
}

fn check_settings(settings: &OauthSettings) -> Result<(), VaultError> {
    let word = |text: &str| (1..=WORD_BYTES_MAX).contains(&text.len()) && !text.contains("@secret:");
    if !word(&settings.client_id) {
        return Err(VaultError::field("client_id", "is needed, in at most 1,000 bytes"));
    }
    if let Some(name) = &settings.client_secret {
        check_name(name)
            .map_err(|_| VaultError::field("client_secret", "is the name of a secret of the vault"))?;
    }
    let scope = |scope: &String| word(scope) && !scope.contains(char::is_whitespace);
    if settings.scopes.len() > SCOPES_MAX || !settings.scopes.iter().all(scope) {
        return Err(VaultError::field("scopes", "are at most 100 words"));
    }
    if settings.issuer.as_deref().is_some_and(|issuer| !word(issuer)) {
        return Err(VaultError::field("issuer", "has at most 1,000 bytes"));
    }
    let urls = [
        ("auth_url", settings.auth_url.as_deref()),
        ("token_url", Some(&*settings.token_url)),
        ("device_url", settings.device_url.as_deref()),
        ("revoke_url", settings.revoke_url.as_deref()),
    ];
    for (field, url) in urls {
        if let Some(url) = url {
            check_url(field, url).map_err(|_: OauthError| {
                VaultError::field(
                    field,
                    "is an https address, or http on this machine; without user and fragment",
                )
            })?;
        }
    }
    if settings.auth_url.is_none() && settings.device_url.is_none() {
        return Err(VaultError::field("auth_url", "or device_url is needed, so that somebody can agree"));
    }
    Ok(())
}
