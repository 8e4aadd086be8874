//! From what is typed to what the index is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, Occur, PhraseQuery, Query as Asked, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use super::error::SearchError;
use super::fuzzy;
use super::language::{Grammar, words};
use super::marks::Marks;
use super::query::{Part, Query, TERMS_MAX, TEXT_CHARS_MAX, parts};
use super::schema::{Fields, hex};

/// Languages of the index that a query is stemmed in.
const LANGUAGES_MAX: usize = 4;
/// A language that so few of a thousand texts have is left out.
const PER_THOUSAND_MIN: u64 = 5;
/// What a word counts that is only like the one that was typed.
const LIKE_BOOST: f32 = 0.6;
/// What a word in the name of who said it counts.
const NAME_BOOST: f32 = 0.8;
/// A filter that leaves this part of the postings, or less, goes first.
const SELECTIVE: u64 = 6;
/// What a query may cost: its words, times the texts that have them. It is some ten milliseconds.
const COST_MAX: u64 = 2_000_000;
/// So many of its rarest words count, whatever they cost.
const WORDS_MIN: usize = 3;
/// A beginning that so many texts have, or more, tells none of them from another.
const ALIKE_MIN: u64 = 10_000;

/// Words that are asked with and seldom asked for, besides the stop words of the languages. They count when there is
/// nothing else.
const ASKING: &[&str] = &[
    "what", "whats", "who", "whos", "whom", "whose", "when", "where", "wheres", "which", "why", "how", "do",
    "does", "did", "done", "doing", "is", "are", "was", "were", "am", "be", "been", "being", "has", "have",
    "had", "having", "can", "could", "will", "would", "shall", "should", "may", "might", "must", "i", "me",
    "my", "mine", "you", "your", "yours", "he", "him", "his", "she", "her", "hers", "it", "its", "we", "us",
    "our", "ours", "they", "them", "their", "theirs", "this", "that", "these", "those", "a", "an", "the",
    "and", "or", "but", "if", "of", "at", "by", "for", "with", "about", "to", "from", "in", "on", "into",
    "than", "then", "so", "as", "any", "some", "there", "here", "not", "no", "dont", "didnt", "doesnt",
    "ever", "please", "tell", "also", "just", "s", "t", "im", "ive",
];

/// What is asked of the index.
pub(super) struct Plan {
    pub(super) asked: Box<dyn Asked>,
    pub(super) marks: Marks,
    /// Whether no hit is better than another: then the newest come first, and the rest need not be looked at.
    pub(super) alike: bool,
}

/// A word of the query with what stands for it in the index.
struct Wanted {
    terms: Vec<(Term, f32)>,
    count: u64,
    /// Whether it is only the beginning of one.
    begins: bool,
}

/// Builds the plan. `None` when nothing is asked for.
pub(super) fn plan(
    searcher: &Searcher,
    fields: &Fields,
    query: &Query,
    until: Instant,
) -> Result<Option<Plan>, SearchError> {
    if query.text.chars().count() > TEXT_CHARS_MAX {
        return Err(SearchError::TooLong { chars_max: TEXT_CHARS_MAX });
    }
    let mut planner = Planner::new(searcher, fields, until)?;
    planner.take(&parts(&query.text))?;
    planner.finish(query)
}

struct Planner<'p> {
    searcher: &'p Searcher,
    fields: &'p Fields,
    until: Instant,
    grammars: Vec<Grammar>,
    marks: Marks,
    wanted: Vec<Wanted>,
    musts: Vec<Box<dyn Asked>>,
    nots: Vec<Box<dyn Asked>>,
}

// === impl Planner ===

