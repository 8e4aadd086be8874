//! Values for requests: opened once, given to the hosts that they are for, and known to the redactor.

use futures::future::BoxFuture;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::handle::Vault;
use super::keys::{Plain, Purpose};
use super::ring::{Given, Values};
use super::secrets_column::place;
use super::store;
use super::uses::{Due, USES_KEPT, UseOutcome, UseRecord};
use crate::audit;
use crate::db::{DbError, TenantRead};
use crate::egress::{Secret, SecretRefusal, SecretSource};
use crate::protocol::ids::TenantId;

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
        let mut values = Values::with_capacity(opened.len());
        let mut known = Vec::with_capacity(opened.len());
        for one in opened {
            let value = one.value.and_then(|plain| {
                let text =
                    String::from_utf8(plain.bytes().to_vec()).map_err(|_| super::OpenError::Refused)?;
                known.push((one.name.clone(), plain.into_bytes()));
                Ok(Secret::new(text))
            });
            values.insert(one.name, Given { value, hosts: one.hosts });
        }
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

    fn opened(&self, read: &TenantRead<'_>) -> Result<Vec<Opened>, VaultError> {
        let mut all = Vec::new();
        for secret in store::sealed_secrets(read)? {
            let value = match self.open(read, Purpose::Secrets, &place(&secret.id), &secret.sealed) {
                Ok(plain) => Ok(plain),
                Err(VaultError::Broken(why)) => {
                    tracing::error!(name = secret.name, %why, "a secret does not open");
                    Err(why)
                }
                Err(error) => return Err(error),
            };
            all.push(Opened { name: secret.name, hosts: secret.hosts, value });
        }
        Ok(all)
    }

    /// Hands the exact values to the engine that takes them out of every text.
    fn tell_redactor(&self, tenant: &TenantId, values: Vec<(String, Zeroizing<Vec<u8>>)>) {
        self.inner.redactor.known().set(&format!("vault of {tenant}"), values);
    }
}

/// A value on its way from the store.
struct Opened {
    name: String,
    hosts: super::Hosts,
    value: Result<Plain, super::OpenError>,
}
