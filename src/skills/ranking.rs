//! Which skills a question needs: how well their words fit, times how useful they have been. Pure.

use std::collections::BTreeSet;

/// Shorter words say nothing.
const WORD_CHARS_MIN: usize = 3;
/// Words of one text that count.
const WORDS_MAX: usize = 1_000;
/// What of a question, or of a skill, is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 16 << 10;
/// Longer words are cut here.
const WORD_CHARS_MAX: usize = 40;

/// What is ranked.
pub(super) struct Candidate<'s> {
    pub(super) name: &'s str,
    pub(super) description: &'s str,
    pub(super) body: &'s str,
    /// The lower bound of how useful it is, from 0 to 1.
    pub(super) low: f64,
}

/// The candidates that fit a question, the best first: their places, and how well each fits. None that has no word of it in
/// its name or its description is among them.
pub(super) fn ranked(question: &str, candidates: &[Candidate<'_>]) -> Vec<(usize, f64)> {
    let wanted = stems(question);
    let fields: Vec<[BTreeSet<String>; 3]> =
        candidates.iter().map(|one| [one.name, one.description, one.body].map(stems)).collect();
    let count = |number: usize| u32::try_from(number).map_or(f64::MAX, f64::from);
    let rarity = |word: &String| {
        let having = fields.iter().filter(|own| own.iter().any(|field| field.contains(word))).count();
        ((1.0 + count(candidates.len())) / (1.0 + count(having))).ln() + 1.0
    };
    let wanted: Vec<(&String, f64)> = wanted.iter().map(|word| (word, rarity(word))).collect();
    let mut ranked: Vec<(usize, f64)> = Vec::new();
    for (at, (own, candidate)) in fields.iter().zip(candidates).enumerate() {
        let [name, description, body] = own;
        let is_about = wanted.iter().any(|(word, _)| name.contains(*word) || description.contains(*word));
        if !is_about {
            continue;
        }
        let fit = |word: &String| {
            let places = [(name, 3.0), (description, 2.0), (body, 1.0)];
            places.iter().filter(|(field, _)| field.contains(word)).map(|(_, weight)| weight).sum::<f64>()
        };
        let relevance: f64 = wanted.iter().map(|(word, rarity)| fit(word) * rarity).sum();
        ranked.push((at, relevance * candidate.low));
    }
    ranked.sort_by(|(a, left), (b, right)| right.total_cmp(left).then_with(|| a.cmp(b)));
    ranked
}

/// The words of a text that say something, each without its ending.
fn stems(text: &str) -> BTreeSet<String> {
    let text = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
    let words =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= WORD_CHARS_MIN);
    let words = words.map(str::to_lowercase).filter(|word| !STOP_WORDS.contains(&word.as_str()));
    words.map(|word| stem(&word).chars().take(WORD_CHARS_MAX).collect()).take(WORDS_MAX).collect()
}

/// A word without the endings of English plurals and verbs: `queries` and `query` are the same, and so are `saved` and `save`.
fn stem(word: &str) -> String {
    let ending =
        |ending: &str, kept: usize| word.strip_suffix(ending).filter(|rest| rest.chars().count() >= kept);
    if let Some(rest) = ending("ies", 2) {
        return format!("{rest}y");
    }
    let rest = ending("ing", 3).or_else(|| ending("ed", 3)).or_else(|| ending("es", 3));
    let rest = rest.or_else(|| ending("s", 3).filter(|rest| !rest.ends_with('s'))).unwrap_or(word);
    rest.strip_suffix('e').filter(|short| short.chars().count() >= WORD_CHARS_MIN).unwrap_or(rest).to_owned()
}

/// Words that are in every question and every description.
const STOP_WORDS: &[&str] = &[
    "and",
    "are",
    "but",
    "can",
    "could",
    "did",
    "does",
    "for",
    "from",
    "had",
    "has",
    "have",
    "here",
    "how",
    "into",
    "its",
    "make",
    "need",
    "not",
    "please",
    "should",
    "some",
    "somebody",
    "something",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "use",
    "used",
    "uses",
    "using",
    "want",
    "wants",
    "was",
    "were",
    "what",
    "when",
    "where",
    "which",
    "who",
    "why",
    "will",
    "with",
    "would",
    "you",
    "your",
    "der",
    "die",
    "das",
    "den",
    "dem",
    "des",
    "ein",
    "eine",
    "einen",
    "einer",
    "und",
    "oder",
    "ist",
    "sind",
    "mit",
    "von",
    "für",
    "auf",
    "wie",
    "was",
    "wer",
    "nicht",
];
