//! The sketches of all messages of a tenant, with what filters ask for. Pure; a scan takes some ten milliseconds for a million.

use std::collections::{BinaryHeap, HashMap, HashSet};

use super::vector::{distance, sketch};
use crate::search::{Query, RawId};

/// See the module.
#[derive(Default)]
pub(super) struct Shelf {
    /// Words of a sketch.
    words: usize,
    ids: Vec<RawId>,
    /// Those of each id, one after the other.
    sketches: Vec<u64>,
    facts: Vec<Facts>,
    /// Threads that there are, or were.
    places: Vec<Place>,
    place_of: HashMap<RawId, u32>,
}

/// What filters ask about a message.
#[derive(Clone, Copy)]
struct Facts {
    place: u32,
    by_assistant: bool,
    at_ms: i64,
}

/// What they ask about its thread.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) thread: RawId,
    pub(super) workspace: RawId,
    /// Who may find what is in it.
    pub(super) owner: String,
}

/// A message with its vector.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: RawId,
    pub(super) place: Place,
    pub(super) by_assistant: bool,
    pub(super) at_ms: i64,
    /// Quantised.
    pub(super) vector: Vec<u8>,
}

// === impl Shelf ===

impl Shelf {
    /// An empty one for sketches of so many words.
    pub(super) fn new(words: usize) -> Self {
        Self { words, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Adds messages that are not there. One whose sketch has another length is left out.
    pub(super) fn add(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let own = sketch(&entry.vector);
            if own.len() != self.words {
                continue;
            }
            let place = self.place(entry.place);
            self.ids.push(entry.id);
            self.sketches.extend(own);
            self.facts.push(Facts { place, by_assistant: entry.by_assistant, at_ms: entry.at_ms });
        }
    }

    /// Removes messages.
    pub(super) fn remove(&mut self, gone: &HashSet<RawId>) {
        if gone.is_empty() {
            return;
        }
        let mut at = 0;
        while let Some(id) = self.ids.get(at) {
            if !gone.contains(id) {
                at += 1;
                continue;
            }
            // The last one takes its place: the order says nothing.
            self.ids.swap_remove(at);
            self.facts.swap_remove(at);
            let (from, to) = (self.ids.len() * self.words, at * self.words);
            self.sketches.copy_within(from..from + self.words, to);
            self.sketches.truncate(from);
        }
    }

    /// What is in a thread is somewhere else now, or somebody else's.
    pub(super) fn move_thread(&mut self, to: Place) {
        self.place(to);
    }

    /// Up to `limit` messages that the filters let through, whose sketches are most like this one.
    pub(super) fn nearest(&self, asked: &[u64], within: &Query, limit: usize) -> Vec<RawId> {
        if self.words == 0 || asked.len() != self.words {
            return Vec::new();
        }
        let open: Vec<bool> = self.places.iter().map(|place| place.passes(within)).collect();
        let (user, assistant) = (takes(within, "user"), takes(within, "assistant"));
        let (from_ms, until_ms) = (within.from_ms.unwrap_or(i64::MIN), within.until_ms.unwrap_or(i64::MAX));
        let mut best: BinaryHeap<(u32, usize)> = BinaryHeap::with_capacity(limit + 1);
        for (at, (facts, own)) in self.facts.iter().zip(self.sketches.chunks_exact(self.words)).enumerate() {
            let passes = (if facts.by_assistant { assistant } else { user })
                && (from_ms..until_ms).contains(&facts.at_ms)
                && open.get(facts.place as usize).copied().unwrap_or_default();
            if !passes {
                continue;
            }
            let far = distance(asked, own);
            if best.len() < limit {
                best.push((far, at));
            } else if best.peek().is_some_and(|(worst, _)| far < *worst) {
                best.pop();
                best.push((far, at));
            }
        }
        let best = best.into_sorted_vec();
        best.into_iter().filter_map(|(_, at)| self.ids.get(at).copied()).collect()
    }

    fn place(&mut self, place: Place) -> u32 {
        if let Some(at) = self.place_of.get(&place.thread) {
            if let Some(known) = self.places.get_mut(*at as usize) {
                *known = place;
            }
            return *at;
        }
        let at = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        self.place_of.insert(place.thread, at);
        self.places.push(place);
        at
    }
}

// === impl Place ===

impl Place {
    fn passes(&self, within: &Query) -> bool {
        within.group.is_none_or(|only| only == self.thread)
            && within.not_group != Some(self.thread)
            && within.scope.is_none_or(|only| only == self.workspace)
            && within.owners.as_ref().is_none_or(|owners| owners.contains(&self.owner))
    }
}

fn takes(within: &Query, role: &str) -> bool {
    (within.kinds.is_empty() || within.kinds.contains(&"message"))
        && (within.roles.is_empty() || within.roles.iter().any(|own| own == role))
}