impl<'p> Planner<'p> {
    fn new(searcher: &'p Searcher, fields: &'p Fields, until: Instant) -> Result<Self, SearchError> {
        let grammars = grammars(searcher, fields)?;
        let marks = Marks { languages: grammars.iter().map(Grammar::code).collect(), ..Marks::default() };
        let (wanted, musts, nots) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { searcher, fields, until, grammars, marks, wanted, musts, nots })
    }

    fn take(&mut self, parts: &[Part]) -> Result<(), SearchError> {
        let (mut plain, mut lone) = (Vec::new(), BTreeSet::new());
        for part in parts {
            match part {
                Part::Word(text) => {
                    for word in words(text, TERMS_MAX * 4) {
                        if lone.insert(word.text.clone()) {
                            plain.push((word.text, word.pair));
                        }
                    }
                }
                Part::Phrase(text) => self.phrase(text)?,
                Part::Prefix(text) => self.prefix(text)?,
                Part::Not(text) => self.not(text),
            }
        }
        let has_more = !self.musts.is_empty() || !self.wanted.is_empty();
        let telling: Vec<_> =
            plain.iter().filter(|(word, pair)| *pair || !self.says_nothing(word)).cloned().collect();
        if telling.is_empty() && !has_more {
            return self.only_stop_words(plain);
        }
        for (word, pair) in telling {
            self.word(&word, pair)?;
        }
        Ok(())
    }

    /// Whether a word is left out of a query that has others.
    fn says_nothing(&self, word: &str) -> bool {
        ASKING.contains(&word)
    }

    /// `to be or not to be`: there is nothing else to ask for.
    fn only_stop_words(&mut self, plain: Vec<(String, bool)>) -> Result<(), SearchError> {
        for (word, _) in plain {
            self.marks.words.insert(word.clone(), self.number());
            self.want([(Term::from_field_text(self.fields.words, &word), 1.0)].into(), false)?;
        }
        Ok(())
    }

    fn word(&mut self, word: &str, pair: bool) -> Result<(), SearchError> {
        // One character of a script without spaces: the pairs that begin with it.
        if pair && word.chars().count() == 1 {
            return self.prefix(word);
        }
        let mut terms = self.stems(word, pair, 1.0);
        terms.push((Term::from_field_text(self.fields.names, word), NAME_BOOST));
        let count = self.count(&terms)?;
        if count == 0 && !pair {
            for other in fuzzy::like(self.searcher, self.fields.words, word, self.until)? {
                terms.extend(self.stems(&other, false, LIKE_BOOST));
            }
        }
        self.want(terms, false)
    }

    /// What stands for a word among the stems.
    fn stems(&mut self, word: &str, pair: bool, boost: f32) -> Vec<(Term, f32)> {
        let mut stems = BTreeSet::new();
        if pair || self.grammars.is_empty() {
            stems.insert(word.to_owned());
        } else {
            for grammar in &mut self.grammars {
                stems.insert(grammar.stem(word));
            }
        }
        let field = self.fields.stems;
        let terms = stems.iter().map(|stem| (Term::from_field_text(field, stem), boost)).collect();
        let number = self.number();
        for stem in stems {
            self.marks.stems.entry(stem).or_insert(number);
        }
        terms
    }

    fn prefix(&mut self, text: &str) -> Result<(), SearchError> {
        let mut all = words(text, TERMS_MAX);
        let Some(last) = all.pop() else { return Ok(()) };
        for word in all {
            self.word(&word.text, word.pair)?;
        }
        let found = fuzzy::beginning(self.searcher, self.fields.words, &last.text, self.until)?;
        let field = self.fields.words;
        let mut terms: Vec<_> = found.iter().map(|word| (Term::from_field_text(field, word), 1.0)).collect();
        terms.push((Term::from_field_text(self.fields.names, &last.text), NAME_BOOST));
        self.marks.prefixes.push((last.text, self.number()));
        self.want(terms, true)
    }

    fn phrase(&mut self, text: &str) -> Result<(), SearchError> {
        let found = words(text, TERMS_MAX);
        for word in &found {
            let count = self.searcher.doc_freq(&Term::from_field_text(self.fields.words, &word.text))?;
            self.marks.words.entry(word.text.clone()).or_insert(self.marks.weights.len());
            self.marks.weights.push(self.weight(count));
        }
        if let Some(asked) = self.together(&found.into_iter().map(|word| word.text).collect::<Vec<_>>()) {
            self.musts.push(asked);
        }
        Ok(())
    }

    fn not(&mut self, text: &str) {
        let found: Vec<String> = words(text, TERMS_MAX).into_iter().map(|word| word.text).collect();
        self.nots.extend(self.together(&found));
    }

    /// Words that stand together.
    fn together(&self, words: &[String]) -> Option<Box<dyn Asked>> {
        let mut terms: Vec<_> =
            words.iter().map(|word| Term::from_field_text(self.fields.words, word)).enumerate().collect();
        match terms.len() {
            0 => None,
            1 => terms.pop().map(|(_, term)| term_query(term)),
            _ => {
                // Words that are everywhere are skipped where others tell enough, or their places cost the time.
                let telling = words.iter().filter(|word| !self.says_nothing(word)).count();
                if telling >= 2 {
                    let mut word = words.iter();
                    terms.retain(|_| word.next().is_some_and(|word| !self.says_nothing(word)));
                }
                Some(Box::new(PhraseQuery::new_with_offset(terms)))
            }
        }
    }

    fn count(&self, terms: &[(Term, f32)]) -> Result<u64, SearchError> {
        let mut count = 0;
        for (term, _) in terms {
            count += self.searcher.doc_freq(term)?;
        }
        Ok(count)
    }

    fn want(&mut self, terms: Vec<(Term, f32)>, begins: bool) -> Result<(), SearchError> {
        let count = self.count(&terms)?;
        self.marks.weights.push(self.weight(count));
        self.wanted.push(Wanted { terms, count, begins });
        Ok(())
    }

    /// The number of the word that is wanted next.
    fn number(&self) -> usize {
        self.marks.weights.len()
    }

    /// How telling a word is that so many texts have: BM25's idf.
    #[expect(clippy::cast_precision_loss, reason = "counts of texts need no last digit")]
    fn weight(&self, count: u64) -> f32 {
        let (all, with) = (self.searcher.num_docs().max(count) as f32, count as f32);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    fn finish(mut self, query: &Query) -> Result<Option<Plan>, SearchError> {
        // Of too many words the rarest say most; those that no text has say nothing.
        self.wanted.retain(|wanted| wanted.count > 0);
        self.wanted.sort_by_key(|wanted| wanted.count);
        self.wanted.truncate(affordable(&self.wanted));
        if self.wanted.is_empty() && self.musts.is_empty() {
            return Ok(None);
        }
        let alike = self.musts.is_empty()
            && matches!(self.wanted.as_slice(), [only] if only.begins && only.count >= ALIKE_MIN);
        let postings: u64 = self.wanted.iter().map(|wanted| wanted.count).sum();
        let mut best: BTreeMap<Term, f32> = BTreeMap::new();
        for (term, boost) in self.wanted.into_iter().flat_map(|wanted| wanted.terms) {
            let known = best.entry(term).or_insert(boost);
            *known = known.max(boost);
        }
        let mut clauses: Vec<(Occur, Box<dyn Asked>)> = Vec::new();
        for (term, boost) in best {
            clauses.push((Occur::Should, boosted(term, boost)));
        }
        let required = usize::from(!clauses.is_empty() && self.musts.is_empty());
        clauses.extend(self.musts.into_iter().map(|asked| (Occur::Must, asked)));
        clauses.extend(self.nots.into_iter().map(|asked| (Occur::MustNot, asked)));
        clauses.extend(
            selective(self.searcher, self.fields, query, postings)?.map(|asked| (Occur::Must, asked)),
        );
        let asked = BooleanQuery::with_minimum_required_clauses(clauses, required);
        Ok(Some(Plan { asked: Box::new(asked), marks: self.marks, alike }))
    }
}

