//! What happened and is not in the store yet: bounded, the same thing once with how often it was.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;

use super::notice::{Happening, Source};
use super::pattern::Pattern;
use crate::protocol::ids::TenantId;

/// Different things that wait. What is more is counted.
pub(super) const PENDING_MAX: usize = 1_024;

/// One thing that waits.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    /// As it was the last time; the worst of all times.
    pub(super) happening: Happening,
    /// How often it was.
    pub(super) count: u64,
    pub(super) first_ms: i64,
    pub(super) last_ms: i64,
}

#[derive(Default)]
struct Waiting {
    /// At most [`PENDING_MAX`] in all tenants.
    things: HashMap<(TenantId, [u8; 32]), Gathered>,
    /// How many did not fit, by tenant.
    beyond: BTreeMap<TenantId, u64>,
    /// What is over: at most [`PENDING_MAX`]; of what does not fit the notice stays unread.
    over: Vec<(TenantId, Source)>,
}

/// What is to be stored for one tenant.
#[derive(Clone, Default, Debug)]
pub(super) struct Batch {
    /// In the order in which it happened first.
    pub(super) things: Vec<Gathered>,
    /// Sources about which nobody has to read any more, as of what happened before.
    pub(super) over: Vec<Source>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Pending(Mutex<Waiting>);

// === impl Pending ===

impl Pending {
    pub(super) fn add(&self, tenant: &TenantId, happening: Happening, now_ms: i64) {
        let one = Gathered { happening: happening.bounded(), count: 1, first_ms: now_ms, last_ms: now_ms };
        self.put(tenant, one);
    }

    fn put(&self, tenant: &TenantId, new: Gathered) {
        let key = (tenant.clone(), new.happening.digest());
        let mut waiting = self.0.lock();
        if let Some(known) = waiting.things.get_mut(&key) {
            known.join(new);
        } else if waiting.things.len() < PENDING_MAX {
            waiting.things.insert(key, new);
        } else {
            let beyond = waiting.beyond.entry(tenant.clone()).or_default();
            *beyond = beyond.saturating_add(new.count);
        }
    }

    /// Everything that waits, by tenant and in the order in which it happened first.
    pub(super) fn take(&self, now_ms: i64) -> BTreeMap<TenantId, Batch> {
        let Waiting { things, beyond, over } = std::mem::take(&mut *self.0.lock());
        let mut all: BTreeMap<TenantId, Batch> = BTreeMap::new();
        for ((tenant, _), one) in things {
            all.entry(tenant).or_default().things.push(one);
        }
        for (tenant, count) in beyond {
            let happening =
                Happening::new(Pattern::Overflow, format!("{count} more things happened at once"))
                    .saying("There were too many different ones to tell each; the log has them.");
            all.entry(tenant).or_default().things.push(Gathered {
                happening,
                count,
                first_ms: now_ms,
                last_ms: now_ms,
            });
        }
        for (tenant, source) in over {
            all.entry(tenant).or_default().over.push(source);
        }
        all.values_mut().for_each(|of| of.things.sort_by_key(|one| one.first_ms));
        all
    }

    /// Takes back what could not be stored.
    pub(super) fn put_back(&self, tenant: &TenantId, batch: Batch) {
        batch.things.into_iter().for_each(|one| self.put(tenant, one));
        batch.over.into_iter().for_each(|source| self.end(tenant, source));
    }

    /// It is over: what was told of it before needs no reader.
    pub(super) fn end(&self, tenant: &TenantId, source: Source) {
        let mut waiting = self.0.lock();
        waiting.things.retain(|(of, _), one| of != tenant || one.happening.source.as_ref() != Some(&source));
        let one = (tenant.clone(), source);
        if waiting.over.len() < PENDING_MAX && !waiting.over.contains(&one) {
            waiting.over.push(one);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().things.len()
    }
}

// === impl Gathered ===

impl Gathered {
    /// The words of whichever was later, the severity of the worse, the sum of both.
    fn join(&mut self, other: Self) {
        let worst = self.happening.severity.max(other.happening.severity);
        if other.last_ms >= self.last_ms {
            self.happening = other.happening;
        }
        self.happening.severity = worst;
        self.count = self.count.saturating_add(other.count);
        self.first_ms = self.first_ms.min(other.first_ms);
        self.last_ms = self.last_ms.max(other.last_ms);
    }
}
