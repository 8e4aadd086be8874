//! Sealing and opening for every module: a column of its own table, registered so that a rotation visits it.

use parking_lot::RwLock;

use super::error::VaultError;
use super::handle::Vault;
use super::keys::{Plain, Purpose};
use super::record::Place;
use crate::db::{TenantRead, TenantTx};

/// A column of sealed values. Register it with [`Vault::register`] before anything is sealed for it; a rotation of keys then
/// visits it.
#[derive(Clone, Copy, Debug)]
pub struct SealedColumn {
    /// What its values are for.
    pub purpose: Purpose,
    /// Its table, which has a column `tenant`.
    pub table: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What identifies a row within its tenant, in SQL: the name of a column, or a constant where there is one row.
    pub row: &'static str,
}

/// The registered columns.
#[derive(Default)]
pub(super) struct Columns(RwLock<Vec<SealedColumn>>);

// === impl SealedColumn ===

impl SealedColumn {
    /// The place of a value in it.
    #[must_use]
    pub const fn place<'r>(&self, row: &'r [u8]) -> Place<'r> {
        Place { table: self.table, column: self.name, row }
    }
}

// === impl Columns ===

impl Columns {
    pub(super) fn add(&self, column: SealedColumn) {
        self.0.write().push(column);
    }

    pub(super) fn of(&self, purpose: Purpose) -> Vec<SealedColumn> {
        self.0.read().iter().filter(|column| column.purpose == purpose).copied().collect()
    }

    fn check(&self, purpose: Purpose, place: &Place<'_>) -> Result<(), VaultError> {
        let known = |column: &SealedColumn| {
            column.purpose == purpose && (column.table, column.name) == (place.table, place.column)
        };
        if self.0.read().iter().any(known) {
            return Ok(());
        }
        Err(VaultError::Unregistered { table: place.table, column: place.column })
    }
}

// === impl Vault ===

impl Vault {
    /// Tells the vault of a column that holds sealed values.
    pub fn register(&self, column: SealedColumn) {
        self.inner.columns.add(column);
    }

    /// Seals a value for its place, in the transaction that stores it there.
    ///
    /// # Errors
    /// [`VaultError::Sealed`], [`VaultError::Unregistered`], or what store and cryptography answer.
    pub fn seal(
        &self,
        tx: &mut TenantTx<'_>,
        purpose: Purpose,
        place: &Place<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        self.inner.columns.check(purpose, place)?;
        let key = self.ring()?.sealing_key(tx, purpose, self.inner.seals_max, self.now_ms())?;
        super::store::count_seal(tx, key.id)?;
        Ok(key.seal(place, plain)?)
    }

    /// Opens a value in its place.
    ///
    /// # Errors
    /// [`VaultError::Sealed`], or [`VaultError::Broken`] for what was altered, moved or cut.
    pub fn open(
        &self,
        read: &TenantRead<'_>,
        purpose: Purpose,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Plain, VaultError> {
        self.ring()?.open_record(read, purpose, place, sealed)
    }
}