/// How many of these words, the rarest first, can be asked for.
fn affordable(wanted: &[Wanted]) -> usize {
    let (mut words, mut texts) = (0, 0_u64);
    let costs = wanted.iter().map(|wanted| {
        (words, texts) = (words + 1, texts.saturating_add(wanted.count));
        texts.saturating_mul(words)
    });
    let within = costs.take_while(|cost| *cost <= COST_MAX).count();
    within.clamp(WORDS_MIN, TERMS_MAX)
}

/// The languages of what is indexed, the most frequent first.
fn grammars(searcher: &Searcher, fields: &Fields) -> Result<Vec<Grammar>, SearchError> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(fields.language)?;
        let mut stream = index.terms().stream().map_err(tantivy::TantivyError::from)?;
        while let Some((code, info)) = stream.next() {
            let code = String::from_utf8_lossy(code).into_owned();
            *counts.entry(code).or_default() += u64::from(info.doc_freq);
        }
    }
    let least = searcher.num_docs() * PER_THOUSAND_MIN / 1_000;
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count >= least).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counts.iter().filter_map(|(code, _)| Grammar::of(code)).take(LANGUAGES_MAX).collect())
}

/// A filter that leaves so little that it goes first. Those that leave much are judged hit by hit, which keeps the
/// index's way of skipping what cannot be among the best.
fn selective(
    searcher: &Searcher,
    fields: &Fields,
    query: &Query,
    postings: u64,
) -> Result<Option<Box<dyn Asked>>, SearchError> {
    let one = |field: Field, word: &str| Term::from_field_text(field, word);
    let mut filters: Vec<Vec<Term>> = Vec::new();
    filters.extend(query.group.map(|group| vec![one(fields.group, &hex(&group))]));
    filters.extend(query.scope.map(|scope| vec![one(fields.scope, &hex(&scope))]));
    if let Some(owners) = &query.owners {
        filters.push(owners.iter().map(|owner| one(fields.owner, owner)).collect());
    }
    for (field, allowed) in [
        (fields.kind, query.kinds.iter().map(|kind| (*kind).to_owned()).collect()),
        (fields.role, query.roles.clone()),
    ] {
        if !allowed.is_empty() {
            filters.push(allowed.iter().map(|word: &String| one(field, word)).collect());
        }
    }
    let mut best: Option<(u64, Vec<Term>)> = None;
    for terms in filters {
        let mut count = 0;
        for term in &terms {
            count += searcher.doc_freq(term)?;
        }
        if best.as_ref().is_none_or(|(least, _)| count < *least) {
            best = Some((count, terms));
        }
    }
    let Some((_, terms)) = best.filter(|(count, _)| count.saturating_mul(SELECTIVE) < postings) else {
        return Ok(None);
    };
    let any = terms.into_iter().map(|term| (Occur::Should, basic(term))).collect();
    Ok(Some(Box::new(ConstScoreQuery::new(Box::new(BooleanQuery::new(any)), 0.0))))
}

fn basic(term: Term) -> Box<dyn Asked> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn term_query(term: Term) -> Box<dyn Asked> {
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

#[expect(clippy::float_cmp, reason = "the very number that was put there")]
fn boosted(term: Term, boost: f32) -> Box<dyn Asked> {
    let asked = term_query(term);
    if boost == 1.0 { asked } else { Box::new(BoostQuery::new(asked, boost)) }
}
