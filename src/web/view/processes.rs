//! Processes: what runs, what ran, and one of them as it runs.

use askama::Template;

use super::{Frame, filters};

/// `/processes`.
#[derive(Template)]
#[template(path = "processes.html", config = "src/web/askama.toml")]
pub struct ProcessesPage {
    /// The frame.
    pub frame: Frame,
    /// Newest first.
    pub rows: Vec<ProcessRow>,
    /// Whether there are older ones.
    pub more: bool,
    /// Whether the reader may start and end processes.
    pub may_run: bool,
    /// Commands with a name.
    pub presets: Vec<String>,
    /// Names and ids of the workspaces in whose folders a process can work.
    pub workspaces: Vec<(String, String)>,
    /// What was typed into the form.
    pub draft: ProcessDraft,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// The list alone, for a page that is open.
#[derive(Template)]
#[template(path = "processes_list.html", config = "src/web/askama.toml")]
pub struct ProcessesFragment<'a> {
    /// Newest first.
    pub rows: &'a [ProcessRow],
    /// Whether there are older ones.
    pub more: bool,
    /// Whether the reader may end processes.
    pub may_run: bool,
}

/// `/processes/{id}`.
#[derive(Template)]
#[template(path = "process.html", config = "src/web/askama.toml")]
pub struct ProcessPage {
    /// The frame.
    pub frame: Frame,
    /// Which.
    pub row: ProcessRow,
    /// The newest output, or the screen of a terminal.
    pub output: String,
    /// Whether the reader may type and end it.
    pub may_run: bool,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// One process.
#[derive(Clone, Debug)]
pub struct ProcessRow {
    /// Its id.
    pub id: String,
    /// The beginning of its task.
    pub task: String,
    /// Program and arguments.
    pub command: String,
    /// Its working folder.
    pub cwd: String,
    /// `exec`, `print` or `interactive`.
    pub kind: &'static str,
    /// `running`, `done`, `failed`, `stopped` or `interrupted`.
    pub state: &'static str,
    /// Its state for people: `Running`, `Exit code 1`, `Killed`.
    pub words: String,
    /// Whether it has ended.
    pub ended: bool,
    /// Whether it has a terminal.
    pub terminal: bool,
    /// When it was started, RFC 3339.
    pub started: String,
    /// How long it has run, or did.
    pub ran: String,
    /// Lines of its output.
    pub lines: u64,
    /// Who started it.
    pub by: String,
    /// Whose it is, in the words of who started it; may be empty.
    pub owner: String,
    /// Words to find it by.
    pub labels: Vec<String>,
}

/// What was typed into the form for a new process.
#[derive(Clone, Debug, Default)]
pub struct ProcessDraft {
    /// The line, or the task of a preset.
    pub task: String,
    /// `terminal`, or a preset's name, or nothing.
    pub how: String,
    /// The working folder.
    pub cwd: String,
}
