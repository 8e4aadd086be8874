//! Data keys change while everything runs: a new generation seals, rows move to it in small transactions, and
//! the old generation goes when no row needs it. A kill anywhere costs nothing: the store says what is left.

use super::error::VaultError;
use super::handle::Vault;
use super::keys::Purpose;
use super::store::{self, KeyRow};
use crate::audit;
use crate::db::TenantTx;
use crate::identity::Principal;
use crate::protocol::ids::TenantId;

/// Rows that one transaction moves.
const BATCH: usize = 50;

/// A data key, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyView {
    /// What it is for.
    pub purpose: Purpose,
    /// Its generation.
    pub generation: u32,
    /// Whether it still seals.
    pub active: bool,
    /// What it sealed, ever.
    pub seals: u64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

impl Vault {
    /// Gives every purpose of a tenant a new data key and moves all values to it. Returns when none is left.
    ///
    /// # Errors
    /// [`VaultError`]; what is left undone is done by the housekeeper.
    pub async fn rotate_data_keys(&self, by: &Principal) -> Result<(), VaultError> {
        let ring = self.ring()?;
        let (now_ms, source) = (self.now_ms(), by.source());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            for purpose in Purpose::ALL {
                if let Some(row) = store::active_key(tx, purpose)? {
                    store::retire_key(tx, row.id)?;
                    ring.new_key(tx, purpose, row.home.generation + 1, now_ms)?;
                }
            }
            let entry = audit::Entry::done("vault", source, "vault.rotated").on("data keys");
            Ok::<_, VaultError>(audit::append(tx, entry)?)
        });
        write.await?;
        self.finish_rotation(&by.tenant).await
    }

    /// Moves what is left under retired keys, for every tenant. For the housekeeper; a sealed vault waits.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn finish_rotations(&self) -> Result<(), VaultError> {
        if self.sealed_by().is_some() {
            return Ok(());
        }
        for tenant in self.tenants().await? {
            self.finish_rotation(&tenant).await?;
        }
        Ok(())
    }

    /// The data keys of a tenant.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn keys(&self, tenant: &TenantId) -> Result<Vec<KeyView>, VaultError> {
        let wanted = tenant.clone();
        let rows = self.inner.db.read_system(store::all_keys).await?;
        let view = |row: KeyRow| KeyView {
            purpose: row.home.purpose,
            generation: row.home.generation,
            active: row.active,
            seals: row.seals,
            created_ms: row.created_ms,
        };
        Ok(rows.into_iter().filter(|row| row.home.tenant == wanted).map(view).collect())
    }

    async fn finish_rotation(&self, tenant: &TenantId) -> Result<(), VaultError> {
        let retired = self.inner.db.read(tenant, store::retiring_keys).await?;
        for key in retired {
            loop {
                let (vault, row) = (self.clone(), key.clone());
                let moved = self.inner.db.write(tenant, move |tx| vault.move_batch(tx, &row)).await?;
                self.moved()?;
                match moved {
                    Moved::Some => {}
                    Moved::Stuck => break,
                    Moved::All => {
                        self.ring()?.drop_key(key.id);
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Moves some rows away from a retired key, or deletes it when there is none.
    fn move_batch(&self, tx: &mut TenantTx<'_>, key: &KeyRow) -> Result<Moved, VaultError> {
        let (purpose, mark) = (key.home.purpose, key.id.mark());
        let columns = self.inner.columns.of(purpose);
        if columns.is_empty() {
            // Nobody who stores such values runs in this process: they stay as they are.
            return Ok(Moved::Stuck);
        }
        let mut found = false;
        let mut moved = 0;
        for column in columns {
            for row in store::sealed_with(tx, &column, mark, BATCH)? {
                found = true;
                let place = column.place(&row.row);
                let plain = match self.open(tx, purpose, &place, &row.sealed) {
                    Ok(plain) => plain,
                    // It stays under its key, which stays: what is broken may be restored.
                    Err(VaultError::Broken(why)) => {
                        tracing::error!(notice = "capuchin.vault.broken", table = column.table, column = column.name, %why, "a sealed value does not open");
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let sealed = self.seal(tx, purpose, &place, plain.bytes())?;
                moved += usize::from(store::reseal(tx, &column, &row, &sealed)?);
            }
        }
        match (found, moved) {
            (false, _) => {
                store::delete_key(tx, key.id)?;
                Ok(Moved::All)
            }
            (true, 0) => Ok(Moved::Stuck),
            (true, _) => Ok(Moved::Some),
        }
    }

    #[cfg(test)]
    fn moved(&self) -> Result<(), VaultError> {
        self.inner.faults.moved()
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a test stops here")]
    const fn moved(&self) -> Result<(), VaultError> {
        Ok(())
    }
}

/// What came of a batch.
enum Moved {
    /// There may be more.
    Some,
    /// Nothing is left, the key is gone.
    All,
    /// What is left cannot be moved.
    Stuck,
}
