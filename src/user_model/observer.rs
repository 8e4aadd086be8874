//! What was noticed and is not written yet: bounded, in memory, for half a minute at the most.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::person::Person;
use super::profile::Noticed;
use crate::protocol::ids::TenantId;

/// People of whom something waits to be written.
pub const PEOPLE_MAX: usize = 1_000;

/// Whose it is.
pub(super) type Whose = (TenantId, Person);

/// See the module.
#[derive(Default)]
pub(super) struct Observer(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    noticed: HashMap<Whose, Noticed>,
    /// What was said before this was forgotten, in ms since 1970.
    forgotten: HashMap<Whose, i64>,
}

// === impl Observer ===

impl Observer {
    /// Adds to what waits. What was said before its person was forgotten is not noticed; nor is anything of more people
    /// than may wait.
    pub(super) fn add(&self, whose: Whose, at_ms: i64, add: impl FnOnce(&mut Noticed)) {
        let mut waiting = self.0.lock();
        if waiting.forgotten.get(&whose).is_some_and(|since| at_ms <= *since) {
            return;
        }
        if waiting.noticed.len() < PEOPLE_MAX || waiting.noticed.contains_key(&whose) {
            add(waiting.noticed.entry(whose).or_default());
        }
    }

    /// Whose something waits.
    pub(super) fn whose(&self) -> Vec<Whose> {
        self.0.lock().noticed.keys().cloned().collect()
    }

    /// Takes what waits of one person.
    pub(super) fn take(&self, whose: &Whose) -> Option<Noticed> {
        self.0.lock().noticed.remove(whose)
    }

    /// Drops what waits of one person; with a time, also what they said until then and arrives later.
    pub(super) fn drop_all(&self, whose: &Whose, until_ms: Option<i64>) {
        let mut waiting = self.0.lock();
        waiting.noticed.remove(whose);
        if let Some(until_ms) = until_ms
            && (waiting.forgotten.len() < PEOPLE_MAX || waiting.forgotten.contains_key(whose))
        {
            waiting.forgotten.insert(whose.clone(), until_ms);
        }
    }
}
