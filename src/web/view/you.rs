//! What is known about the person who looks.

use askama::Template;

use super::{Frame, filters};

/// `/you`.
#[derive(Template)]
#[template(path = "you.html", config = "src/web/askama.toml")]
pub struct YouPage {
    /// The frame.
    pub frame: Frame,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
    /// The word of how much is noticed.
    pub privacy: &'static str,
    /// Whether prompts are told.
    pub injection: bool,
    /// Whether what is known can be opened.
    pub readable: bool,
    /// Topics, what counts most first.
    pub topics: Vec<TopicRow>,
    /// Questions, and their average length; `None` without patterns.
    pub patterns: Option<PatternsView>,
    /// What the person says about themselves: number and text.
    pub preferences: Vec<(u32, String)>,
    /// Topics that the person took out.
    pub muted: Vec<String>,
    /// What the next prompt would be told.
    pub told: String,
    /// Stands for what the person decided and wrote.
    pub version: i64,
    /// Whether the library is theirs to see.
    pub library: bool,
}

/// A topic.
#[derive(Clone, Debug)]
pub struct TopicRow {
    /// Its word.
    pub word: String,
    /// Messages that had it.
    pub count: u32,
    /// When the last one was, RFC 3339.
    pub last: String,
    /// Whether the person wrote or changed it.
    pub edited: bool,
}

/// Patterns.
#[derive(Clone, Debug)]
pub struct PatternsView {
    /// Questions.
    pub queries: u32,
    /// Their average length in characters.
    pub chars: String,
    /// Hours in which there were some: hour and how many.
    pub hours: Vec<(String, u32)>,
}

impl YouPage {
    /// The levels: word and what is noticed.
    pub const LEVELS: &'static [(&'static str, &'static str)] = &[
        ("full", "Topics, and how many questions of which length at which hours"),
        ("limited", "Topics only"),
        ("none", "Nothing"),
    ];
}
