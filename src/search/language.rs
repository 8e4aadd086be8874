//! Words of a text: how it is split, folded and brought to its stems.
//!
//! Letters lose case and accents, `'s` is cut, `don't` is one word. Scripts without spaces are split into pairs of
//! characters. A text is stemmed as its language has it; one that is too short to tell, as its script suggests. What is
//! found depends on all of this, so a change here is a new [`super::schema::VERSION`].

use std::collections::HashMap;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, RawTokenizer, Stemmer, StopWordFilter, TextAnalyzer, TokenStream as _,
};
use whatlang::{Detector, Lang, Script};

/// Longest word, in characters; what is longer is cut.
pub(super) const WORD_CHARS_MAX: usize = 48;
/// A text of fewer bytes does not show its language.
const TELLING_BYTES: usize = 24;
/// No more than this is looked at to tell a language.
const LOOKED_AT_BYTES: usize = 2_000;

/// Languages with a stemmer, their word in the index, and their name in the detector.
const LANGUAGES: &[(Lang, Language, &str)] = &[
    (Lang::Eng, Language::English, "en"),
    (Lang::Deu, Language::German, "de"),
    (Lang::Fra, Language::French, "fr"),
    (Lang::Spa, Language::Spanish, "es"),
    (Lang::Ita, Language::Italian, "it"),
    (Lang::Por, Language::Portuguese, "pt"),
    (Lang::Nld, Language::Dutch, "nl"),
    (Lang::Dan, Language::Danish, "da"),
    (Lang::Swe, Language::Swedish, "sv"),
    (Lang::Nob, Language::Norwegian, "no"),
    (Lang::Fin, Language::Finnish, "fi"),
    (Lang::Hun, Language::Hungarian, "hu"),
    (Lang::Ron, Language::Romanian, "ro"),
    (Lang::Rus, Language::Russian, "ru"),
    (Lang::Ell, Language::Greek, "el"),
    (Lang::Tur, Language::Turkish, "tr"),
    (Lang::Ara, Language::Arabic, "ar"),
    (Lang::Tam, Language::Tamil, "ta"),
];

/// A word of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    /// Folded.
    pub(super) text: String,
    /// Where it starts, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Whether it is a pair of characters of a script without spaces.
    pub(super) pair: bool,
}

/// How a language forms words.
pub(super) struct Grammar {
    code: &'static str,
    language: Language,
    /// Made when it is asked for the first time: it takes as long as some hundred stems.
    stop: Option<TextAnalyzer>,
    stemmer: TextAnalyzer,
}

/// Grammars that were used before: making one takes as long as reading a text.
#[derive(Default)]
pub(super) struct Grammars(HashMap<&'static str, Grammar>);

/// The code of the language of a text; `None` when no stemmer fits it.
pub(super) fn language_of(text: &str) -> Option<&'static str> {
    let mut end = text.len().min(LOOKED_AT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default();
    if text.len() >= TELLING_BYTES {
        let known = LANGUAGES.iter().map(|(lang, ..)| *lang).collect();
        let found = Detector::with_allowlist(known).detect(text).filter(whatlang::Info::is_reliable);
        if let Some(found) = found {
            return LANGUAGES.iter().find(|(lang, ..)| *lang == found.lang()).map(|(_, _, code)| *code);
        }
    }
    match whatlang::detect_script(text)? {
        Script::Latin => Some("en"),
        Script::Cyrillic => Some("ru"),
        Script::Greek => Some("el"),
        Script::Arabic => Some("ar"),
        Script::Tamil => Some("ta"),
        _ => None,
    }
}

// === impl Grammar ===

impl Grammar {
    /// The grammar of a language with this code.
    pub(super) fn of(code: &str) -> Option<Self> {
        let (_, language, code) = LANGUAGES.iter().find(|(.., known)| *known == code)?;
        let stemmer = TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(*language)).build();
        Some(Self { code, language: *language, stop: None, stemmer })
    }

    /// Its code.
    pub(super) const fn code(&self) -> &'static str {
        self.code
    }

    /// Whether a folded word is in so many texts that it says nothing.
    pub(super) fn is_stop_word(&mut self, word: &str) -> bool {
        let language = self.language;
        let stop = self.stop.get_or_insert_with(|| {
            let raw = TextAnalyzer::builder(RawTokenizer::default());
            match StopWordFilter::new(language) {
                Some(filter) => raw.filter(filter).build(),
                None => raw.build(),
            }
        });
        !stop.token_stream(word).advance()
    }

    /// The stem of a folded word.
    pub(super) fn stem(&mut self, word: &str) -> String {
        let mut stream = self.stemmer.token_stream(word);
        if stream.advance() { stream.token().text.clone() } else { word.to_owned() }
    }
}

