//! API tokens: the record of each, and the table in memory that authenticates without a query.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};

use crate::protocol::ids::{AssistantId, MemberId, TenantId, TokenId};

use super::principal::{Principal, Who};
use super::scope::Scopes;
use super::secret::{SecretHash, SecretText};

/// Most tokens of a tenant that are neither revoked nor expired.
pub const TOKENS_MAX: usize = 1_000;
/// Most characters of a token's name.
pub const TOKEN_NAME_CHARS_MAX: usize = 100;
/// How much later than the last one a use is written down.
pub(super) const LAST_USED_STEP_MS: i64 = 60_000;

/// What is asked for when a token is made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// A name for people, 1–100 characters.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The only assistant that it may use.
    pub assistant: Option<AssistantId>,
    /// What it may spend in US dollars, more than 0.
    pub budget_usd: Option<f64>,
    /// When it ends, in milliseconds since 1970; `None` for never.
    pub expires_ms: Option<i64>,
}

/// A token as it is stored. The value itself is nowhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// The only assistant that it may use.
    pub assistant: Option<AssistantId>,
    /// What it may spend in US dollars.
    pub budget_usd: Option<f64>,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it ends.
    pub expires_ms: Option<i64>,
    /// When it was last used, to the minute.
    pub last_used_ms: Option<i64>,
    /// The address from which it was last used.
    #[serde(default)]
    pub last_used_from: Option<String>,
    /// When it was revoked.
    pub revoked_ms: Option<i64>,
    /// The member whose device it is for: it ends with that member's access.
    #[serde(default)]
    pub member: Option<MemberId>,
}

impl TokenRecord {
    /// Whether it opens anything at this time.
    #[must_use]
    pub fn is_live(&self, now_ms: i64) -> bool {
        self.revoked_ms.is_none() && self.expires_ms.is_none_or(|end| now_ms < end)
    }

    fn principal(&self) -> Principal {
        Principal {
            tenant: self.tenant.clone(),
            who: Who::Token(self.id),
            scopes: self.scopes,
            assistant: self.assistant,
            budget_usd: self.budget_usd,
            session: None,
        }
    }
}

/// A new token: the record, and the value that is shown once.
#[derive(Debug)]
pub struct CreatedToken {
    /// The record.
    pub record: TokenRecord,
    /// The value. It cannot be had again; `None` when an earlier call with the same key showed it.
    pub value: Option<SecretText>,
}

struct Entry {
    record: TokenRecord,
    /// When a use was last written down; moved forward before the write, so that one caller does it.
    noted_ms: AtomicI64,
}

/// What a look into the table found.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// A live token. `note` says that its use should be written down.
    Live {
        /// Who has it.
        principal: Principal,
        /// Whether the last written use is old.
        note: bool,
    },
    /// Expired or revoked.
    Dead,
    /// Not in the table.
    Unknown,
}

/// All tokens of one tenant by hash. Replaced whole when something changes.
#[derive(Default)]
pub(super) struct TokenTable {
    entries: HashMap<SecretHash, Arc<Entry>>,
}

impl TokenTable {
    /// A table of these records.
    #[must_use]
    pub(super) fn new(records: Vec<(SecretHash, TokenRecord)>) -> Self {
        let entry = |(hash, record): (SecretHash, TokenRecord)| {
            let noted_ms = AtomicI64::new(record.last_used_ms.unwrap_or(0));
            (hash, Arc::new(Entry { record, noted_ms }))
        };
        Self { entries: records.into_iter().map(entry).collect() }
    }

    /// Looks a presented token up. The table is keyed by SHA-256, so that its timing says nothing of use.
    #[must_use]
    pub(super) fn find(&self, hash: &SecretHash, now_ms: i64) -> Found {
        let Some(entry) = self.entries.get(hash) else { return Found::Unknown };
        if !entry.record.is_live(now_ms) {
            return Found::Dead;
        }
        let noted = entry.noted_ms.load(Ordering::Relaxed);
        let note = now_ms.saturating_sub(noted) >= LAST_USED_STEP_MS
            && entry.noted_ms.compare_exchange(noted, now_ms, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        Found::Live { principal: entry.record.principal(), note }
    }

    /// Whether a token of this table is missing in a newer one.
    #[must_use]
    pub(super) fn lost_some_in(&self, newer: &Self) -> bool {
        self.entries.keys().any(|hash| !newer.entries.contains_key(hash))
    }

    /// Whether any token opens something.
    #[must_use]
    pub(super) fn has_live(&self, now_ms: i64) -> bool {
        self.entries.values().any(|entry| entry.record.is_live(now_ms))
    }

    /// Whether this token still opens something.
    #[must_use]
    pub(super) fn is_live(&self, id: TokenId, now_ms: i64) -> bool {
        self.entries.values().any(|entry| entry.record.id == id && entry.record.is_live(now_ms))
    }
}

#[cfg(test)]
mod tests;
