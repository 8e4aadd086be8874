//! What is known about one person, and every bound of it. Pure; it has no `Debug`, so that no log has it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::config::Privacy;

/// Topics that are known at the most: those that count least go.
pub const TOPICS_MAX: usize = 100;
/// A topic is counted up to here.
pub const COUNT_MAX: u32 = 1_000;
/// Questions are counted up to here.
pub const QUERIES_MAX: u32 = 1_000_000;
/// Questions of one hour of the day are counted up to here.
pub const HOUR_MAX: u32 = 100_000;
/// Things that a person says about themselves.
pub const PREFERENCES_MAX: usize = 50;
/// Most characters of one of them.
pub const PREFERENCE_CHARS_MAX: usize = 500;
/// Topics that a person took out, and that do not come back by themselves.
pub const MUTED_MAX: usize = 200;
/// After so long without being mentioned, a topic counts half.
const HALF_LIFE_MS: f64 = 90.0 * 86_400_000.0;
/// Characters of one question that count for the average.
const PROMPT_CHARS_MAX: u32 = 100_000;

/// See the module.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Topics by their words.
    pub topics: BTreeMap<String, Topic>,
    /// Questions that were noticed.
    pub queries: u32,
    /// Average length of a question, in characters.
    pub average_chars: f64,
    /// Questions by the hour of the day in which they were asked, in this machine's time zone.
    pub hours: [u32; 24],
    /// What the person says about themselves, oldest first.
    pub preferences: Vec<Preference>,
    /// The number that the next preference gets.
    next_preference: u32,
    /// Topics that the person took out.
    pub muted: BTreeSet<String>,
}

/// A topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Topic {
    /// Messages that had it; or what the person says.
    pub count: u32,
    /// When it was noticed first, in ms since 1970.
    pub first_ms: i64,
    /// When it was noticed last.
    pub last_ms: i64,
    /// Whether the person wrote or changed it.
    pub edited: bool,
}

/// Something that a person says about themselves.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    /// Its number.
    pub id: u32,
    /// What it says.
    pub text: String,
    /// When it was written, in ms since 1970.
    pub created_ms: i64,
}

/// What was noticed since the last time, in memory only.
#[derive(Clone, PartialEq, Default)]
pub struct Noticed {
    /// Topics: how many messages had each, and when the last one was.
    pub topics: BTreeMap<String, (u32, i64)>,
    /// Messages.
    pub queries: u32,
    /// Characters of all of them.
    pub chars: u64,
    /// Messages by hour of the day.
    pub hours: [u32; 24],
}

/// What is kept of a batch: topics in memory, far more than a person has in half a minute.
pub const NOTICED_TOPICS_MAX: usize = 1_000;

// === impl Noticed ===

impl Noticed {
    /// Adds a message. What does not fit is not noticed.
    pub fn add(&mut self, topics: Vec<String>, chars: usize, hour: usize, at_ms: i64) {
        for topic in topics {
            let has_room = self.topics.len() < NOTICED_TOPICS_MAX;
            if let Some((count, last)) = self.topics.get_mut(&topic) {
                (*count, *last) = (count.saturating_add(1), at_ms.max(*last));
            } else if has_room {
                self.topics.insert(topic, (1, at_ms));
            }
        }
        self.queries = self.queries.saturating_add(1);
        let chars = u32::try_from(chars).unwrap_or(u32::MAX).min(PROMPT_CHARS_MAX);
        self.chars = self.chars.saturating_add(u64::from(chars));
        if let Some(count) = self.hours.get_mut(hour) {
            *count = count.saturating_add(1);
        }
    }

    /// Puts back what could not be written.
    pub fn merge(&mut self, other: Self) {
        for (topic, (count, at_ms)) in other.topics {
            let has_room = self.topics.len() < NOTICED_TOPICS_MAX;
            if let Some((known, last)) = self.topics.get_mut(&topic) {
                (*known, *last) = (known.saturating_add(count), at_ms.max(*last));
            } else if has_room {
                self.topics.insert(topic, (count, at_ms));
            }
        }
        self.queries = self.queries.saturating_add(other.queries);
        self.chars = self.chars.saturating_add(other.chars);
        for (count, more) in self.hours.iter_mut().zip(other.hours) {
            *count = count.saturating_add(more);
        }
    }
}

// === impl Profile ===

