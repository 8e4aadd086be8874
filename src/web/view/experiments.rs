//! Experiments: what is tried out, and one of them with its iterations.

use askama::Template;

use super::{Frame, filters};

/// `/experiments`.
#[derive(Template)]
#[template(path = "experiments.html", config = "src/web/askama.toml")]
pub struct ExperimentsPage {
    /// The frame.
    pub frame: Frame,
    /// Newest first.
    pub rows: Vec<ExperimentRow>,
    /// Whether the reader may make and end experiments.
    pub may_run: bool,
    /// Names and ids of the workspaces.
    pub workspaces: Vec<(String, String)>,
    /// What can be tried out.
    pub kinds: Vec<&'static str>,
    /// What was typed into the form.
    pub draft: ExperimentDraft,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// The list alone, for a page that is open.
#[derive(Template)]
#[template(path = "experiments_list.html", config = "src/web/askama.toml")]
pub struct ExperimentsFragment {
    /// Newest first.
    pub rows: Vec<ExperimentRow>,
}

/// `/experiments/{id}`.
#[derive(Template)]
#[template(path = "experiment.html", config = "src/web/askama.toml")]
pub struct ExperimentPage {
    /// The frame.
    pub frame: Frame,
    /// What changes while it runs.
    pub shown: ExperimentFragment,
    /// The settings, as people write them.
    pub settings: String,
    /// What an iteration changed, if one was asked for: its number and the text.
    pub diff: Option<(u32, String)>,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// One experiment as it is now.
#[derive(Template)]
#[template(path = "experiment_live.html", config = "src/web/askama.toml")]
pub struct ExperimentFragment {
    /// Which.
    pub row: ExperimentRow,
    /// Its iterations.
    pub iterations: Vec<IterationRow>,
    /// The chart of scores: an SVG that the server made.
    pub chart: String,
    /// What was measured on the untouched workspace.
    pub baseline: String,
    /// Whether the reader may end it and take it back.
    pub may_run: bool,
    /// Whether the reader may answer at the gate.
    pub may_decide: bool,
}

/// One experiment.
#[derive(Clone, Debug)]
pub struct ExperimentRow {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What is wanted.
    pub goal: String,
    /// What is tried out.
    pub kind: &'static str,
    /// The chip.
    pub state: &'static str,
    /// What the chip says.
    pub words: String,
    /// The last iteration, and how many there may be.
    pub tried: (u32, u32),
    /// The score that counts.
    pub score: String,
    /// How it ended, in words.
    pub summary: String,
    /// When it was made.
    pub at: String,
    /// Whether it can be started.
    pub is_new: bool,
    /// Whether it runs.
    pub is_live: bool,
    /// Whether a person is asked.
    pub is_asked: bool,
    /// Whether it can be taken back.
    pub is_applied: bool,
    /// What became of the files.
    pub files: &'static str,
}

/// One iteration.
#[derive(Clone, Debug)]
pub struct IterationRow {
    /// Its number.
    pub number: u32,
    /// The chip.
    pub state: &'static str,
    /// What the chip says.
    pub words: &'static str,
    /// 0–1.
    pub score: String,
    /// What came of it.
    pub summary: String,
    /// What it changed.
    pub changed: String,
    /// Its turn in the chat.
    pub run: String,
    /// Whether there is a difference to look at.
    pub has_diff: bool,
}

/// What is typed into the form of a new experiment.
#[derive(Clone, Debug, Default)]
pub struct ExperimentDraft {
    /// The title.
    pub title: String,
    /// What is wanted.
    pub goal: String,
    /// What is tried out.
    pub kind: String,
    /// The workspace.
    pub workspace: String,
    /// How it is done and judged: JSON.
    pub settings: String,
}
