//! What stands behind a conversation: what its model is told, and what was done for one answer.

use askama::Template;

use super::{Frame, filters};

/// `/c/{thread}/context`.
#[derive(Template)]
#[template(path = "context.html", config = "src/web/askama.toml")]
pub struct ContextPage {
    /// The frame.
    pub frame: Frame,
    /// The conversation's id.
    pub thread: String,
    /// The conversation's title.
    pub title: String,
    /// What the next message would be answered with; else why nobody would answer.
    pub preview: Result<PreviewView, String>,
    /// What plugs put before messages, newest first.
    pub injected: Vec<InjectedView>,
    /// Summaries of older messages, newest first.
    pub summaries: Vec<SummaryView>,
}

/// Something that a plug put before a message.
#[derive(Clone, Debug)]
pub struct InjectedView {
    /// Its id.
    pub id: String,
    /// The plug.
    pub plug: String,
    /// What it is.
    pub title: String,
    /// Its text.
    pub text: String,
    /// How long it is.
    pub length: String,
    /// Whether it stands in the place of the message.
    pub instead: bool,
    /// Who wrote it, when that is nobody to be trusted.
    pub stranger: Option<&'static str>,
    /// When it was put there.
    pub created: String,
    /// Whether a person keeps it out.
    pub is_out: bool,
    /// The turn whose answer had it, where it is a skill.
    pub skill_of: Option<String>,
}

/// What a model would be told.
#[derive(Clone, Debug)]
pub struct PreviewView {
    /// `backend/model`.
    pub model: String,
    /// Tokens of the whole prompt, as a guess.
    pub tokens: u64,
    /// Tokens that fit.
    pub tokens_max: u64,
    /// The system prompt, part by part.
    pub told: Vec<ToldView>,
    /// Messages that are told word for word.
    pub messages: usize,
    /// How long these are.
    pub length: String,
    /// Tools with their schemas.
    pub tools: Vec<String>,
    /// Tools that are named only.
    pub tools_on_demand: Vec<String>,
    /// Whether text of strangers is in it.
    pub is_tainted: bool,
}

/// A part of the system prompt.
#[derive(Clone, Debug)]
pub struct ToldView {
    /// What it is.
    pub what: &'static str,
    /// Its text.
    pub text: String,
    /// How long it is.
    pub length: String,
}

/// A summary that stands for older messages.
#[derive(Clone, Debug)]
pub struct SummaryView {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Who made it.
    pub made_by: String,
    /// How many messages it stands for.
    pub messages: u64,
    /// When it was made.
    pub created: String,
    /// `used`, `replaced` or `undone`.
    pub state: &'static str,
}

/// `/c/{thread}/turns/{turn}/run`.
#[derive(Template)]
#[template(path = "run.html", config = "src/web/askama.toml")]
pub struct RunPage {
    /// The frame.
    pub frame: Frame,
    /// The conversation's id.
    pub thread: String,
    /// The turn's id.
    pub turn: String,
    /// The word of its state.
    pub state: String,
    /// Figures of it: what, and how much.
    pub facts: Vec<(&'static str, String)>,
    /// What was done, in its order.
    pub steps: Vec<StepView>,
    /// The skills that it had.
    pub skills: Vec<String>,
}

/// One thing that was done.
#[derive(Clone, Debug)]
pub struct StepView {
    /// Its place.
    pub number: u32,
    /// What, in words.
    pub what: String,
    /// More about it; empty for nothing.
    pub about: String,
    /// The word of its state.
    pub state: String,
    /// When it began.
    pub began: String,
    /// How long it took; none while it lasts.
    pub took: Option<String>,
}
