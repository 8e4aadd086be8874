//! The library: what assistants are told, remember and can look up.

use askama::Template;

pub use super::facts::{FactDraft, FactRow, GoneRow, MemoryView};
use super::{Frame, filters};

/// `/library`.
#[derive(Template)]
#[template(path = "library.html", config = "src/web/askama.toml")]
pub struct LibraryPage {
    /// The frame.
    pub frame: Frame,
    /// Which tab is open: a word of [`LibraryPage::TABS`].
    pub tab: &'static str,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
    /// What the open tab shows.
    pub shown: LibraryShown,
}

/// What a tab shows.
#[derive(Clone, Debug)]
pub enum LibraryShown {
    /// The files of every assistant.
    Files(Vec<FilesView>),
    /// Facts, and the form for one more.
    Memory(Box<MemoryView>),
    /// Skills of the home, and those of a workspace.
    Skills(SkillsView),
}

/// The files of one assistant.
#[derive(Clone, Debug)]
pub struct FilesView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// All six.
    pub files: Vec<FileRow>,
}

/// One of the six files.
#[derive(Clone, Debug)]
pub struct FileRow {
    /// Its name.
    pub name: &'static str,
    /// What belongs into it.
    pub purpose: &'static str,
    /// Its length in words; `None` when nobody wrote it.
    pub length: Option<String>,
    /// Whether a prompt has its beginning only.
    pub cut: bool,
    /// When it was changed, RFC 3339.
    pub changed: Option<String>,
}

/// What can be looked up.
#[derive(Clone, Debug, Default)]
pub struct SkillsView {
    /// Of the home.
    pub home: Vec<SkillRow>,
    /// Of workspaces that have some.
    pub workspaces: Vec<(String, Vec<SkillRow>)>,
    /// What was typed into the form for a new one.
    pub draft: String,
}

/// One skill.
#[derive(Clone, Debug)]
pub struct SkillRow {
    /// The address of its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// What it is for, or why it is none.
    pub description: String,
    /// The word of whether it counts.
    pub state: &'static str,
    /// How useful it has been, in words.
    pub score: String,
    /// When it was changed, RFC 3339.
    pub changed: String,
}

/// A text to read and change: an agent file, or a skill.
#[derive(Template)]
#[template(path = "library_text.html", config = "src/web/askama.toml")]
pub struct LibraryTextPage {
    /// The frame.
    pub frame: Frame,
    /// The tab that leads here: its address and its name.
    pub back: (&'static str, &'static str),
    /// What it is.
    pub purpose: String,
    /// Where the form goes.
    pub action: String,
    /// The text.
    pub text: String,
    /// Most characters of it.
    pub chars_max: usize,
    /// Stands for the text that was read.
    pub version: i64,
    /// Whether it can be changed here.
    pub editable: bool,
    /// What is good to know about it.
    pub hint: String,
    /// More about a skill.
    pub skill: Option<SkillDetail>,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// What can be done with a skill.
#[derive(Clone, Debug)]
pub struct SkillDetail {
    /// The word of whether it counts.
    pub state: &'static str,
    /// Why it is none.
    pub problem: Option<String>,
    /// What is beside it: path and length in words.
    pub files: Vec<(String, String)>,
    /// Its workspace's id; empty for the home.
    pub workspace: String,
    /// How useful it has been, in words.
    pub score: String,
    /// The experiment that it was learnt from; empty for none.
    pub origin: String,
    /// What came of it.
    pub outcomes: Vec<OutcomeRow>,
    /// What it said before, the newest first.
    pub versions: Vec<SkillVersionRow>,
}

/// Something that came of using a skill.
#[derive(Clone, Debug)]
pub struct OutcomeRow {
    /// Where it is known from, in words.
    pub from: &'static str,
    /// The word of whether it went well.
    pub state: &'static str,
    /// When, RFC 3339.
    pub at: String,
}

/// A text of a skill.
#[derive(Clone, Debug)]
pub struct SkillVersionRow {
    /// Its number.
    pub number: i64,
    /// What was done, in a word.
    pub deed: &'static str,
    /// By whom, in words.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
    /// Whether it can be put back.
    pub can_return: bool,
}

impl LibraryPage {
    /// The tabs: word and label.
    pub const TABS: &'static [(&'static str, &'static str)] =
        &[("files", "Files"), ("memory", "Memory"), ("skills", "Skills")];
}

impl SkillDetail {
    /// Whether it can be turned off; else it can be turned on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.state == "on"
    }
}
