//! Sealing and opening for every module: a column of its own table, registered so that a rotation visits it.

use std::sync::Arc;

use parking_lot::RwLock;

use super::error::VaultError;
use super::handle::Vault;
use super::keys::{Plain, Purpose};
use super::record::{KeyMark, Place};
use crate::db::{DbError, TenantRead, TenantTx};

/// A row with its sealed value.
pub struct SealedRow {
    /// What identifies the row: [`Place::row`].
    pub row: Vec<u8>,
    /// The record.
    pub sealed: Vec<u8>,
}

/// A column of sealed values. Register it with [`Vault::register`] before anything is sealed for it.
pub trait SealedColumn: Send + Sync + 'static {
    /// What its values are for.
    fn purpose(&self) -> Purpose;

    /// Its table and its name, as in [`Place`].
    fn names(&self) -> (&'static str, &'static str);

    /// Some rows whose value begins with this mark: `substr(sealed, 1, 5) = ?2 LIMIT ?3`.
    ///
    /// # Errors
    /// What the store answers.
    fn next_batch(
        &self,
        read: &TenantRead<'_>,
        mark: KeyMark,
        limit: usize,
    ) -> Result<Vec<SealedRow>, DbError>;

    /// Replaces the value of a row if it is still `old`; whether it was.
    ///
    /// # Errors
    /// What the store answers.
    fn replace(&self, tx: &mut TenantTx<'_>, row: &[u8], old: &[u8], new: &[u8]) -> Result<bool, DbError>;
}

/// The registered columns.
#[derive(Default)]
pub(super) struct Columns(RwLock<Vec<Arc<dyn SealedColumn>>>);

// === impl Columns ===

impl Columns {
    pub(super) fn add(&self, column: Arc<dyn SealedColumn>) {
        self.0.write().push(column);
    }

    pub(super) fn of(&self, purpose: Purpose) -> Vec<Arc<dyn SealedColumn>> {
        self.0.read().iter().filter(|column| column.purpose() == purpose).cloned().collect()
    }

    fn check(&self, purpose: Purpose, place: &Place<'_>) -> Result<(), VaultError> {
        let known = |column: &Arc<dyn SealedColumn>| {
            column.purpose() == purpose && column.names() == (place.table, place.column)
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
    pub fn register(&self, column: Arc<dyn SealedColumn>) {
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
