//! The handle that everybody holds, and how the vault opens and closes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::RwLock;

use super::error::{SealedBy, SourceError, VaultError};
use super::keys::RootKey;
use super::oauth::PAIRS;
use super::ring::Ring;
use super::sealing::Columns;
use super::secrets_column::SECRETS;
use super::source::{Found, Passphrase, Source, Sources};
use super::store::{self, RootRow, RootState};
use super::uses::Uses;
use crate::audit;
use crate::db::{Db, DbError};
use crate::identity::{Clock, Principal};
use crate::protocol::ids::TenantId;
use crate::redaction::Redactor;

/// Values that one data key seals before the next one takes over. Far below 2^32, the bound of random nonces.
pub(super) const SEALS_MAX: u64 = 1 << 24;

/// What a vault is opened with.
pub struct VaultOptions {
    /// What protects a new vault; `None` for the best that is there.
    pub source: Option<Source>,
    /// The key file.
    pub key_file: PathBuf,
    /// `$CREDENTIALS_DIRECTORY`.
    pub credentials: Option<PathBuf>,
    /// The data folder, which must not hold the key file.
    pub data: PathBuf,
}

/// See the module. A cheap clone.
#[derive(Clone)]
pub struct Vault {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) redactor: Redactor,
    pub(super) sources: Sources,
    /// What protects a vault that has no key yet.
    pub(super) first_source: Source,
    pub(super) clock: Clock,
    /// Written by `try_open`, `start` and `seal_all` only.
    phase: RwLock<Phase>,
    /// Held by whoever opens, closes or changes the root key.
    pub(super) changing: tokio::sync::Mutex<()>,
    /// Held while values are read again, so that the last reader has the newest.
    pub(super) publishing: tokio::sync::Mutex<()>,
    pub(super) columns: Columns,
    pub(super) uses: Uses,
    /// Who uses which name, from the settings: (name, user).
    pub(super) users: RwLock<BTreeSet<(String, String)>>,
    pub(super) seals_max: u64,
    #[cfg(test)]
    pub(super) faults: super::tests::Faults,
}

enum Phase {
    Open(Arc<Ring>),
    Sealed(SealedBy),
}

// === impl Vault ===

impl Vault {
    /// Opens the vault of a store: at once where its key is here, else sealed. Makes the key of a new vault.
    ///
    /// # Errors
    /// A key file that others could have read or made, and what the store answers. A missing or wrong key is no
    /// error: the vault is sealed then and says so.
    pub async fn load(db: Db, options: VaultOptions, redactor: Redactor) -> Result<Self, VaultError> {
        let clock: Clock = Arc::new(|| Timestamp::now().as_millisecond());
        Self::load_with(db, options, redactor, clock, SEALS_MAX).await
    }

    pub(super) async fn load_with(
        db: Db,
        options: VaultOptions,
        redactor: Redactor,
        clock: Clock,
        seals_max: u64,
    ) -> Result<Self, VaultError> {
        if options.key_file.starts_with(&options.data) {
            let why = "is in the data folder: a copy of the data would hold its key; name another place in vault.key_file";
            return Err(SourceError::Unsafe { path: options.key_file, why }.into());
        }
        let sources = Sources::new(options.key_file, options.credentials.as_deref());
        let inner = Inner {
            db,
            redactor,
            first_source: options.source.unwrap_or_else(|| sources.best()),
            sources,
            clock,
            phase: RwLock::new(Phase::Sealed(SealedBy::NoKey)),
            changing: tokio::sync::Mutex::default(),
            publishing: tokio::sync::Mutex::default(),
            columns: Columns::default(),
            uses: Uses::default(),
            users: RwLock::default(),
            seals_max,
            #[cfg(test)]
            faults: super::tests::Faults::default(),
        };
        let vault = Self { inner: Arc::new(inner) };
        vault.register(SECRETS);
        vault.register(PAIRS);
        vault.try_open(None).await?;
        Ok(vault)
    }

    /// Why it is sealed; `None` while it is open.
    #[must_use]
    pub fn sealed_by(&self) -> Option<SealedBy> {
        match &*self.inner.phase.read() {
            Phase::Open(_) => None,
            Phase::Sealed(by) => Some(*by),
        }
    }

    /// Opens a sealed vault, with the passphrase where one protects it. The first passphrase of a new vault
    /// makes its key.
    ///
    /// # Errors
    /// [`VaultError::Source`] for a missing or wrong passphrase, [`VaultError::Sealed`] where the key is
    /// still missing.
    pub async fn unseal(&self, by: &Principal, passphrase: Option<Passphrase>) -> Result<(), VaultError> {
        if self.sealed_by().is_none() {
            return Ok(());
        }
        self.try_open(passphrase).await?;
        if let Some(by) = self.sealed_by() {
            return Err(VaultError::Sealed(by));
        }
        self.tell(by, "vault.unsealed").await
    }

