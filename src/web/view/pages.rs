//! Every page as the data that its template shows.

use askama::Template;

use super::{Frame, Rail, TurnView, filters};

/// `/`.
#[derive(Template)]
#[template(path = "home.html", config = "src/web/askama.toml")]
pub struct HomePage {
    /// The frame.
    pub frame: Frame,
    /// What is known now.
    pub facts: HomeFacts,
}

/// The facts of Home alone, for the live stream.
#[derive(Template)]
#[template(path = "home_facts.html", config = "src/web/askama.toml")]
pub struct HomeFragment<'a> {
    /// What is known now.
    pub facts: &'a HomeFacts,
}

/// What Home shows. Times that pass are instants, so that nothing changes while nothing happens.
#[derive(Clone, Debug, Default)]
pub struct HomeFacts {
    /// Figures.
    pub cards: Vec<Card>,
    /// The way to a useful assistant.
    pub steps: Vec<NextStep>,
    /// Turns that have not ended.
    pub running: Vec<RunningTurn>,
    /// What happens by itself next: at most three times of schedules.
    pub ahead: Vec<AheadSlot>,
    /// Newest chats.
    pub recent: Vec<RecentThread>,
    /// What can answer.
    pub backends: Vec<BackendView>,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Card {
    /// What it counts.
    pub name: &'static str,
    /// The figure.
    pub value: String,
    /// Milliseconds since 1970, for a figure that is the time since then.
    pub since: Option<i64>,
    /// A line below it.
    pub note: String,
    /// Whether it asks for attention.
    pub warn: bool,
}

/// A thing to do next.
#[derive(Clone, Debug)]
pub struct NextStep {
    /// Whether the store shows that it is done.
    pub done: bool,
    /// What.
    pub title: &'static str,
    /// How, in one sentence.
    pub how: String,
    /// Where.
    pub href: Option<&'static str>,
}

/// A time of a schedule that is still to come.
#[derive(Clone, Debug)]
pub struct AheadSlot {
    /// The schedule's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When.
    pub at: String,
}

/// A turn that has not ended.
#[derive(Clone, Debug)]
pub struct RunningTurn {
    /// Its thread's id.
    pub thread: String,
    /// Its thread's title.
    pub title: String,
    /// `queued` or `running`.
    pub state: String,
}

/// A chat.
#[derive(Clone, Debug)]
pub struct RecentThread {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// When it changed, RFC 3339.
    pub updated: String,
}

/// A backend.
#[derive(Clone, Debug)]
pub struct BackendView {
    /// Its name.
    pub name: String,
    /// What it is.
    pub note: String,
    /// `ready` or `needs_key`.
    pub state: &'static str,
}

/// `/chat` and `/c/{thread}`.
#[derive(Template)]
#[template(path = "chat.html", config = "src/web/askama.toml")]
pub struct ChatPage {
    /// The frame.
    pub frame: Frame,
    /// The chats beside it.
    pub rail: Rail,
    /// The conversation; none for a new one.
    pub thread: Option<ThreadView>,
    /// Where a new conversation begins, id and name; none for the default workspace.
    pub workspace: Option<(String, String)>,
    /// What an empty conversation says.
    pub greeting: String,
    /// Messages to begin with: what the button says, and what it sends.
    pub starters: &'static [(&'static str, &'static str)],
    /// What can answer.
    pub models: Vec<ModelChoice>,
    /// The key of the form, for browsers without scripts.
    pub key: String,
    /// Text in the composer.
    pub draft: String,
    /// Longest message in bytes.
    pub content_max: usize,
    /// Why the last message was not taken.
    pub problem: Option<String>,
}

impl ChatPage {
    /// Whether nothing was said yet.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.thread.as_ref().is_none_or(|thread| thread.turns.is_empty())
    }
}

/// One conversation.
#[derive(Clone, Debug)]
pub struct ThreadView {
    /// Its id.
    pub id: String,
    /// The last event of the log that the turns below contain.
    pub cursor: i64,
    /// The turns, oldest first.
    pub turns: Vec<TurnView>,
    /// Whether there are older ones.
    pub earlier: bool,
    /// The first turn's id.
    pub first: String,
}

/// An entry of the model picker.
#[derive(Clone, Debug)]
pub struct ModelChoice {
    /// `backend/model`, or empty for the assistant's own.
    pub value: String,
    /// As it is shown.
    pub label: String,
    /// Whether it is chosen.
    pub selected: bool,
}

