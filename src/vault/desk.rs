//! Secrets are stored, replaced, changed and deleted. Nothing here answers a value.

use serde_json::json;

use super::error::VaultError;
use super::handle::Vault;
use super::hosts::Hosts;
use super::keys::Purpose;
use super::kinds::Kind;
use super::record::framed;
use super::secrets::{
    NewSecret, SECRETS_MAX, SecretChange, SecretRecord, SecretValue, Which, check_description, check_name,
};
use super::secrets_column::place;
use super::store;
use crate::audit;
use crate::db::{TenantRead, TenantTx};
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{SecretId, TenantId};

impl Vault {
    /// Stores a secret. A repeated `key` answers with the first record.
    ///
    /// # Errors
    /// [`VaultError`]; then nothing is stored.
    pub async fn create_secret(
        &self,
        by: &Principal,
        new: NewSecret,
        key: Option<RequestKey>,
    ) -> Result<Made<SecretRecord>, VaultError> {
        check_name(&new.name)?;
        new.value.check()?;
        check_description(&new.description)?;
        self.ring()?;
        let kind = new.kind.unwrap_or_else(|| Kind::of_value(new.value.text()));
        let record = SecretRecord {
            id: SecretId::new(),
            name: new.name,
            kind,
            description: new.description,
            hosts: new.hosts.unwrap_or_else(|| kind.default_hosts()),
            version: 1,
            created_ms: self.now_ms(),
            created_by: by.source(),
            rotated_ms: None,
            rotated_by: None,
            last_used_ms: None,
            last_used_by: None,
            uses: 0,
        };
        let (vault, value, now_ms) = (self.clone(), new.value, self.now_ms());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                if store::name_is_taken(tx, &record.name)? {
                    return Err(VaultError::NameTaken);
                }
                if store::count_secrets(tx)? >= SECRETS_MAX {
                    return Err(VaultError::TooMany);
                }
                let sealed = vault.seal(tx, Purpose::Secrets, &place(&record.id), value.text().as_bytes())?;
                store::insert_secret(tx, &record, &sealed)?;
                tell(tx, &record.created_by, "secret.set", &record)?;
                Ok(record)
            })
        });
        let made = write.await?;
        self.publish(&by.tenant).await?;
        Ok(made)
    }

    /// Replaces the value. With a version, only if it is still that one.
    ///
    /// # Errors
    /// [`VaultError`]; then nothing is changed.
    pub async fn replace_secret(
        &self,
        by: &Principal,
        which: Which<SecretId>,
        value: SecretValue,
        version: Option<i64>,
    ) -> Result<SecretRecord, VaultError> {
        value.check()?;
        self.ring()?;
        let (vault, source, now_ms) = (self.clone(), by.source(), self.now_ms());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let mut record = find(tx, &which, version)?;
            let sealed = vault.seal(tx, Purpose::Secrets, &place(&record.id), value.text().as_bytes())?;
            store::write_sealed(tx, record.id, &sealed)?;
            record.version += 1;
            record.rotated_ms = Some(now_ms);
            record.rotated_by = Some(source.clone());
            store::update_secret(tx, &record)?;
            tell(tx, &source, "secret.replaced", &record)?;
            Ok::<_, VaultError>(record)
        });
        let record = write.await?;
        self.publish(&by.tenant).await?;
        Ok(record)
    }

    /// Changes what is known about a secret. With a version, only if it is still that one.
    ///
    /// # Errors
    /// [`VaultError`]; then nothing is changed.
    pub async fn change_secret(
        &self,
        by: &Principal,
        which: Which<SecretId>,
        change: SecretChange,
        version: Option<i64>,
    ) -> Result<SecretRecord, VaultError> {
        if let Some(description) = &change.description {
            check_description(description)?;
        }
        let source = by.source();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let mut record = find(tx, &which, version)?;
            let granted = change.hosts.as_ref().is_some_and(|hosts| *hosts != record.hosts);
            record.kind = change.kind.unwrap_or(record.kind);
            record.description = change.description.unwrap_or(record.description);
            record.hosts = change.hosts.unwrap_or(record.hosts);
            record.version += 1;
            store::update_secret(tx, &record)?;
            tell(tx, &source, if granted { "secret.granted" } else { "secret.changed" }, &record)?;
            Ok::<_, VaultError>(record)
        });
        let record = write.await?;
        self.publish_if_open(&by.tenant).await?;
        Ok(record)
    }

    /// Deletes a secret. What uses it must go first, unless `force`.
    ///
    /// # Errors
    /// [`VaultError::InUse`] with the users, or what the store answers.
    pub async fn delete_secret(
        &self,
        by: &Principal,
        which: Which<SecretId>,
        version: Option<i64>,
        force: bool,
    ) -> Result<(), VaultError> {
        let (vault, source) = (self.clone(), by.source());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let record = find(tx, &which, version)?;
            let users = vault.users_in(tx, &record.name)?;
            if !users.is_empty() && !force {
                return Err(VaultError::InUse { users });
            }
            store::delete_secret(tx, record.id)?;
            tell(tx, &source, "secret.deleted", &record)
        });
        write.await?;
        self.publish_if_open(&by.tenant).await
    }

    /// One secret.
    ///
    /// # Errors
    /// [`VaultError::NotFound`], or what the store answers.
    pub async fn secret(
        &self,
        tenant: &TenantId,
        which: Which<SecretId>,
    ) -> Result<SecretRecord, VaultError> {
        self.inner.db.read(tenant, move |read| find(read, &which, None)).await
    }

    /// Secrets in the order in which they were made.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn secrets(
        &self,
        tenant: &TenantId,
        after: Option<SecretId>,
        limit: usize,
    ) -> Result<Vec<SecretRecord>, VaultError> {
        Ok(self.inner.db.read(tenant, move |read| store::secrets(read, after, limit)).await?)
    }

    /// Notes who uses which name by the settings: `backend anthropic`.
    pub fn note_users(&self, users: impl IntoIterator<Item = (String, String)>) {
        self.inner.users.write().extend(users);
    }

    /// Who uses this name.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn users_of(&self, tenant: &TenantId, name: &str) -> Result<Vec<String>, VaultError> {
        let (vault, name) = (self.clone(), name.to_owned());
        self.inner.db.read(tenant, move |read| vault.users_in(read, &name)).await
    }

    /// Who uses this name: the settings, and OAuth tokens whose client secret it is.
    pub(super) fn users_in(&self, read: &TenantRead<'_>, name: &str) -> Result<Vec<String>, VaultError> {
        let noted = self.inner.users.read();
        let mut users: Vec<String> =
            noted.iter().filter(|(used, _)| used == name).map(|(_, user)| user.clone()).collect();
        let tokens = store::oauth_tokens(read, None, SECRETS_MAX)?;
        let clients = tokens.iter().filter(|token| token.settings.client_secret.as_deref() == Some(name));
        users.extend(clients.map(|token| format!("oauth {}", token.name)));
        Ok(users)
    }
}

