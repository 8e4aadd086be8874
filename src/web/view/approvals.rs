//! Questions to a person: in the inbox, on a page of their own, and within their turn.

use askama::Template;

use super::{Frame, Notices, filters};

/// `/inbox`.
#[derive(Template)]
#[template(path = "inbox.html", config = "src/web/askama.toml")]
pub struct InboxPage {
    /// The frame.
    pub frame: Frame,
    /// What waits, and what was decided.
    pub inbox: InboxView,
    /// Messages that reached nobody, for the tab.
    pub undelivered: usize,
    /// What the last form did.
    pub notice: Option<String>,
}

/// The lists of the inbox alone, for the live stream.
#[derive(Template)]
#[template(path = "inbox_list.html", config = "src/web/askama.toml")]
pub struct InboxFragment<'a> {
    /// What waits, and what was decided.
    pub inbox: &'a InboxView,
}

/// The number beside the inbox alone, for the live stream.
#[derive(Template)]
#[template(path = "count.html", config = "src/web/askama.toml")]
pub struct CountFragment<'a> {
    /// How many wait.
    pub notices: &'a Notices,
}

/// What is in the inbox.
#[derive(Clone, Debug, Default)]
pub struct InboxView {
    /// The first to expire first.
    pub waiting: Vec<AskView>,
    /// Whether more wait than are listed.
    pub more: bool,
    /// The last decided first.
    pub decided: Vec<AskView>,
    /// Whether the reader may decide.
    pub may_decide: bool,
}

/// `/a/{id}`.
#[derive(Template)]
#[template(path = "approval.html", config = "src/web/askama.toml")]
pub struct ApprovalPage {
    /// The frame.
    pub frame: Frame,
    /// The question.
    pub ask: AskView,
    /// What the last form did.
    pub notice: Option<&'static str>,
}

/// A question alone, for the live stream.
#[derive(Template)]
#[template(path = "ask.html", config = "src/web/askama.toml")]
pub struct AskFragment<'a> {
    /// The question.
    pub ask: &'a AskView,
}

/// `/a/{id}/decide`: for browsers without scripts.
#[derive(Template)]
#[template(path = "decide.html", config = "src/web/askama.toml")]
pub struct DecidePage {
    /// The frame.
    pub frame: Frame,
    /// The question.
    pub ask: AskView,
    /// The word of the answer.
    pub choice: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What it does besides.
    pub effect: &'static str,
    /// What was wrong with the last try.
    pub error: Option<String>,
}

/// One question.
#[derive(Clone, Debug, Default)]
pub struct AskView {
    /// Its id.
    pub id: String,
    /// `pending`, `allowed`, `denied` or `expired`.
    pub state: &'static str,
    /// The first line of what is asked, cut.
    pub title: String,
    /// All of what is asked, with everything invisible made visible.
    pub shown: String,
    /// Why a person is asked.
    pub why: String,
    /// Whether a rule said so.
    pub by_rule: bool,
    /// Whether untrusted text was read before.
    pub tainted: bool,
    /// Who wants it.
    pub who: String,
    /// The chat that it belongs to: its id and title.
    pub origin: Option<(String, String)>,
    /// When it was asked, RFC 3339.
    pub asked: String,
    /// When it becomes a denial, RFC 3339.
    pub expires: String,
    /// The same in milliseconds since 1970.
    pub expires_ms: i64,
    /// What can be answered: word, label, and what it does besides; none for who may not.
    pub choices: Vec<Choice>,
    /// Why it can be allowed only once; empty where it can be allowed for longer.
    pub once: &'static str,
    /// How it ended.
    pub ended: Option<EndedView>,
}

/// An answer that can be given.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Its word in forms.
    pub word: &'static str,
    /// On the button.
    pub label: &'static str,
    /// What it does besides; empty for nothing.
    pub effect: &'static str,
}

/// The end of a question.
#[derive(Clone, Debug)]
pub struct EndedView {
    /// What happened, by whom.
    pub words: String,
    /// When, RFC 3339.
    pub at: String,
    /// Why, in the words of who decided.
    pub reason: String,
}

impl AskView {
    /// Whether nobody has decided.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.state == "pending"
    }
}
