//! The column that holds the values of secrets.

use super::keys::Purpose;
use super::record::{KeyMark, Place};
use super::sealing::{SealedColumn, SealedRow};
use super::store;
use crate::db::{DbError, TenantRead, TenantTx};
use crate::protocol::ids::SecretId;

/// See the module.
pub(super) struct SecretsColumn;

/// Where the value of a secret is.
pub(super) fn place(id: &SecretId) -> Place<'_> {
    Place { table: "secrets", column: "sealed", row: id.as_bytes() }
}

impl SealedColumn for SecretsColumn {
    fn purpose(&self) -> Purpose {
        Purpose::Secrets
    }

    fn names(&self) -> (&'static str, &'static str) {
        ("secrets", "sealed")
    }

    fn next_batch(
        &self,
        read: &TenantRead<'_>,
        mark: KeyMark,
        limit: usize,
    ) -> Result<Vec<SealedRow>, DbError> {
        store::secrets_sealed_with(read, mark, limit)
    }

    fn replace(&self, tx: &mut TenantTx<'_>, row: &[u8], old: &[u8], new: &[u8]) -> Result<bool, DbError> {
        store::reseal_secret(tx, row, old, new)
    }
}
