//! The columns that hold signing secrets: the one of now, and the one before it while both are good.

use super::store;
use crate::db::{DbError, TenantRead, TenantTx};
use crate::protocol::ids::WebhookId;
use crate::vault::{KeyMark, Place, Purpose, SealedColumn, SealedRow};

const TABLE: &str = "webhook_endpoints";

/// Which of the two. A rotation of the vault's keys visits both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SecretColumn {
    Now,
    Before,
}

// === impl SecretColumn ===

impl SecretColumn {
    pub(super) const BOTH: [Self; 2] = [Self::Now, Self::Before];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Now => "secret",
            Self::Before => "old_secret",
        }
    }

    pub(super) fn place(self, id: &WebhookId) -> Place<'_> {
        Place { table: TABLE, column: self.name(), row: id.as_bytes() }
    }
}

impl SealedColumn for SecretColumn {
    fn purpose(&self) -> Purpose {
        Purpose::Webhooks
    }

    fn names(&self) -> (&'static str, &'static str) {
        (TABLE, self.name())
    }

    fn next_batch(
        &self,
        read: &TenantRead<'_>,
        mark: KeyMark,
        limit: usize,
    ) -> Result<Vec<SealedRow>, DbError> {
        store::sealed_with(read, *self, mark, limit)
    }

    fn replace(&self, tx: &mut TenantTx<'_>, row: &[u8], old: &[u8], new: &[u8]) -> Result<bool, DbError> {
        store::reseal(tx, *self, row, (old, new))
    }
}