impl Profile {
    /// Adds what was noticed, as far as the level allows.
    pub fn notice(&mut self, noticed: &Noticed, privacy: Privacy, now_ms: i64) {
        if privacy == Privacy::None {
            return;
        }
        for (word, (count, at_ms)) in &noticed.topics {
            if self.muted.contains(word) {
                continue;
            }
            let new = Topic { count: 0, first_ms: *at_ms, last_ms: *at_ms, edited: false };
            let topic = self.topics.entry(word.clone()).or_insert(new);
            topic.count = topic.count.saturating_add(*count).min(COUNT_MAX);
            topic.last_ms = topic.last_ms.max(*at_ms);
        }
        self.keep_within_bounds(now_ms);
        if privacy == Privacy::Full {
            let queries = self.queries.saturating_add(noticed.queries).min(QUERIES_MAX);
            let added = queries.saturating_sub(self.queries);
            if added > 0 && noticed.queries > 0 {
                #[allow(clippy::cast_precision_loss, reason = "a mean of lengths")]
                let mean = noticed.chars as f64 / f64::from(noticed.queries);
                self.average_chars += (mean - self.average_chars) * f64::from(added) / f64::from(queries);
            }
            self.queries = queries;
            for (count, more) in self.hours.iter_mut().zip(noticed.hours) {
                *count = count.saturating_add(more).min(HOUR_MAX);
            }
        }
    }

    /// Removes what a lower level does not allow. What the person wrote stays.
    pub fn limit(&mut self, privacy: Privacy) {
        if privacy != Privacy::Full {
            (self.queries, self.average_chars, self.hours) = (0, 0.0, [0; 24]);
        }
        if privacy == Privacy::None {
            self.topics.retain(|_, topic| topic.edited);
        }
    }

    /// Topics, those that count most first: often and lately mentioned ones.
    #[must_use]
    pub fn interests(&self, now_ms: i64) -> Vec<(&str, Topic)> {
        let mut all: Vec<(&str, Topic)> =
            self.topics.iter().map(|(word, topic)| (word.as_str(), *topic)).collect();
        all.sort_by(|(a, left), (b, right)| {
            right.weight(now_ms).total_cmp(&left.weight(now_ms)).then_with(|| a.cmp(b))
        });
        all
    }

    /// Takes a topic out, for good unless the person writes it again. Whether there was one.
    pub fn mute(&mut self, word: &str) -> bool {
        if self.topics.remove(word).is_none() {
            return false;
        }
        if self.muted.len() >= MUTED_MAX {
            self.muted.pop_first();
        }
        self.muted.insert(word.to_owned());
        true
    }

    /// Writes a topic in the place of another one, or with another count. Whether there was such a one.
    pub fn edit_topic(&mut self, word: &str, to: Option<String>, count: Option<u32>) -> bool {
        let Some(mut topic) = self.topics.remove(word) else { return false };
        topic.edited = true;
        topic.count = count.unwrap_or(topic.count).clamp(1, COUNT_MAX);
        let name = to.unwrap_or_else(|| word.to_owned());
        self.muted.remove(&name);
        self.topics.insert(name, topic);
        true
    }

    /// Writes a preference; `None` when there are as many as there may be.
    pub fn add_preference(&mut self, text: String, now_ms: i64) -> Option<u32> {
        if self.preferences.len() >= PREFERENCES_MAX {
            return None;
        }
        self.next_preference += 1;
        self.preferences.push(Preference { id: self.next_preference, text, created_ms: now_ms });
        Some(self.next_preference)
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let blank = Self { next_preference: self.next_preference, ..Self::default() };
        *self == blank
    }

    fn keep_within_bounds(&mut self, now_ms: i64) {
        if self.topics.len() > TOPICS_MAX {
            let kept: BTreeSet<String> = self
                .interests(now_ms)
                .into_iter()
                .take(TOPICS_MAX)
                .map(|(word, _)| word.to_owned())
                .collect();
            self.topics.retain(|word, _| kept.contains(word));
        }
    }
}

// === impl Topic ===

impl Topic {
    /// How much it counts: half as much for every 90 days in which nobody mentioned it. A clock that went back counts as
    /// no time.
    fn weight(&self, now_ms: i64) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "an age in ms")]
        let age = now_ms.saturating_sub(self.last_ms).max(0) as f64;
        f64::from(self.count) * (-age / HALF_LIFE_MS).exp2()
    }
}
