//! The library: what assistants are told, remember and can look up.

use askama::Template;

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
    Memory(MemoryView),
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

/// What is remembered.
#[derive(Clone, Debug, Default)]
pub struct MemoryView {
    /// What was looked for.
    pub question: String,
    /// The facts.
    pub facts: Vec<FactRow>,
    /// Whether there are more than are shown.
    pub more: bool,
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
