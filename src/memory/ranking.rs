//! Words of a question, and how well a fact fits them.

use super::Fact;

/// Words of a question that count.
const WORDS_MAX: usize = 16;
/// Shorter words say nothing.
const WORD_CHARS_MIN: usize = 2;

/// The words of a question, in lower case, each once.
pub(super) fn words(question: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in question.split(|c: char| !c.is_alphanumeric()) {
        let word = word.to_lowercase();
        if word.chars().count() >= WORD_CHARS_MIN && !words.contains(&word) {
            words.push(word);
        }
    }
    words.truncate(WORDS_MAX);
    words
}

/// How well a fact fits: more different words first, a word of the key or a tag counts more than one of the text.
/// 0 when no word fits.
pub(super) fn score(fact: &Fact, words: &[String]) -> u32 {
    let (key, text) = (fact.key.to_lowercase(), fact.text.to_lowercase());
    let tags: Vec<String> = fact.tags.iter().map(|tag| tag.to_lowercase()).collect();
    words.iter().map(|word| word_score(word, &key, &tags, &text)).sum()
}

fn word_score(word: &str, key: &str, tags: &[String], text: &str) -> u32 {
    let begins = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word));
    let mut score = 0;
    if begins(key) {
        score += 4;
    }
    if tags.iter().any(|tag| begins(tag)) {
        score += 2;
    }
    if begins(text) {
        score += 1;
    }
    // Ten different words beat one word in every place.
    if score > 0 { score + 10 } else { 0 }
}
