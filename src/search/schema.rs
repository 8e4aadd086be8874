//! The fields of the index.

use tantivy::schema::{
    BytesOptions, FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::store::Compressor;
use tantivy::{IndexSettings, IndexSortByField, Order, TantivyDocument, Term};

use super::document::{Document, RawId};
use super::language::{Grammars, language_of, words};

/// Of the fields and of how words are made. An index of another one is made anew.
pub(super) const VERSION: u32 = 1;
/// Words of one text that are indexed; what comes after them is not found.
pub(super) const WORDS_MAX: usize = 200_000;

/// The fields by name.
#[derive(Clone)]
pub(super) struct Fields {
    pub(super) schema: Schema,
    /// The id, for deletion.
    pub(super) id: Field,
    pub(super) group: Field,
    pub(super) kind: Field,
    pub(super) scope: Field,
    pub(super) owner: Field,
    pub(super) role: Field,
    pub(super) language: Field,
    /// Folded words with their places.
    pub(super) words: Field,
    /// Stems, without stop words.
    pub(super) stems: Field,
    /// Who said it.
    pub(super) names: Field,
    high: Field,
    low: Field,
    at: Field,
    pub(super) locator: Field,
}

/// Names of the columns that are read by name.
pub(super) const HIGH: &str = "high";
pub(super) const LOW: &str = "low";
pub(super) const AT: &str = "at";
pub(super) const KIND: &str = "kind";
pub(super) const GROUP: &str = "group";
pub(super) const SCOPE: &str = "scope";
pub(super) const OWNER: &str = "owner";
pub(super) const ROLE: &str = "role";

/// Newest first within each segment, so that the newest hits are the first ones.
pub(super) fn settings() -> IndexSettings {
    IndexSettings {
        sort_by_field: Some(IndexSortByField { field: AT.to_owned(), order: Order::Desc }),
        docstore_compression: Compressor::Lz4,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

// === impl Fields ===

impl Fields {
    /// The fields of this version.
    pub(super) fn new() -> Self {
        let mut builder = Schema::builder();
        let filter = STRING | FAST;
        let text = |with: IndexRecordOption| {
            // Words come ready made: the tokenizer is never asked.
            TextOptions::default().set_indexing_options(
                TextFieldIndexing::default().set_tokenizer("raw").set_index_option(with),
            )
        };
        Self {
            id: builder.add_bytes_field("id", BytesOptions::default().set_indexed()),
            group: builder.add_text_field(GROUP, filter.clone()),
            kind: builder.add_text_field(KIND, filter.clone()),
            scope: builder.add_text_field(SCOPE, filter.clone()),
            owner: builder.add_text_field(OWNER, filter.clone()),
            role: builder.add_text_field(ROLE, filter),
            language: builder.add_text_field("language", STRING),
            words: builder.add_text_field("words", text(IndexRecordOption::WithFreqsAndPositions)),
            stems: builder.add_text_field("stems", text(IndexRecordOption::WithFreqs)),
            names: builder.add_text_field("names", text(IndexRecordOption::WithFreqs)),
            high: builder.add_u64_field(HIGH, FAST),
            low: builder.add_u64_field(LOW, FAST),
            at: builder.add_i64_field(AT, FAST),
            locator: builder.add_text_field("locator", STORED),
            schema: builder.build(),
        }
    }

    /// What deletes the document with this id.
    pub(super) fn term_of(&self, id: &RawId) -> Term {
        Term::from_field_bytes(self.id, id)
    }

    /// A document as the index takes it.
    pub(super) fn document(&self, from: &Document, grammars: &mut Grammars) -> TantivyDocument {
        let mut made = TantivyDocument::default();
        let (high, low) = halves(&from.key.id);
        made.add_bytes(self.id, &from.key.id);
        made.add_u64(self.high, high);
        made.add_u64(self.low, low);
        made.add_i64(self.at, from.at_ms);
        made.add_text(self.kind, from.key.kind);
        made.add_text(self.owner, &from.owner);
        made.add_text(self.role, &from.role);
        if let Some(group) = &from.group {
            made.add_text(self.group, hex(group));
        }
        if let Some(scope) = &from.scope {
            made.add_text(self.scope, hex(scope));
        }
        if !from.locator.is_empty() {
            made.add_text(self.locator, &from.locator);
        }
        self.add_words(&mut made, from, grammars);
        made
    }

    fn add_words(&self, made: &mut TantivyDocument, from: &Document, grammars: &mut Grammars) {
        let code = language_of(&from.text);
        made.add_text(self.language, code.unwrap_or("-"));
        let mut grammar = code.and_then(|code| grammars.of(code));
        let (mut plain, mut stems) = (Ready::default(), Ready::default());
        for (at, word) in words(&from.text, WORDS_MAX).into_iter().enumerate() {
            match grammar.as_mut().filter(|_| !word.pair) {
                Some(grammar) => {
                    if !grammar.is_stop_word(&word.text) {
                        stems.push(at, grammar.stem(&word.text));
                    }
                }
                None => stems.push(at, word.text.clone()),
            }
            plain.push(at, word.text);
        }
        let mut names = Ready::default();
        for (at, word) in words(&from.author, WORDS_MAX).into_iter().enumerate() {
            names.push(at, word.text);
        }
        made.add_pre_tokenized_text(self.words, plain.0);
        made.add_pre_tokenized_text(self.stems, stems.0);
        made.add_pre_tokenized_text(self.names, names.0);
    }
}

/// Words that the index takes as they are.
struct Ready(tantivy::tokenizer::PreTokenizedString);

impl Default for Ready {
    fn default() -> Self {
        Self(tantivy::tokenizer::PreTokenizedString { text: String::new(), tokens: Vec::new() })
    }
}

impl Ready {
    fn push(&mut self, position: usize, text: String) {
        let token = tantivy::tokenizer::Token { text, position, ..tantivy::tokenizer::Token::default() };
        self.0.tokens.push(token);
    }
}

/// An id as two numbers, which are small columns.
pub(super) fn halves(id: &RawId) -> (u64, u64) {
    let whole = u128::from_be_bytes(*id);
    ((whole >> 64) as u64, whole as u64)
}

/// The id of two numbers.
pub(super) const fn joined(high: u64, low: u64) -> RawId {
    (((high as u128) << 64) | low as u128).to_be_bytes()
}

/// An id as a word.
pub(super) fn hex(id: &RawId) -> String {
    format!("{:032x}", u128::from_be_bytes(*id))
}