/// `/runtime`.
#[derive(Template)]
#[template(path = "runtime.html", config = "src/web/askama.toml")]
pub struct RuntimePage {
    /// The frame.
    pub frame: Frame,
    /// The tree.
    pub tree: TreeView,
    /// The sandbox of child processes, outermost wall first.
    pub sandbox: Vec<WallView>,
    /// What the last action did.
    pub notice: Option<String>,
}

/// The tree alone, for the live stream.
#[derive(Template)]
#[template(path = "runtime_tree.html", config = "src/web/askama.toml")]
pub struct TreeFragment<'a> {
    /// The tree.
    pub tree: &'a TreeView,
}

/// The supervision tree as rows.
#[derive(Clone, Debug, Default)]
pub struct TreeView {
    /// Depth first.
    pub rows: Vec<TreeRow>,
    /// Newest first.
    pub reports: Vec<CrashView>,
}

/// One layer of the sandbox.
#[derive(Clone, Debug, Default)]
pub struct WallView {
    /// Its name in the settings.
    pub name: String,
    /// What it is.
    pub what: String,
    /// The word of its state: `active`, `down`, or `stopped` where the settings do without.
    pub state: &'static str,
    /// What the self-test tried and what came of it.
    pub evidence: String,
}

/// One actor.
#[derive(Clone, Debug, Default)]
pub struct TreeRow {
    /// Where it is in the tree.
    pub path: String,
    /// Last part of the path.
    pub name: String,
    /// What it is: a supervisor's strategy, or how a worker is restarted.
    pub kind: String,
    /// The word of its state.
    pub state: String,
    /// Depth, from 1.
    pub level: usize,
    /// Position among its siblings, from 1.
    pub position: usize,
    /// How many siblings there are, itself included.
    pub siblings: usize,
    /// How many children.
    pub children: usize,
    /// Whether its children are shown at first.
    pub open: bool,
    /// Restarts inside the window.
    pub recent: usize,
    /// Restarts that the window allows; 0 where there is no window.
    pub limit: usize,
    /// Restarts since the daemon started.
    pub total: u64,
    /// Milliseconds since 1970 when it was last started.
    pub since: Option<i64>,
    /// The time since then, for readers without scripts.
    pub uptime: String,
    /// Why it last ended, or why it is quarantined.
    pub reason: String,
    /// What can be done to it.
    pub actions: Vec<RowAction>,
}

/// A thing that can be done to an actor.
#[derive(Clone, Copy, Debug)]
pub struct RowAction {
    /// Last part of the address.
    pub word: &'static str,
    /// The verb on the button.
    pub label: &'static str,
    /// Whether the name has to be typed first.
    pub confirm: bool,
}

/// One crash.
#[derive(Clone, Debug)]
pub struct CrashView {
    /// Who.
    pub path: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why.
    pub reason: String,
    /// What the supervisor did.
    pub outcome: String,
}

/// `/runtime/confirm`: a supervisor's name is typed before it is touched.
#[derive(Template)]
#[template(path = "confirm.html", config = "src/web/askama.toml")]
pub struct ConfirmPage {
    /// The frame.
    pub frame: Frame,
    /// The verb as an address.
    pub action: &'static str,
    /// The verb.
    pub label: &'static str,
    /// What happens to everything below.
    pub effect: &'static str,
    /// Where it is.
    pub path: String,
    /// What has to be typed.
    pub name: String,
    /// What was wrong with the last try.
    pub error: Option<String>,
}

/// `/about`.
#[derive(Template)]
#[template(path = "about.html", config = "src/web/askama.toml")]
pub struct AboutPage {
    /// The frame.
    pub frame: Frame,
    /// The daemon's version.
    pub version: &'static str,
    /// Name, licence and purpose of what is compiled in.
    pub parts: &'static [(&'static str, &'static str, &'static str)],
}

/// A page for what went wrong.
#[derive(Template)]
#[template(path = "problem.html", config = "src/web/askama.toml")]
pub struct ProblemPage {
    /// The frame; its title says what happened.
    pub frame: Frame,
    /// The status.
    pub status: u16,
    /// What to do.
    pub text: String,
    /// For the log.
    pub request_id: String,
}

#[cfg(test)]
mod tests;
