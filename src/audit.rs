//! Audit: who did what, decided by whom and why; append-only and hash-chained, one chain per tenant.
//!
//! An entry is appended in the transaction of what it tells, so neither is there without the other. Its texts
//! are cut to their limits and redacted by the engine that every transaction carries, so no caller can forget
//! it. Nothing is ever deleted: an entry takes about 300 bytes, a hundred thousand of them 30 MB.
//!
//! | file | what |
//! |---|---|
//! | `entry` | what is told, cut and redacted |
//! | `chain` | a stored entry and its hash |
//! | `check` | follows the links of a trail in use |
//! | `trail` | the handle: read, and write what has no transaction of its own |
//! | `bursts` | what happens often is told at once and then counted |
//! | `verify` | finds the first broken link, on any copy |
//! | `anchors` | heads of chains in a file outside the data folder |
//!
//! **Invariant:** the hash covers every other column, each with its length.
//! **Invariant:** the verifier trusts nothing in the file: no index, no trigger, no head.

mod anchors;
mod bursts;
mod chain;
mod check;
mod entry;
mod store;
mod trail;
mod verify;

pub use anchors::{Anchor, AnchorError, Anchors};
pub use bursts::{Burst, Bursts};
pub use chain::{Head, Record};
pub use check::Checked;
pub use entry::{Entry, Outcome};
pub use trail::{Audit, Filter};
pub use verify::{ArchivedTrail, Broken, ChainEnd, Checks, Expectations, Verdict};

use jiff::Timestamp;

use crate::db::{DbError, TenantTx};

/// Appends an entry to the tenant's chain, in this transaction.
///
/// # Errors
/// What the store answers.
pub fn append(tx: &mut TenantTx<'_>, entry: Entry) -> Result<(), DbError> {
    let told = entry.told(tx.redactor());
    let (tenant, head) = (tx.tenant().to_string(), store::head(tx)?);
    let record = Record::after(head.as_ref(), tenant, Timestamp::now().as_millisecond(), told);
    store::insert(tx, &record)
}

#[cfg(test)]
mod tests;
