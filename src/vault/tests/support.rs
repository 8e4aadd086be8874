//! A vault over a store in a temporary folder, and the places where a test may stop it.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tempfile::TempDir;

use crate::db::{Db, DbOptions, WriterRun};
use crate::egress::SecretSource as _;
use crate::identity::Principal;
use crate::protocol::ids::TenantId;
use crate::redaction::Redactor;
use crate::vault::rotation::Step;
use crate::vault::{Hosts, NewSecret, SecretValue, Source, Vault, VaultError, VaultOptions};

/// Where a test wants the vault to stop, as a kill would.
#[derive(Default)]
pub(in crate::vault) struct Faults {
    pub(in crate::vault) stop_after: Mutex<Option<Step>>,
    pub(in crate::vault) batches_left: Mutex<Option<usize>>,
}

impl Faults {
    pub(in crate::vault) fn reached(&self, step: Step) -> Result<(), VaultError> {
        if *self.stop_after.lock() == Some(step) { Err(VaultError::Interrupted) } else { Ok(()) }
    }

    pub(in crate::vault) fn moved(&self) -> Result<(), VaultError> {
        match &mut *self.batches_left.lock() {
            Some(0) => Err(VaultError::Interrupted),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// A home with a store; vaults over it come and go.
pub(in crate::vault) struct House {
    pub(in crate::vault) db: Db,
    pub(in crate::vault) folder: TempDir,
    pub(in crate::vault) clock: Arc<Mutex<i64>>,
    _writer: WriterRun,
}

impl House {
    pub(in crate::vault) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("data/capuchin.db"), DbOptions::default()).unwrap();
        let writer = db.start_writer().unwrap();
        Self { db, folder, clock: Arc::new(Mutex::new(1_000_000)), _writer: writer }
    }

    pub(in crate::vault) fn key_file(&self) -> PathBuf {
        self.folder.path().join("keys/vault.key")
    }

    pub(in crate::vault) async fn vault(&self) -> Vault {
        self.try_vault(None, 1 << 24).await.unwrap()
    }

    pub(in crate::vault) async fn try_vault(
        &self,
        source: Option<Source>,
        seals_max: u64,
    ) -> Result<Vault, VaultError> {
        let options = VaultOptions {
            source,
            key_file: self.key_file(),
            credentials: Some(self.folder.path().join("credentials")),
            data: self.folder.path().join("data"),
        };
        let clock = Arc::clone(&self.clock);
        Vault::load_with(
            self.db.clone(),
            options,
            Redactor::new(),
            Arc::new(move || *clock.lock()),
            seals_max,
        )
        .await
    }
}

pub(in crate::vault) fn home() -> TenantId {
    TenantId::home()
}

pub(in crate::vault) fn owner() -> Principal {
    Principal::owner(home())
}

pub(in crate::vault) fn secret(name: &str, value: &str) -> NewSecret {
    NewSecret {
        name: name.to_owned(),
        value: SecretValue::new(value.to_owned()),
        kind: None,
        description: String::new(),
        hosts: Some(Hosts::new(["api.example.com"]).unwrap()),
    }
}

pub(in crate::vault) async fn set(vault: &Vault, name: &str, value: &str) {
    vault.create_secret(&owner(), secret(name, value), None).await.unwrap();
}

/// Whether the value is given out as it was stored.
pub(in crate::vault) async fn gives(vault: &Vault, name: &str, value: &str) -> bool {
    let given = vault.resolve(&home(), name, "api.example.com", "a test").await;
    given.is_ok_and(|secret| {
        secret.mask_in(value) == "[redacted]" && secret.mask_in("other-value") == "other-value"
    })
}
