//! Values for requests: opened once, given to the hosts that they are for, and known to the redactor.

use futures::future::BoxFuture;
use zeroize::Zeroizing;

use super::error::{OpenError, VaultError};
use super::handle::Vault;
use super::keys::Purpose;
use super::oauth::{self, TokenPair};
use super::ring::{Given, Values};
use super::secrets::SECRETS_MAX;
use super::secrets_column::place;
use super::store;
use super::uses::{Due, USES_KEPT, UseOutcome, UseRecord};
use crate::audit;
use crate::db::{DbError, TenantRead};
use crate::egress::{Secret, SecretRefusal, SecretSource};
use crate::protocol::ids::{OauthTokenId, TenantId};

impl SecretSource for Vault {
    fn resolve(
        &self,
        tenant: &TenantId,
        name: &str,
        host: &str,
        used_by: &str,
    ) -> BoxFuture<'static, Result<Secret, SecretRefusal>> {
        let answer = self.give(tenant, name, host, used_by);
        Box::pin(std::future::ready(answer))
    }
}

impl Vault {
    /// The value, from memory; the use is counted, whatever came of it.
    fn give(
        &self,
        tenant: &TenantId,
        name: &str,
        host: &str,
        used_by: &str,
    ) -> Result<Secret, SecretRefusal> {
        let ring = self.ring().map_err(|_| SecretRefusal::Sealed)?;
        let values = ring.values(tenant);
        let given = values.as_ref().and_then(|values| values.get(name));
        let name_of = || name.to_owned();
        let answer = match given {
            None => Err(SecretRefusal::Unknown { name: name_of() }),
            Some(given) if !given.hosts.allow(host) => {
                Err(SecretRefusal::NotGranted { name: name_of(), host: host.to_owned() })
            }
            Some(given) if given.expires_ms.is_some_and(|end| end <= self.now_ms()) => {
                let why =
                    "the token has expired and could not be refreshed: capuchin vault oauth list".to_owned();
                Err(SecretRefusal::Broken { name: name_of(), why })
            }
            Some(given) => given
                .value
                .clone()
                .map_err(|why| SecretRefusal::Broken { name: name_of(), why: why.to_string() }),
        };
        let outcome = match &answer {
            Ok(_) => UseOutcome::Given,
            Err(SecretRefusal::Unknown { .. }) => UseOutcome::Unknown,
            Err(SecretRefusal::NotGranted { .. }) => UseOutcome::NotGranted,
            Err(SecretRefusal::Sealed | SecretRefusal::Broken { .. }) => UseOutcome::Broken,
        };
        let due = self.inner.uses.count(tenant, name, (host, used_by), outcome, self.now_ms());
        if let Some(due) = due {
            // Nobody waits for the disk: losing it costs a minute of `last used`.
            drop(self.write_use(due));
        }
        answer
    }

