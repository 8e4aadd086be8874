//! What a text looks like as an answer.

use super::dates::says_when;
use super::question::{Asks, words};

/// Words that are numbers.
const NUMBERS: &[&str] = &[
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "dozen", "twice", "once",
    "hundred", "couple", "several",
];
/// Characters of a text that are looked at.
const CHARS_MAX: usize = 2_000;

/// Whether it has what such a question asks for.
pub(super) fn has_it(text: &str, asks: Asks) -> bool {
    let lower: String = text.chars().take(CHARS_MAX).collect::<String>().to_lowercase();
    let words = words(&lower);
    match asks {
        Asks::When => says_when(&words),
        Asks::HowMany => {
            words.iter().any(|word| NUMBERS.contains(word) || word.starts_with(|c: char| c.is_ascii_digit()))
        }
        Asks::Other => false,
    }
}

/// Whether it asks and says nothing.
pub(super) fn only_asks(text: &str) -> bool {
    let text = text.trim_end();
    text.ends_with(['?', '？']) && !text.trim_end_matches(['?', '？']).contains(['.', '!', '。', '\n', ';'])
}

/// Who says it, where the text begins with the name: `Caroline: …`.
pub(super) fn speaker(text: &str) -> Option<String> {
    let (name, _) = text.split_once(':')?;
    let fits = (1..=30).contains(&name.chars().count())
        && name.chars().next().is_some_and(char::is_uppercase)
        && name.chars().all(|c| c.is_alphabetic() || c == ' ');
    fits.then(|| name.to_lowercase())
}
