//! What somebody asks: the time in it, and what kind of answer it wants.

use super::dates::{Window, named};

/// What the answer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asks {
    When,
    HowMany,
    Other,
}

/// A question, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// What the index is asked.
    pub(super) text: String,
    /// The time that it names.
    pub(super) window: Option<Window>,
    pub(super) asks: Asks,
}

/// Words that begin a question.
const OPENERS: &[&str] = &[
    "what", "who", "whom", "whose", "when", "where", "which", "why", "how", "do", "does", "did", "is", "are",
    "was", "were", "has", "have", "had", "can", "could", "will", "would", "should", "whats", "wheres",
    "whos",
];
/// Characters of a question that count. What a person pastes below it is no part of it.
const CHARS_MAX: usize = 1_000;
/// Words of a question at least; fewer are words to look for.
const WORDS_MIN: usize = 3;

// === impl Question ===

impl Question {
    /// Takes a text apart, said at this time.
    #[must_use]
    pub fn of(text: &str, now_ms: i64) -> Self {
        let text: String = text.chars().take(CHARS_MAX).collect();
        let lower = text.to_lowercase();
        let words = words(&lower);
        let asks = match words.as_slice() {
            ["when", ..] | ["what" | "which", "day" | "date" | "month" | "year" | "time", ..] => Asks::When,
            ["how", "many" | "much" | "long" | "often" | "old", ..] => Asks::HowMany,
            _ if words.windows(2).any(|pair| pair == ["how", "many"]) => Asks::HowMany,
            _ => Asks::Other,
        };
        let window = named(&words, now_ms);
        // What an operator would be in a query is a sign like any other here.
        let plain = text.replace(['"', '*', '\u{201c}', '\u{201d}'], " ").replace(" -", " ");
        Self { text: plain, window, asks }
    }

    /// Whether somebody asks in words, and does not look for words.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        let operators = text.contains(['"', '*', '\u{201c}', '\u{201d}'])
            || text.split_whitespace().any(|w| w.starts_with('-'));
        let lower = text.to_lowercase();
        let words = words(&lower);
        let opens = words.first().is_some_and(|first| OPENERS.contains(first));
        !operators && words.len() >= WORDS_MIN && (opens || text.trim_end().ends_with(['?', '？']))
    }
}

/// The words of a text as they are.
pub(super) fn words(text: &str) -> Vec<&str> {
    let sides = |c: char| !c.is_alphanumeric();
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '/' | '('))
        .map(|word| word.trim_matches(sides))
        .filter(|word| !word.is_empty())
        .collect()
}
