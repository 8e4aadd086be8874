//! Facts: the tab of the library, and the page of one.

use askama::Template;

use super::{Frame, filters};

/// What is remembered.
#[derive(Clone, Debug, Default)]
pub struct MemoryView {
    /// What was looked for.
    pub question: String,
    /// The facts.
    pub facts: Vec<FactRow>,
    /// Whether there are more than are shown.
    pub more: bool,
    /// What was forgotten and can be had back.
    pub gone: Vec<GoneRow>,
    /// For how many days.
    pub gone_days: i64,
    /// What keeps them.
    pub backend: &'static str,
    /// Whose facts there can be: id and name.
    pub assistants: Vec<(String, String)>,
    /// What was typed into the form for a new one.
    pub draft: FactDraft,
}

/// The form of a new fact.
#[derive(Clone, Debug, Default)]
pub struct FactDraft {
    /// Its name.
    pub key: String,
    /// What it says.
    pub text: String,
    /// Whether it is in every prompt.
    pub core: bool,
    /// Words to find it by.
    pub tags: String,
    /// Whose it is; empty for every assistant.
    pub assistant: String,
    /// The word of how sure it is.
    pub confidence: String,
    /// Its last day; empty for none.
    pub expires: String,
    /// Whether prompts always have it.
    pub pinned: bool,
}

/// One fact.
#[derive(Clone, Debug)]
pub struct FactRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub key: String,
    /// The word of its kind.
    pub category: &'static str,
    /// What it says.
    pub text: String,
    /// Words to find it by, apart by spaces.
    pub tags: String,
    /// Whose it is, and where, in words.
    pub of: String,
    /// Who stored it, in words.
    pub by: String,
    /// Whether prompts may have it as it is.
    pub trusted: bool,
    /// When it was changed, RFC 3339.
    pub changed: String,
    /// Stands for this text.
    pub version: i64,
    /// The word of how sure it is.
    pub confidence: &'static str,
    /// Its last day; empty for none.
    pub expires: String,
    /// Whether that is past.
    pub expired: bool,
    /// Whether prompts always have it.
    pub pinned: bool,
}

/// A fact that was forgotten.
#[derive(Clone, Debug)]
pub struct GoneRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub key: String,
    /// What it said.
    pub text: String,
    /// Who forgot it, in words.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// `/library/memory/{id}`: what a fact said before.
#[derive(Template)]
#[template(path = "fact.html", config = "src/web/askama.toml")]
pub struct FactPage {
    /// The frame.
    pub frame: Frame,
    /// Its id.
    pub id: String,
    /// What it says now; `None` when it is forgotten.
    pub version: Option<i64>,
    /// Its versions, the newest first.
    pub versions: Vec<VersionRow>,
    /// Where the chat is in which it was kept.
    pub origin: Option<String>,
    /// What the last form did.
    pub notice: Option<&'static str>,
}

/// A version of a fact.
#[derive(Clone, Debug)]
pub struct VersionRow {
    /// Its number.
    pub number: i64,
    /// What was done, in a word.
    pub deed: &'static str,
    /// By whom, in words.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why.
    pub why: String,
    /// What changed besides the text, in words.
    pub fields: Vec<String>,
    /// The text, with what came and went since the version before: the word of it, and the piece.
    pub text: Vec<(&'static str, String)>,
    /// Whether it can be put back.
    pub can_return: bool,
}

impl FactDraft {
    /// The words of how sure something is.
    pub const CONFIDENCES: &'static [&'static str] = &["certain", "likely", "unsure", "doubtful"];
}
