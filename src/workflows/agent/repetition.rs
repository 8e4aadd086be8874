//! Whether a model goes round in circles: the same call with the same answer, again and again.

use std::collections::HashMap;

use super::Answer;

/// Equal answers of equal calls after which the call is not made again but noted.
pub const REPEATS_MAX: u32 = 2;
/// Equal calls, notes among them, after which the model gets no tools any more.
pub const SIGHTINGS_MAX: u32 = 5;

/// What was called, and whether it made a difference.
#[derive(Clone, Debug, Default)]
pub struct Repetition {
    /// By the key of the call: the last answer, how often in a row it came, and how often the call was seen.
    seen: HashMap<u64, Seen>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    digest: u64,
    in_a_row: u32,
    sightings: u32,
}

// === impl Repetition ===

impl Repetition {
    /// Takes an answer into account.
    pub fn answered(&mut self, answer: Answer) {
        let seen =
            self.seen.entry(answer.key).or_insert(Seen { digest: answer.digest, in_a_row: 0, sightings: 0 });
        seen.sightings += 1;
        seen.in_a_row = if seen.digest == answer.digest { seen.in_a_row + 1 } else { 1 };
        seen.digest = answer.digest;
    }

    /// Whether making this call once more would tell nothing new.
    #[must_use]
    pub fn is_repeated(&self, key: u64) -> bool {
        self.seen.get(&key).is_some_and(|seen| seen.in_a_row >= REPEATS_MAX)
    }

    /// Whether notes did not help.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.seen.values().any(|seen| seen.in_a_row >= REPEATS_MAX && seen.sightings >= SIGHTINGS_MAX)
    }
}
