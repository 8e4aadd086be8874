//! The columns that hold signing secrets: the one of now, and the one before it while both are good.

use crate::vault::{Purpose, SealedColumn};

/// The secret of now.
pub(super) const NOW: SealedColumn = column("secret");
/// The one before it.
pub(super) const BEFORE: SealedColumn = column("old_secret");

const fn column(name: &'static str) -> SealedColumn {
    SealedColumn { purpose: Purpose::Webhooks, table: "webhook_endpoints", name, row: "id" }
}
