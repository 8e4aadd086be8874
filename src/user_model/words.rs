//! Topics of a text: its words, without those that say nothing and without what somebody else wrote. Pure.

use std::collections::BTreeSet;

/// Shorter words are no topics.
pub const WORD_CHARS_MIN: usize = 4;
/// Longer ones are none either.
pub const WORD_CHARS_MAX: usize = 40;
/// Different words of one message that count, in its order.
pub const WORDS_PER_MESSAGE_MAX: usize = 50;
/// What of a message is looked at, in bytes.
const TEXT_BYTES_MAX: usize = 32 << 10;
/// The longest piece without a blank that is looked at, in bytes.
const PIECE_BYTES_MAX: usize = 200;

/// Words that say nothing about whoever writes them, in English and German.
#[rustfmt::skip]
const STOP_WORDS: &[&str] = &[
    "aber", "able", "about", "above", "actually", "after", "again", "against", "alle", "allem", "allen", "alles",
    "also", "always", "andere", "anderen", "another", "answer", "anything", "around", "auch", "away", "because",
    "been", "before", "begin", "beim", "being", "below", "better", "between", "bitte", "both", "bring", "called",
    "came", "cannot", "change", "check", "come", "comes", "could", "create", "damit", "danach", "danke", "dann",
    "darf", "dass", "dein", "deine", "deinen", "denen", "denn", "deren", "deshalb", "dich", "didn", "diese", "diesem",
    "diesen", "dieser", "dieses", "different", "doch", "does", "doesn", "doing", "done", "dort", "down", "durch",
    "during", "each", "eine", "einem", "einen", "einer", "eines", "einfach", "either", "else", "enough", "erst",
    "etwa", "etwas", "euch", "euer", "even", "ever", "every", "everything", "example", "explain", "falls", "fast",
    "find", "first", "following", "found", "from", "further", "ganz", "geben", "gegen", "geht", "getting", "gibt",
    "give", "given", "gives", "goes", "going", "good", "gute", "guten", "habe", "haben", "hallo", "hast", "hatte",
    "hatten", "have", "haven", "having", "hello", "help", "here", "hers", "herself", "hier", "himself", "hinter",
    "idea", "ihnen", "ihre", "ihrem", "ihren", "ihrer", "immer", "instead", "into", "itself", "jede", "jedem",
    "jeden", "jeder", "jedes", "jedoch", "jetzt", "just", "kann", "kannst", "keep", "kein", "keine", "keinem",
    "keinen", "keiner", "kind", "know", "known", "konnte", "last", "later", "least", "less", "like", "line", "list",
    "little", "long", "look", "looks", "made", "make", "makes", "making", "many", "mehr", "mein", "meine", "meinem",
    "meinen", "meiner", "mich", "might", "more", "most", "much", "muss", "must", "myself", "nach", "name", "need",
    "needs", "never", "next", "nicht", "nichts", "noch", "nothing", "number", "oben", "oder", "ohne", "okay", "once",
    "only", "other", "others", "ours", "over", "part", "people", "please", "point", "possible", "question", "quite",
    "rather", "really", "right", "said", "same", "says", "schon", "sehr", "sein", "seine", "seinem", "seinen",
    "seiner", "seit", "selbst", "should", "show", "sich", "sicher", "simple", "since", "sind", "sogar", "solche",
    "soll", "sollte", "some", "someone", "something", "sometimes", "somit", "sondern", "sonst", "soon", "sorry",
    "still", "such", "sure", "take", "takes", "tell", "text", "than", "thank", "thanks", "that", "their", "theirs",
    "them", "then", "there", "these", "they", "thing", "things", "think", "this", "those", "though", "through",
    "time", "times", "today", "together", "trotz", "true", "trying", "turn", "under", "unser", "unsere", "unter",
    "until", "used", "uses", "using", "usually", "very", "viel", "viele", "vielen", "vielleicht", "want", "wants",
    "waren", "warum", "wasn", "weil", "welche", "welchem", "welchen", "welcher", "welches", "well", "wenig", "wenn",
    "went", "werde", "werden", "were", "what", "whatever", "when", "where", "whether", "which", "while", "whole",
    "whom", "whose", "wieder", "will", "wird", "wirklich", "with", "within", "without", "wohl", "wollen", "word",
    "words", "work", "works", "world", "would", "write", "wrong", "wurde", "wurden", "year", "yesterday", "your",
    "yours", "yourself", "zeigen", "ziemlich", "zwei", "zwischen",
];

/// The topics of a message, each once, in its order.
///
/// Left out are lines that quote (`>`), code between fences and in backquotes, and whatever is no plain word: addresses,
/// paths, numbers, names with digits. Those are mostly somebody else's words, and pasted.
#[must_use]
pub fn topics(text: &str) -> Vec<String> {
    let text = text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or_default();
    let (mut found, mut known, mut in_code) = (Vec::new(), BTreeSet::new(), false);
    for line in text.lines() {
        let line = line.trim_start();
        if line.starts_with("```") || line.starts_with("~~~") {
            in_code = !in_code;
            continue;
        }
        if in_code || line.starts_with('>') {
            continue;
        }
        let own = line.split('`').step_by(2);
        for word in own.flat_map(str::split_whitespace).filter_map(topic) {
            if found.len() >= WORDS_PER_MESSAGE_MAX {
                return found;
            }
            if known.insert(word.clone()) {
                found.push(word);
            }
        }
    }
    found
}

/// The topic that a piece of a line is; punctuation around it is none of it.
fn topic(piece: &str) -> Option<String> {
    if piece.len() > PIECE_BYTES_MAX {
        return None;
    }
    let word = piece.trim_matches(|c: char| !c.is_alphanumeric());
    checked_topic(word.strip_suffix("'s").or_else(|| word.strip_suffix("\u{2019}s")).unwrap_or(word))
}

/// A word as a topic: letters, with hyphens between them, in lower case; `None` for what is none.
#[must_use]
pub(super) fn checked_topic(word: &str) -> Option<String> {
    let word = word.to_lowercase();
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let is_plain = word.split('-').all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic));
    let fits = (WORD_CHARS_MIN..=WORD_CHARS_MAX).contains(&letters) && word.chars().count() <= WORD_CHARS_MAX;
    (is_plain && fits && STOP_WORDS.binary_search(&word.as_str()).is_err()).then_some(word)
}
