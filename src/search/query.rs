//! What is asked, and what is found.
//!
//! Words are alternatives, the more and the rarer the better; `"quoted words"` must stand together; `word*` is any word
//! that begins so; `-word` must not be there. Nothing a person types is an error: what makes no sense is a word.

use super::document::RawId;
use super::marks::Marks;

/// Most characters of a query.
pub const TEXT_CHARS_MAX: usize = 2_000;
/// Words of a query that count; of more the rarest are taken.
pub const TERMS_MAX: usize = 32;
/// As deep as pages go.
pub const WINDOW_MAX: usize = 1_000;

/// How hits are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The best first.
    #[default]
    Relevance,
    /// The newest first.
    Newest,
}

/// A question to the index of one tenant. An empty filter takes all.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// What is typed.
    pub text: String,
    /// Only of these kinds.
    pub kinds: Vec<&'static str>,
    /// Only by these roles.
    pub roles: Vec<String>,
    /// Only in this group.
    pub group: Option<RawId>,
    /// Not in this group.
    pub not_group: Option<RawId>,
    /// Only here.
    pub scope: Option<RawId>,
    /// Only what one of these owns; `None` for all.
    pub owners: Option<Vec<String>>,
    /// Made at this time or later, in milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// Made before this time.
    pub until_ms: Option<i64>,
    /// How hits are ordered.
    pub order: Order,
    /// Hits at most; more than [`WINDOW_MAX`] are never looked for.
    pub limit: usize,
}

/// Something that fits.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// What it is.
    pub kind: String,
    /// Which.
    pub id: RawId,
    /// How well it fits; figures of one search compare with each other only.
    pub score: f32,
    /// When it was made.
    pub at_ms: i64,
    /// How its source finds it, where the id does not say so.
    pub locator: String,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In order.
    pub hits: Vec<Hit>,
    /// What made them fit, for snippets.
    pub marks: Marks,
    /// Whether the time was over before everything was looked at.
    pub partial: bool,
}

/// A part of what is typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Word(String),
    Phrase(String),
    Prefix(String),
    Not(String),
}

/// Takes apart what is typed.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, quoted)) = rest.split_once(['"', '\u{201c}', '\u{201d}']) {
        plain(before, &mut found);
        let Some((phrase, after)) = quoted.split_once(['"', '\u{201c}', '\u{201d}']) else {
            rest = quoted;
            break;
        };
        if phrase.chars().any(char::is_alphanumeric) {
            found.push(Part::Phrase(phrase.to_owned()));
        }
        rest = after;
    }
    plain(rest, &mut found);
    found
}

fn plain(text: &str, found: &mut Vec<Part>) {
    for piece in text.split_whitespace() {
        let trimmed = piece.trim_matches(|c: char| !c.is_alphanumeric() && c != '*' && c != '-');
        let prefix = trimmed.strip_suffix('*').filter(|stem| stem.ends_with(char::is_alphanumeric));
        let not = piece.strip_prefix('-').filter(|word| word.starts_with(char::is_alphanumeric));
        match (not, prefix) {
            (Some(word), _) => found.push(Part::Not(word.to_owned())),
            (None, Some(word)) => found.push(Part::Prefix(word.to_owned())),
            (None, None) if piece.chars().any(char::is_alphanumeric) => {
                found.push(Part::Word(piece.to_owned()));
            }
            (None, None) => {}
        }
    }
}