// === impl Grammars ===

impl Grammars {
    /// The grammar of a language with this code.
    pub(super) fn of(&mut self, code: &str) -> Option<&mut Grammar> {
        let (.., code) = LANGUAGES.iter().find(|(.., known)| *known == code)?;
        if !self.0.contains_key(code) {
            self.0.insert(code, Grammar::of(code)?);
        }
        self.0.get_mut(code)
    }
}

/// The words of a text, in order, as far as `words_max`.
pub(super) fn words(text: &str, words_max: usize) -> Vec<Word> {
    let mut splitter = Splitter { words_max, found: Vec::new() };
    splitter.split(text);
    let mut found = splitter.found;
    for word in &mut found {
        if !word.text.is_ascii() {
            word.text = folded(&word.text);
        }
    }
    found
}

/// Latin letters without their accents.
fn folded(word: &str) -> String {
    let mut analyzer = TextAnalyzer::builder(RawTokenizer::default()).filter(AsciiFoldingFilter).build();
    let mut stream = analyzer.token_stream(word);
    if stream.advance() { stream.token().text.clone() } else { word.to_owned() }
}

/// Whether a script writes its words without spaces between them.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{0e00}'..='\u{0eff}' | '\u{1780}'..='\u{17ff}' | '\u{1000}'..='\u{109f}' | '\u{20000}'..='\u{3134f}')
}

/// Accents that stand after their letter.
const fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

struct Splitter {
    words_max: usize,
    found: Vec<Word>,
}

// === impl Splitter ===

impl Splitter {
    fn split(&mut self, text: &str) {
        let mut chars = text.char_indices().peekable();
        while let Some(&(start, c)) = chars.peek() {
            if self.found.len() >= self.words_max {
                return;
            }
            if is_unspaced(c) {
                self.pairs(&mut chars);
            } else if c.is_alphanumeric() {
                self.word(start, &mut chars, text);
            } else {
                chars.next();
            }
        }
    }

    /// A run of a script without spaces: its pairs, or its only character.
    fn pairs(&mut self, chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>) {
        let mut before: Option<(usize, char)> = None;
        let mut alone = true;
        while let Some(&(at, c)) = chars.peek().filter(|(_, c)| is_unspaced(*c)) {
            chars.next();
            if let Some((start, first)) = before {
                alone = false;
                let text = [first, c].iter().collect();
                self.found.push(Word { text, start, end: at + c.len_utf8(), pair: true });
            }
            before = Some((at, c));
            if self.found.len() >= self.words_max {
                return;
            }
        }
        if let (true, Some((start, only))) = (alone, before) {
            let end = start + only.len_utf8();
            self.found.push(Word { text: only.to_string(), start, end, pair: true });
        }
    }

    fn word(&mut self, start: usize, chars: &mut std::iter::Peekable<std::str::CharIndices<'_>>, text: &str) {
        let (mut start, mut end) = (start, start);
        let (mut word, mut length) = (String::new(), 0);
        while let Some(&(at, c)) = chars.peek() {
            if c.is_alphanumeric() && !is_unspaced(c) {
                if length < WORD_CHARS_MAX {
                    word.extend(c.to_lowercase().filter(|c| !is_combining(*c)));
                }
                (length, end) = (length + 1, at + c.len_utf8());
            } else if matches!(c, '\'' | '\u{2019}') {
                let rest = text.get(at + c.len_utf8()..).unwrap_or_default();
                let mut after = rest.chars();
                let next = after.next().filter(|next| next.is_alphanumeric());
                if next.is_none() {
                    break;
                }
                let possessive =
                    matches!(next, Some('s' | 'S')) && !after.next().is_some_and(char::is_alphanumeric);
                if possessive {
                    chars.next();
                    chars.next();
                    break;
                }
                // L'amour, d'accord, qu'il: the word is what follows.
                if length == 1 || word == "qu" {
                    (start, length) = (at + c.len_utf8(), 0);
                    word.clear();
                }
            } else if !is_combining(c) {
                break;
            }
            chars.next();
        }
        if !word.is_empty() {
            self.found.push(Word { text: word, start, end, pair: false });
        }
    }
}
