//! What happens often: the first is told at once, the rest of its window is counted and told as one.
//!
//! Wrong passwords and stateless calls come as fast as their callers like; the trail must not grow with
//! them, and must not keep quiet about them either.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

/// Most things that are counted at a time; what is beyond is told one by one only when it is the first.
const KEYS_MAX: usize = 4_096;

/// See the module. `N` is what is summed up besides the times. Not shared: its owner has a lock.
#[derive(Debug)]
pub struct Bursts<K, N> {
    window_ms: i64,
    open: HashMap<K, Open<N>>,
}

#[derive(Debug)]
struct Open<N> {
    began_ms: i64,
    times: u64,
    sum: Option<N>,
}

/// Something to be told: it happened so often since this moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Burst<K, N> {
    /// What.
    pub key: K,
    /// The sum of what was counted.
    pub sum: N,
    /// How often.
    pub times: u64,
    /// The begin of the window, in milliseconds since 1970.
    pub since_ms: i64,
}

// === impl Bursts ===

impl<K: Clone + Eq + std::hash::Hash, N> Bursts<K, N> {
    /// Windows of this length.
    #[must_use]
    pub fn new(window_ms: i64) -> Self {
        Self { window_ms, open: HashMap::new() }
    }

    /// Counts one; what has to be told now, if it is the first of its window. The others of the window come
    /// out of [`Bursts::due`].
    pub fn count(
        &mut self,
        key: K,
        what: N,
        now_ms: i64,
        add: impl FnOnce(&mut N, N),
    ) -> Option<Burst<K, N>> {
        let full = self.open.len() >= KEYS_MAX;
        match self.open.entry(key.clone()) {
            Slot::Occupied(mut slot) => {
                let open = slot.get_mut();
                open.times += 1;
                match &mut open.sum {
                    Some(sum) => add(sum, what),
                    empty => *empty = Some(what),
                }
                None
            }
            Slot::Vacant(slot) => {
                if !full {
                    slot.insert(Open { began_ms: now_ms, times: 0, sum: None });
                }
                Some(Burst { key, sum: what, times: 1, since_ms: now_ms })
            }
        }
    }

    /// What was counted in windows that are over; all of them when `end` is set.
    pub fn due(&mut self, now_ms: i64, end: bool) -> Vec<Burst<K, N>> {
        let window_ms = self.window_ms;
        let over = |open: &Open<N>| end || now_ms.saturating_sub(open.began_ms) >= window_ms;
        let told = self.open.extract_if(|_, open| over(open)).filter_map(|(key, open)| {
            Some(Burst { key, sum: open.sum?, times: open.times, since_ms: open.began_ms })
        });
        told.collect()
    }
}
