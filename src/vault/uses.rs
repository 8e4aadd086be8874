//! Who used what: counted in memory, written down at most once a minute for each user, host and outcome.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::protocol::ids::TenantId;

/// Between two writes about the same use.
const WRITE_EVERY_MS: i64 = 60_000;
/// Between two audit entries about the same secret and user.
const AUDIT_EVERY_MS: i64 = 3_600_000;
/// Uses of the access log that are kept per tenant.
pub(super) const USES_KEPT: usize = 10_000;
/// Different uses that are counted at a time; beyond it the quiet ones are forgotten.
const COUNTED_MAX: usize = 4_096;

/// What came of a use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UseOutcome {
    /// The value was given out.
    Given,
    /// There is no such secret.
    Unknown,
    /// Not for this host.
    NotGranted,
    /// It does not open.
    Broken,
}

/// Uses of one secret by one user for one host, with one outcome, within about a minute.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Use {
    /// Where it was to be sent.
    pub host: String,
    /// For what: `backend anthropic`.
    pub used_by: String,
    /// What came of it.
    pub outcome: UseOutcome,
    /// How often.
    pub count: u64,
    /// The first time, in milliseconds since 1970.
    pub first_ms: i64,
    /// The last time.
    pub last_ms: i64,
}

/// A line of the access log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UseRecord {
    /// Its number; newer ones are larger.
    pub id: i64,
    /// The secret.
    pub name: String,
    /// What happened.
    pub used: Use,
}

/// A use that is to be written.
pub(super) struct Due {
    pub(super) tenant: TenantId,
    pub(super) name: String,
    pub(super) used: Use,
    /// Whether the audit trail has not heard of it for an hour.
    pub(super) audit: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    tenant: TenantId,
    name: String,
    host: String,
    used_by: String,
    outcome: UseOutcome,
}

struct Counted {
    /// Not written yet.
    count: u64,
    first_ms: i64,
    last_ms: i64,
    written_ms: i64,
    audited_ms: i64,
}

/// See the module.
#[derive(Default)]
pub(super) struct Uses(Mutex<HashMap<Key, Counted>>);

// === impl UseOutcome ===

impl UseOutcome {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Unknown => "unknown",
            Self::NotGranted => "not_granted",
            Self::Broken => "broken",
        }
    }

    pub(super) fn parse(word: &str) -> Self {
        [Self::Given, Self::Unknown, Self::NotGranted]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
            .unwrap_or(Self::Broken)
    }
}

// === impl Uses ===

impl Uses {
    /// Counts a use. What it answers is to be written now.
    pub(super) fn count(
        &self,
        tenant: &TenantId,
        name: &str,
        (host, used_by): (&str, &str),
        outcome: UseOutcome,
        now_ms: i64,
    ) -> Option<Due> {
        let key = Key {
            tenant: tenant.clone(),
            name: name.to_owned(),
            host: host.to_owned(),
            used_by: used_by.to_owned(),
            outcome,
        };
        let mut all = self.0.lock();
        if all.len() >= COUNTED_MAX && !all.contains_key(&key) {
            all.retain(|_, counted| counted.count > 0);
            if all.len() >= COUNTED_MAX {
                return None;
            }
        }
        let counted = all.entry(key.clone()).or_insert(Counted {
            count: 0,
            first_ms: now_ms,
            last_ms: now_ms,
            written_ms: i64::MIN,
            audited_ms: i64::MIN,
        });
        counted.last_ms = now_ms;
        if counted.count == 0 {
            counted.first_ms = now_ms;
        }
        counted.count += 1;
        (now_ms.saturating_sub(counted.written_ms) >= WRITE_EVERY_MS).then(|| due(&key, counted, now_ms))
    }

    /// What was counted and is not written, for the housekeeper.
    pub(super) fn take(&self, now_ms: i64) -> Vec<Due> {
        let mut all = self.0.lock();
        let taken = all.iter_mut().filter(|(_, c)| c.count > 0).map(|(key, c)| due(key, c, now_ms)).collect();
        all.retain(|_, counted| now_ms.saturating_sub(counted.audited_ms) < AUDIT_EVERY_MS);
        taken
    }
}

fn due(key: &Key, counted: &mut Counted, now_ms: i64) -> Due {
    let audit = now_ms.saturating_sub(counted.audited_ms) >= AUDIT_EVERY_MS;
    if audit {
        counted.audited_ms = now_ms;
    }
    let used = Use {
        host: key.host.clone(),
        used_by: key.used_by.clone(),
        outcome: key.outcome,
        count: std::mem::take(&mut counted.count),
        first_ms: counted.first_ms,
        last_ms: counted.last_ms,
    };
    counted.written_ms = now_ms;
    Due { tenant: key.tenant.clone(), name: key.name.clone(), used, audit }
}
