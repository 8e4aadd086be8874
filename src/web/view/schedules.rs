//! Schedules: when they run, what became of that, and why they did not.

use askama::Template;

use super::{Frame, filters};

/// `/schedules`.
#[derive(Template)]
#[template(path = "schedules.html", config = "src/web/askama.toml")]
pub struct SchedulesPage {
    /// The frame.
    pub frame: Frame,
    /// In the order of their making.
    pub schedules: Vec<ScheduleRow>,
    /// Seven days from today, on the clock of the machine.
    pub week: Vec<DayRow>,
    /// The zone of that clock.
    pub zone: String,
    /// Who holds all of them, and since when.
    pub held: Option<(String, String)>,
    /// Workspaces: id and name.
    pub workspaces: Vec<(String, String)>,
    /// What was typed.
    pub draft: ScheduleDraft,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// `/schedules/{id}`.
#[derive(Template)]
#[template(path = "schedule.html", config = "src/web/askama.toml")]
pub struct SchedulePage {
    /// The frame.
    pub frame: Frame,
    /// The schedule.
    pub row: ScheduleRow,
    /// Its next times.
    pub ahead: Vec<AheadRow>,
    /// Its ledger, newest first.
    pub runs: Vec<RunRow>,
    /// Whether there is more than is shown.
    pub more: bool,
    /// Workspaces: id and name.
    pub workspaces: Vec<(String, String)>,
    /// What is typed into the form that changes it.
    pub draft: ScheduleDraft,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// A schedule.
#[derive(Clone, Debug)]
pub struct ScheduleRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The colour of its state.
    pub state: &'static str,
    /// The word of its state.
    pub state_word: &'static str,
    /// Its state in the API.
    pub state_value: &'static str,
    /// Why it is not active.
    pub reason: String,
    /// When, in words.
    pub words: String,
    /// The zone whose clocks count.
    pub zone: String,
    /// What, in a line.
    pub job: String,
    /// The next time; empty if there is none.
    pub next: String,
    /// The last runs, oldest first: good, bad, idle.
    pub beats: Vec<&'static str>,
    /// What the beats say.
    pub beats_text: String,
    /// How many of its times fired.
    pub fired: u64,
    /// Who made it.
    pub made_by: String,
    /// Whether its prompt may be a stranger's words.
    pub is_untrusted: bool,
    /// Counts changes.
    pub version: i64,
}

/// A day of the week strip.
#[derive(Clone, Debug)]
pub struct DayRow {
    /// Its name and date.
    pub name: String,
    /// What is planned: what the clock shows, and the schedule's name and id.
    pub slots: Vec<(String, String, String)>,
    /// How many more there are.
    pub more: usize,
}

/// A time that is still to come.
#[derive(Clone, Debug)]
pub struct AheadRow {
    /// In UTC, for the reader's own clock.
    pub at: String,
    /// On the clocks of the zone.
    pub local: String,
    /// Whether clocks never show the time that the rule says.
    pub is_moved: bool,
}

/// What became of a time.
#[derive(Clone, Debug)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// The time.
    pub at: String,
    /// The last time that it stands for; empty if that is the same.
    pub until: String,
    /// How many times it stands for; empty for one.
    pub times: String,
    /// The colour of its state.
    pub state: &'static str,
    /// The word of its state.
    pub state_word: String,
    /// Why it is there.
    pub reason: String,
    /// What caused it, where that is not its time.
    pub cause: &'static str,
    /// Its turn in its chat, or its experiment; empty if there is none.
    pub work: String,
    /// What that is, in a word.
    pub work_word: &'static str,
    /// Whether it can be cancelled.
    pub is_open: bool,
}

/// The form of a schedule.
#[derive(Clone, Debug, Default)]
pub struct ScheduleDraft {
    /// Its name.
    pub name: String,
    /// `once`, `every`, `cron` or `rrule`.
    pub kind: String,
    /// The span, the pattern or the rule.
    pub when: String,
    /// The time, or the first one.
    pub at: String,
    /// The zone.
    pub zone: String,
    /// What an assistant is told.
    pub prompt: String,
    /// The tool that is called instead.
    pub tool: String,
    /// Its arguments.
    pub arguments: String,
    /// The experiment that is run instead, as JSON.
    pub experiment: String,
    /// `own`, `new` or `named`.
    pub place: String,
    /// The workspace.
    pub workspace: String,
    /// How far its turns may go.
    pub ceiling: String,
    /// What becomes of missed times.
    pub catch_up: String,
    /// What becomes of a time while a run goes on.
    pub overlap: String,
    /// Seconds that a run may work.
    pub timeout_s: String,
    /// How often a run that failed is tried again.
    pub retries: String,
    /// Counts changes.
    pub version: Option<i64>,
}
