//! The counts: what was spent and what is reserved, per budget and window. Pure; one lock above it.
//!
//! **Invariant:** nothing is reserved that would bring spent and reserved together over a limit.

use std::collections::HashMap;

use super::amounts::{Amounts, Dimension, Limits};
use super::window::Window;
use crate::protocol::ids::BudgetId;

/// Which thread or turn, where a budget counts each one for itself; zeros elsewhere.
pub(super) type Instance = [u8; 16];

/// Which count.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    pub(super) budget: BudgetId,
    pub(super) instance: Instance,
    pub(super) window: Window,
}

/// One count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counter {
    /// What was settled.
    pub(super) spent: Amounts,
    /// What calls that run may still need.
    pub(super) reserved: Amounts,
    /// Whether it is stored; the counts of the settings' own limits live in memory only.
    pub(super) kept: bool,
    /// Counts changes.
    version: u64,
    /// The last change that is in the store.
    stored: u64,
    /// Things of which the person was told: near the limit, at the limit.
    told: [Told; 5],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Told {
    near: bool,
    over: bool,
}

/// Why nothing was reserved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Over {
    /// Which of the counts, by its place in the list.
    pub(super) at: usize,
    pub(super) what: Dimension,
    pub(super) limit: u64,
    pub(super) spent: u64,
    pub(super) reserved: u64,
    pub(super) asked: u64,
    /// Whether it is the first refusal of this window.
    pub(super) first: bool,
}

/// See the module.
#[derive(Default)]
pub(super) struct Meter {
    counters: HashMap<Key, Counter>,
}

// === impl Meter ===

impl Meter {
    /// Reserves in all counts or in none. Time is reserved as far as it is left, and at least some must be;
    /// answers what was reserved.
    pub(super) fn reserve(
        &mut self,
        holds: &[(Key, Limits, bool)],
        mut ask: Amounts,
    ) -> Result<Amounts, Over> {
        for (at, (key, limits, _)) in holds.iter().enumerate() {
            let counter = self.counters.get(key).copied().unwrap_or_default();
            for (what, limit) in limits.each() {
                let (spent, reserved) = (counter.spent.get(what), counter.reserved.get(what));
                let left = limit.saturating_sub(spent.saturating_add(reserved));
                if what == Dimension::Wall && left > 0 {
                    ask.wall_ms = ask.wall_ms.min(left);
                    continue;
                }
                let asked = ask.get(what);
                if asked > left {
                    let told = self.counters.entry(*key).or_default().told.get_mut(what as usize);
                    let first = told.is_some_and(|told| !std::mem::replace(&mut told.over, true));
                    return Err(Over { at, what, limit, spent, reserved, asked, first });
                }
            }
        }
        for (key, _, kept) in holds {
            let counter = self.counters.entry(*key).or_default();
            counter.kept = *kept;
            counter.reserved = counter.reserved.plus(ask);
            counter.version += 1;
        }
        Ok(ask)
    }

    /// Replaces what was reserved by what it was.
    pub(super) fn settle(&mut self, key: &Key, reserved: Amounts, spent: Amounts) {
        // The budget may have been deleted meanwhile.
        let Some(counter) = self.counters.get_mut(key) else { return };
        counter.reserved = counter.reserved.minus(reserved);
        counter.spent = counter.spent.plus(spent);
        counter.version += 1;
    }

    /// What is near its limit and was not told before in this window.
    pub(super) fn newly_near(
        &mut self,
        key: &Key,
        limits: &Limits,
        percent: u64,
    ) -> Option<(Dimension, u64, u64)> {
        let counter = self.counters.get_mut(key)?;
        limits.each().find_map(|(what, limit)| {
            let spent = counter.spent.get(what);
            let near = u128::from(spent) * 100 >= u128::from(limit) * u128::from(percent) && limit > 0;
            let told = counter.told.get_mut(what as usize)?;
            (near && !std::mem::replace(&mut told.near, true)).then_some((what, spent, limit))
        })
    }

    /// A count as it is now.
    pub(super) fn get(&self, key: &Key) -> Counter {
        self.counters.get(key).copied().unwrap_or_default()
    }

    /// A count from the store.
    pub(super) fn load(&mut self, key: Key, spent: Amounts) {
        self.counters.insert(key, Counter { spent, kept: true, ..Counter::default() });
    }

    /// Counts whose last change is not in the store.
    pub(super) fn unstored(&self) -> Vec<(Key, Counter)> {
        let changed = |(_, counter): &(&Key, &Counter)| counter.kept && counter.version != counter.stored;
        self.counters.iter().filter(changed).map(|(key, counter)| (*key, *counter)).collect()
    }

    /// Notes that these are in the store as they were then.
    pub(super) fn stored(&mut self, written: &[(Key, Counter)]) {
        for (key, then) in written {
            if let Some(counter) = self.counters.get_mut(key) {
                counter.stored = counter.stored.max(then.version);
            }
        }
    }

    /// Forgets counts that nobody needs: their window is over, nothing is reserved, and they are stored.
    pub(super) fn forget_over(&mut self, now_ms: i64) {
        self.counters.retain(|key, counter| {
            let over = key.window.end_ms.is_some_and(|end| end <= now_ms);
            let settled = counter.reserved == Amounts::default();
            !(over && settled && (!counter.kept || counter.version == counter.stored))
        });
    }

    /// Forgets what was counted for one thread or turn, or for a whole budget.
    pub(super) fn forget(&mut self, gone: impl Fn(&Key) -> bool) {
        self.counters.retain(|key, _| !gone(key));
    }
}