    /// Wipes every key and value from memory until somebody unseals it.
    ///
    /// # Errors
    /// What the store answers; it is sealed all the same.
    pub async fn seal_all(&self, by: &Principal) -> Result<(), VaultError> {
        let _only = self.inner.changing.lock().await;
        let ring = self.ring().ok();
        *self.inner.phase.write() = Phase::Sealed(SealedBy::Hand);
        drop(ring);
        self.forget_values().await?;
        self.tell(by, "vault.sealed").await
    }

    pub(super) fn ring(&self) -> Result<Arc<Ring>, VaultError> {
        match &*self.inner.phase.read() {
            Phase::Open(ring) => Ok(Arc::clone(ring)),
            Phase::Sealed(by) => Err(VaultError::Sealed(*by)),
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.inner.clock)()
    }

    /// Writes what happened to the vault itself into the trail of who did it.
    async fn tell(&self, by: &Principal, action: &'static str) -> Result<(), VaultError> {
        let entry = audit::Entry::done("vault", by.source(), action);
        Ok(self.inner.db.write(&by.tenant, move |tx| audit::append(tx, entry)).await?)
    }

    /// Looks for the key that the store means and opens the vault with it.
    async fn try_open(&self, passphrase: Option<Passphrase>) -> Result<(), VaultError> {
        let _only = self.inner.changing.lock().await;
        if self.sealed_by().is_none() {
            return Ok(());
        }
        let roots = self.inner.db.read_system(store::roots).await?;
        let found = match roots.iter().find(|root| root.state == RootState::Active) {
            Some(active) => self.find(active, passphrase).await?,
            None => self.begin(passphrase).await?,
        };
        match found {
            Ok(root) => self.start(root, &roots).await,
            Err(by) => {
                tracing::warn!(notice = "capuchin.vault.sealed", "{by}");
                *self.inner.phase.write() = Phase::Sealed(by);
                Ok(())
            }
        }
    }

    /// The key of this row, or why the vault stays sealed.
    async fn find(
        &self,
        row: &RootRow,
        passphrase: Option<Passphrase>,
    ) -> Result<Result<RootKey, SealedBy>, VaultError> {
        if let Some(wrapped) = row.wrapped.clone() {
            let Some(passphrase) = passphrase else { return Ok(Err(SealedBy::Passphrase)) };
            let work = move || wrapped.unwrap(&passphrase);
            let root = tokio::task::spawn_blocking(work).await.map_err(|_| DbError::Panicked)??;
            let fits = root.has_check_value(&row.check_value);
            return Ok(if fits { Ok(root) } else { Err(SealedBy::WrongKey) });
        }
        match self.inner.sources.find(row.source, row.id).await {
            Ok(Found::Key(root)) if root.has_check_value(&row.check_value) => Ok(Ok(root)),
            Ok(Found::Key(_) | Found::Wrong) => Ok(Err(SealedBy::WrongKey)),
            Ok(Found::Missing) => Ok(Err(SealedBy::NoKey)),
            Err(error @ SourceError::Keyring { .. }) => {
                tracing::warn!("{error}");
                Ok(Err(SealedBy::NoKey))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The key of a vault that has none yet.
    async fn begin(&self, passphrase: Option<Passphrase>) -> Result<Result<RootKey, SealedBy>, VaultError> {
        let source = self.inner.first_source;
        let (root, wrapped) = match (source, passphrase) {
            (Source::Passphrase, None) => return Ok(Err(SealedBy::FirstPassphrase)),
            (Source::Passphrase, Some(passphrase)) => {
                let root = RootKey::random()?;
                let (root, wrapped) = super::rotation::wrap(root, passphrase).await?;
                (root, Some(wrapped))
            }
            _ => (self.inner.sources.begin(source).await?, None),
        };
        let row = RootRow {
            id: root.id,
            source,
            state: RootState::Active,
            check_value: root.check_value().to_vec(),
            wrapped,
            created_ms: self.now_ms(),
        };
        self.inner.db.write_system(move |tx| store::insert_root(tx, &row)).await?;
        Ok(Ok(root))
    }

    /// Opens everything that this root key opens, and ends a change of the root key that was cut short.
    async fn start(&self, root: RootKey, roots: &[RootRow]) -> Result<(), VaultError> {
        self.finish_change(root.id, roots).await?;
        let keys = self.inner.db.read_system(store::all_keys).await?;
        let ring = Arc::new(Ring::open(root, &keys)?);
        *self.inner.phase.write() = Phase::Open(ring);
        self.publish_all().await
    }

    /// Every tenant of the store.
    pub(super) async fn tenants(&self) -> Result<Vec<TenantId>, DbError> {
        self.inner.db.read_system(store::tenants).await
    }
}
