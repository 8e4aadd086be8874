//! Versions: every state of a fact, with who made it so, when and why.

use similar::{ChangeTag, TextDiff};

use super::{Fact, MemoryError};

/// Most versions of one fact; the oldest go first.
pub const VERSIONS_MAX: usize = 100;
/// Most characters of a reason.
pub const WHY_CHARS_MAX: usize = 300;

/// What was done to a fact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Deed {
    /// It is new.
    Stored,
    /// Something of it changed.
    Changed,
    /// A person read it and left it as it was.
    Confirmed,
    /// A version of it was put back.
    Restored,
    /// Somebody forgot it.
    Forgotten,
    /// It was over, and is none any more.
    Expired,
    /// Its file was changed by hand, and nobody knows by whom.
    Found,
}

/// What was done, by whom, when and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// What.
    pub deed: Deed,
    /// A principal's name, `turn ID`, `system`, or `a file`.
    pub by: String,
    /// Why, if they said so.
    pub why: String,
    /// When, in ms since 1970.
    pub at_ms: i64,
}

/// A fact as it was after something was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactVersion {
    /// Its number: 1 is the oldest.
    pub number: i64,
    /// What was done.
    pub note: Note,
    /// What it said then; of a forgotten one, what it said last.
    pub fact: Fact,
}

/// How two versions differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactDiff {
    /// What changed besides the text: name, before, after.
    pub fields: Vec<(&'static str, String, String)>,
    /// The text, piece by piece.
    pub text: Vec<(Change, String)>,
}

/// What became of a piece of text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// It is in both.
    Kept,
    /// Only the newer one has it.
    Added,
    /// Only the older one has it.
    Removed,
}

// === impl Deed ===

impl Deed {
    const ALL: [Self; 7] = [
        Self::Stored,
        Self::Changed,
        Self::Confirmed,
        Self::Restored,
        Self::Forgotten,
        Self::Expired,
        Self::Found,
    ];

    /// Its word in the store and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Changed => "changed",
            Self::Confirmed => "confirmed",
            Self::Restored => "restored",
            Self::Forgotten => "forgotten",
            Self::Expired => "expired",
            Self::Found => "found",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == word)
    }

    /// Whether the fact is none any more.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Forgotten | Self::Expired)
    }
}

// === impl Change ===

impl Change {
    /// Its word in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

// === impl Note ===

impl Note {
    pub(super) fn new(deed: Deed, by: impl Into<String>, why: &str, at_ms: i64) -> Self {
        Self { deed, by: by.into(), why: why.to_owned(), at_ms }
    }
}

/// A reason on one line.
pub(super) fn checked_why(why: &str) -> Result<String, MemoryError> {
    let why = why.trim();
    if why.chars().count() > WHY_CHARS_MAX || why.chars().any(char::is_control) {
        let text = format!("has at most {WHY_CHARS_MAX} characters, on one line");
        return Err(MemoryError::Field { field: "why", text });
    }
    Ok(why.to_owned())
}

/// How the second differs from the first. Pure.
#[must_use]
pub fn diff(from: &Fact, to: &Fact) -> FactDiff {
    let end = |fact: &Fact| fact.expires_ms.map_or_else(|| "never".to_owned(), super::last_day);
    let words = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let pairs = [
        ("category", from.category.to_string(), to.category.to_string()),
        ("tags", from.tags.join(" "), to.tags.join(" ")),
        ("confidence", from.confidence.word().to_owned(), to.confidence.word().to_owned()),
        ("expires", end(from), end(to)),
        ("pinned", words(from.pinned), words(to.pinned)),
        ("trusted", words(from.is_trusted()), words(to.is_trusted())),
    ];
    let mut text: Vec<(Change, String)> = Vec::new();
    for change in TextDiff::from_words(from.text.as_str(), to.text.as_str()).iter_all_changes() {
        let what = match change.tag() {
            ChangeTag::Equal => Change::Kept,
            ChangeTag::Insert => Change::Added,
            ChangeTag::Delete => Change::Removed,
        };
        match text.last_mut() {
            Some((last, piece)) if *last == what => piece.push_str(change.value()),
            _ => text.push((what, change.value().to_owned())),
        }
    }
    FactDiff { fields: pairs.into_iter().filter(|(_, before, after)| before != after).collect(), text }
}