impl SecretValue {
    /// A fingerprint of storing this value under this name, for an idempotency key: of no use without the
    /// root key, so that nobody can guess the value by it.
    ///
    /// # Errors
    /// [`VaultError::Sealed`].
    pub fn fingerprint(&self, vault: &Vault, name: &str) -> Result<[u8; 32], VaultError> {
        let request = zeroize::Zeroizing::new(framed(&[name.as_bytes(), self.text().as_bytes()]));
        Ok(vault.ring()?.root().fingerprint(&request))
    }
}

fn find(
    read: &TenantRead<'_>,
    which: &Which<SecretId>,
    version: Option<i64>,
) -> Result<SecretRecord, VaultError> {
    let found = match which {
        Which::Id(id) => store::secret_by_id(read, *id)?,
        Which::Name(name) => store::secret_by_name(read, name)?,
    };
    let record = found.ok_or(VaultError::NotFound)?;
    if version.is_some_and(|known| known != record.version) {
        return Err(VaultError::Stale);
    }
    Ok(record)
}

fn tell(
    tx: &mut TenantTx<'_>,
    principal: &str,
    action: &'static str,
    secret: &SecretRecord,
) -> Result<(), VaultError> {
    let mut entry = audit::Entry::done("vault", principal, action).on(secret.name.clone());
    entry.detail.insert("kind".to_owned(), json!(secret.kind.as_str()));
    let hosts: Vec<&str> = Hosts::iter(&secret.hosts).collect();
    entry.detail.insert("hosts".to_owned(), json!(hosts));
    Ok(audit::append(tx, entry)?)
}
