//! Which words of a text are words of the query: for snippets, and for whoever weighs texts that the index did not.

use std::collections::HashMap;

use super::language::{Grammar, Word, words};

/// Words of a text that are looked at.
pub(super) const LOOKED_AT_WORDS: usize = 20_000;

/// The words that a query asks for. Each is a number; what stands for it in texts (stems, other forms, names) has its
/// number.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub(super) words: HashMap<String, usize>,
    pub(super) stems: HashMap<String, usize>,
    pub(super) prefixes: Vec<(String, usize)>,
    pub(super) languages: Vec<&'static str>,
    /// How telling each word is: the rarer the more.
    pub(super) weights: Vec<f32>,
}

/// What a text has of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How often each word of the query is in it.
    pub counts: Vec<u32>,
    /// How many words it has.
    pub length: usize,
}

/// Reads texts for one query. Remembers the words that it met: stems cost time.
pub struct Reading<'m> {
    marks: &'m Marks,
    grammars: Vec<Grammar>,
    met: HashMap<String, Option<usize>>,
}

// === impl Marks ===

impl Marks {
    /// Whether nothing can be marked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.stems.is_empty() && self.prefixes.is_empty()
    }

    /// How telling each word of the query is.
    #[must_use]
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Begins to read texts.
    #[must_use]
    pub fn read(&self) -> Reading<'_> {
        let grammars = self.languages.iter().filter_map(|code| Grammar::of(code)).collect();
        Reading { marks: self, grammars, met: HashMap::new() }
    }
}

// === impl Reading ===

impl Reading<'_> {
    /// What a text has of the query.
    #[must_use]
    pub fn share(&mut self, text: &str) -> Share {
        let all = words(text, LOOKED_AT_WORDS);
        let mut share = Share { counts: vec![0; self.marks.weights.len()], length: all.len() };
        for word in &all {
            if let Some(count) = self.word(word).and_then(|at| share.counts.get_mut(at)) {
                *count += 1;
            }
        }
        share
    }

    /// The words of a text that fit.
    pub(super) fn fitting(&mut self, text: &str) -> Vec<Word> {
        if self.marks.is_empty() {
            return Vec::new();
        }
        words(text, LOOKED_AT_WORDS).into_iter().filter(|word| self.word(word).is_some()).collect()
    }

    /// The number of the query's word that this one is.
    fn word(&mut self, word: &Word) -> Option<usize> {
        if let Some(known) = self.met.get(&word.text) {
            return *known;
        }
        let marks = self.marks;
        let by_prefix = || {
            let begins = |(prefix, _): &&(String, usize)| word.text.starts_with(prefix.as_str());
            marks.prefixes.iter().find(begins).map(|(_, at)| *at)
        };
        let same = marks.words.get(&word.text).or_else(|| marks.stems.get(&word.text)).copied();
        let mut found = same.or_else(by_prefix);
        if found.is_none() && !word.pair && !marks.stems.is_empty() {
            found = self.grammars.iter_mut().find_map(|own| marks.stems.get(&own.stem(&word.text)).copied());
        }
        self.met.insert(word.text.clone(), found);
        found
    }
}