    /// Writes down what was counted, and forgets old uses. For the housekeeper.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn write_uses(&self) -> Result<(), VaultError> {
        for due in self.inner.uses.take(self.now_ms()) {
            self.write_use(due).await?;
        }
        self.inner.db.write_system(|tx| store::prune_uses(tx, USES_KEPT)).await?;
        Ok(())
    }

    /// The access log, newest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn uses(
        &self,
        tenant: &TenantId,
        name: Option<String>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<UseRecord>, VaultError> {
        let read = self.inner.db.read(tenant, move |read| store::uses(read, name.as_deref(), before, limit));
        Ok(read.await?)
    }

    fn write_use(&self, due: Due) -> impl Future<Output = Result<(), DbError>> + Send + use<> {
        let Due { tenant, name, used, audit } = due;
        self.inner.db.write(&tenant, move |tx| {
            store::note_use(tx, &name, &used)?;
            if !audit {
                return Ok(());
            }
            let mut entry = audit::Entry::done("vault", used.used_by, "secret.used").on(name);
            if used.outcome != UseOutcome::Given {
                entry.outcome = audit::Outcome::Denied;
                used.outcome.as_str().clone_into(&mut entry.reason);
            }
            entry.detail.insert("host".to_owned(), used.host.into());
            audit::append(tx, entry)
        })
    }

    /// Reads the values of a tenant again, for requests and for the redactor.
    pub(super) async fn publish(&self, tenant: &TenantId) -> Result<(), VaultError> {
        let _only = self.inner.publishing.lock().await;
        let ring = self.ring()?;
        let vault = self.clone();
        let opened = self.inner.db.read(tenant, move |read| vault.opened(read)).await?;
        let Opened { values, known } = opened;
        ring.put_values(tenant.clone(), values);
        self.tell_redactor(tenant, known);
        Ok(())
    }

    /// The same, unless the vault is sealed: then nobody is given anything.
    pub(super) async fn publish_if_open(&self, tenant: &TenantId) -> Result<(), VaultError> {
        match self.publish(tenant).await {
            Err(VaultError::Sealed(_)) => Ok(()),
            outcome => outcome,
        }
    }

    pub(super) async fn publish_all(&self) -> Result<(), VaultError> {
        for tenant in self.tenants().await? {
            self.publish(&tenant).await?;
        }
        Ok(())
    }

    /// The vault is sealed: the redactor forgets the values too.
    pub(super) async fn forget_values(&self) -> Result<(), VaultError> {
        for tenant in self.tenants().await? {
            self.tell_redactor(&tenant, Vec::new());
        }
        Ok(())
    }

    fn opened(&self, read: &TenantRead<'_>) -> Result<Opened, VaultError> {
        let mut opened = Opened::default();
        for secret in store::sealed_secrets(read)? {
            let plain = healthy(self.open(read, Purpose::Secrets, &place(&secret.id), &secret.sealed))?;
            let value = plain.and_then(|plain| {
                let text = String::from_utf8(plain.bytes().to_vec()).map_err(|_| OpenError::Refused)?;
                opened.known.push((secret.name.clone(), plain.into_bytes()));
                Ok(Secret::new(text))
            });
            opened.values.insert(secret.name, Given { value, hosts: secret.hosts, expires_ms: None });
        }
        for token in store::oauth_tokens(read, None, SECRETS_MAX)? {
            let Some(pair) = healthy(self.token_pair(read, token.id))?.transpose() else { continue };
            let value = pair.map(|pair| {
                let texts = [Some(&pair.access), pair.refresh.as_ref()].into_iter().flatten();
                let bytes = |text: &Zeroizing<String>| Zeroizing::new(text.as_bytes().to_vec());
                opened.known.extend(texts.map(|text| (token.name.clone(), bytes(text))));
                Secret::new(pair.access.to_string())
            });
            opened
                .values
                .insert(token.name, Given { value, hosts: token.hosts, expires_ms: token.expires_ms });
        }
        Ok(opened)
    }

    /// The opened pair of an OAuth token; `None` before there is one.
    pub(super) fn token_pair(
        &self,
        read: &TenantRead<'_>,
        id: OauthTokenId,
    ) -> Result<Option<TokenPair>, VaultError> {
        let Some(sealed) = store::oauth_sealed(read, id)? else { return Ok(None) };
        let plain = self.open(read, Purpose::Oauth, &oauth::place(&id), &sealed)?;
        Ok(Some(TokenPair::of(plain.bytes())?))
    }

    /// Hands the exact values to the engine that takes them out of every text.
    fn tell_redactor(&self, tenant: &TenantId, values: Vec<(String, Zeroizing<Vec<u8>>)>) {
        self.inner.redactor.known().set(&format!("vault of {tenant}"), values);
    }
}

/// The values of a tenant on their way from the store.
#[derive(Default)]
struct Opened {
    values: Values,
    known: Vec<(String, Zeroizing<Vec<u8>>)>,
}

/// Keeps a broken value apart from a store that cannot be read: the others are given out all the same.
fn healthy<T>(outcome: Result<T, VaultError>) -> Result<Result<T, OpenError>, VaultError> {
    match outcome {
        Ok(value) => Ok(Ok(value)),
        Err(VaultError::Broken(why)) => {
            tracing::error!(notice = "capuchin.vault.broken", %why, "a value of the vault does not open");
            Ok(Err(why))
        }
        Err(error) => Err(error),
    }
}
