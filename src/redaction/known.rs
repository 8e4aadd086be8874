//! Known values: the exact secrets of the vault, found whole and in the forms in which they travel.
//!
//! Values are kept as bytes that are wiped when they are replaced; the index holds hashes of their first eight
//! bytes. **Bound:** a value, or a form of it, of fewer than eight bytes is not looked for: it would be found
//! in words. A value of more than a kibibyte is looked for in parts of that size.

mod forms;

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use super::run;
use super::span::{Span, What};

/// Shortest form that is looked for.
pub const KNOWN_BYTES_MIN: usize = 8;

/// A value and its name.
type Named = (Arc<str>, Zeroizing<Vec<u8>>);

/// The values that all clones of a redactor look for. A cheap clone.
#[derive(Clone, Default)]
pub struct KnownValues {
    table: Arc<ArcSwap<Table>>,
    /// By who set them. Written by [`KnownValues::set`] only.
    sources: Arc<Mutex<BTreeMap<String, Vec<Named>>>>,
}

struct Needle {
    bytes: Zeroizing<Vec<u8>>,
    name: Arc<str>,
}

/// All forms of all values. Replaced as a whole.
#[derive(Default)]
pub(super) struct Table {
    /// Sorted by their bytes.
    needles: Vec<Needle>,
    /// By the hash of the first eight bytes: which of the needles.
    index: HashMap<u64, Vec<usize>>,
    /// One bit per possible first two bytes: most places in a text need no hash.
    starts: Vec<u64>,
    longest: usize,
    hasher: RandomState,
}

// === impl KnownValues ===

impl KnownValues {
    /// Replaces all values of one source, such as `vault`, at once. What streams now goes on with what was
    /// known when it began. Values of fewer than [`KNOWN_BYTES_MIN`] bytes are not looked for.
    pub fn set(&self, source: &str, values: Vec<(String, Zeroizing<Vec<u8>>)>) {
        let mut sources = self.sources.lock();
        let named = values.into_iter().map(|(name, value)| (Arc::from(name), value)).collect();
        sources.insert(source.to_owned(), named);
        let table = Table::new(sources.values().flatten());
        self.table.store(Arc::new(table));
    }

    /// How many values are looked for.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sources.lock().values().flatten().filter(|(_, value)| value.len() >= KNOWN_BYTES_MIN).count()
    }

    pub(super) fn table(&self) -> Arc<Table> {
        self.table.load_full()
    }
}

// === impl Table ===

impl Table {
    fn new<'v>(values: impl Iterator<Item = &'v Named>) -> Self {
        let mut needles: Vec<Needle> = values
            .flat_map(|(name, value)| {
                forms::of(value).into_iter().map(|bytes| Needle { bytes, name: Arc::clone(name) })
            })
            .filter(|needle| needle.bytes.len() >= KNOWN_BYTES_MIN)
            .collect();
        needles.sort_by(|a, b| a.bytes.cmp(&b.bytes));
        needles.dedup_by(|a, b| a.bytes == b.bytes);
        let mut table = Self { longest: 0, needles, ..Self::default() };
        if !table.needles.is_empty() {
            table.starts = vec![0; 1024];
        }
        for (at, needle) in table.needles.iter().enumerate() {
            table.longest = table.longest.max(needle.bytes.len());
            if let Some(start) = needle.bytes.first_chunk::<KNOWN_BYTES_MIN>() {
                table.index.entry(table.hasher.hash_one(start)).or_default().push(at);
                let (word, bit) = place(*start);
                if let Some(word) = table.starts.get_mut(word) {
                    *word |= bit;
                }
            }
        }
        table
    }

    pub(super) fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// Everything known in `text[from..view]`.
    pub(super) fn find(&self, text: &str, from: usize, view: usize) -> Vec<Span> {
        let mut found = Vec::new();
        if self.is_empty() {
            return found;
        }
        let bytes = text.as_bytes().get(..view).unwrap_or_default();
        for at in from..view {
            let rest = bytes.get(at..).unwrap_or_default();
            let longest = self.candidates(rest).filter(|needle| rest.starts_with(&needle.bytes));
            if let Some(needle) = longest.max_by_key(|needle| needle.bytes.len()) {
                let end = run::ceil(text, at + needle.bytes.len());
                found.push(Span::new(run::floor(text, at)..end, What::Known(Arc::clone(&needle.name))));
            }
        }
        found
    }

    /// Up to where `text` can be shown when it could be up to `upto` without known values: the place of the
    /// first value that is only begun in `text[..limit]`, or that ends in what can't be shown yet. A place
    /// where a run begins.
    pub(super) fn hold(&self, text: &str, from: usize, limit: usize, upto: usize) -> usize {
        let mut upto = upto;
        if self.is_empty() {
            return upto;
        }
        let bytes = text.as_bytes().get(..limit).unwrap_or_default();
        loop {
            let first = from.max(upto.saturating_sub(self.longest));
            let begun = (first..upto).find(|at| {
                let rest = bytes.get(*at..).unwrap_or_default();
                match rest.len() < KNOWN_BYTES_MIN {
                    true => self.some_starts_with(rest),
                    false => self.candidates(rest).any(|needle| {
                        needle.bytes.starts_with(rest)
                            || (rest.starts_with(&needle.bytes) && at + needle.bytes.len() > upto)
                    }),
                }
            });
            match begun {
                None => return upto,
                Some(at) => upto = run::open_start(text, from, run::floor(text, at)),
            }
        }
    }

    /// Needles whose first eight bytes are those of `rest`.
    fn candidates<'s>(&'s self, rest: &[u8]) -> impl Iterator<Item = &'s Needle> + use<'s> {
        let start = rest.first_chunk::<KNOWN_BYTES_MIN>().filter(|start| {
            let (word, bit) = place(**start);
            self.starts.get(word).is_some_and(|bits| bits & bit != 0)
        });
        let found = start.and_then(|start| self.index.get(&self.hasher.hash_one(start)));
        found.into_iter().flatten().filter_map(|at| self.needles.get(*at))
    }

    fn some_starts_with(&self, start: &[u8]) -> bool {
        let at = self.needles.partition_point(|needle| needle.bytes.as_slice() < start);
        self.needles.get(at).is_some_and(|needle| needle.bytes.starts_with(start))
    }
}

/// The bit of a start's first two bytes.
fn place(start: [u8; KNOWN_BYTES_MIN]) -> (usize, u64) {
    let [first, second, ..] = start;
    let number = usize::from(u16::from_be_bytes([first, second]));
    (number / 64, 1 << (number % 64))
}

#[cfg(test)]
mod tests;
