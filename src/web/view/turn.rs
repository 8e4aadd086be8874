//! One turn of a conversation as it is shown: in a page and, the same way, in the live stream.

use askama::Template;

use super::approvals::AskView;
use super::filters;

/// A turn alone, for the live stream.
#[derive(Template)]
#[template(path = "turn.html", config = "src/web/askama.toml")]
pub struct TurnFragment<'a> {
    /// The turn.
    pub turn: &'a TurnView,
}

/// A tool card alone, for the live stream.
#[derive(Template)]
#[template(path = "tool.html", config = "src/web/askama.toml")]
pub struct ToolFragment<'a> {
    /// The turn that it belongs to.
    pub turn: &'a TurnView,
    /// The card.
    pub tool: &'a ToolView,
}

/// A message with what came of it.
#[derive(Clone, Debug, Default)]
pub struct TurnView {
    /// The turn's id, or the message's for a message without a turn.
    pub id: String,
    /// The thread's id.
    pub thread: String,
    /// The word of its state, as in the store.
    pub state: String,
    /// The message that is answered; none for an answer without a question.
    pub user: Option<UserView>,
    /// The reasoning.
    pub thinking: String,
    /// The tool calls.
    pub tools: Vec<ToolView>,
    /// Questions to a person, oldest first.
    pub approvals: Vec<AskView>,
    /// The answer, block by block.
    pub blocks: Vec<BlockView>,
    /// Why it is not whole.
    pub failure: Option<FailureView>,
    /// `backend/model` that answered; empty when unknown.
    pub model: String,
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
    /// How long it took, in words.
    pub took: Option<String>,
}

impl TurnView {
    /// Whether it waits for a person.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.approvals.iter().any(AskView::is_pending)
    }
}

/// What a person or a program wrote.
#[derive(Clone, Debug)]
pub struct UserView {
    /// The text as it was written.
    pub content: String,
    /// `You`, or which kind of sender it was.
    pub author: &'static str,
    /// When, RFC 3339.
    pub created: String,
}

/// A block of the answer.
#[derive(Clone, Debug)]
pub struct BlockView {
    /// Position, from 0.
    pub index: usize,
    /// Whether it still grows.
    pub pending: bool,
    /// HTML that [`crate::web::markdown`] made.
    pub html: String,
}

/// A call of a tool.
#[derive(Clone, Debug)]
pub struct ToolView {
    /// The call's id, fit for an element's id.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, indented.
    pub arguments: String,
    /// What it answered, or as much of it as its event says; empty while it has not.
    pub output: String,
    /// The word of its state.
    pub state: String,
}

/// Why there is no whole answer.
#[derive(Clone, Debug)]
pub struct FailureView {
    /// `bad`, or `warn` for what a person did or what passes.
    pub tone: &'static str,
    /// In three or four words.
    pub title: &'static str,
    /// What happened and what to do.
    pub message: String,
    /// The stable word.
    pub code: String,
}

impl FailureView {
    /// The banner for a failure with this code.
    #[must_use]
    pub fn new(code: &str, message: &str) -> Self {
        let (tone, title) = match code {
            "rate_limited" | "overloaded" | "busy" => ("warn", "The model is busy"),
            "authentication" | "permission" => ("bad", "The model refused the key"),
            "configuration" | "not_found" => ("bad", "The backend is not ready"),
            "network" | "timeout" => ("bad", "The model could not be reached"),
            "too_large" => ("bad", "The conversation is too long"),
            "truncated" | "interrupted" => ("warn", "The answer was cut off"),
            "crashed" => ("bad", "The session crashed and was restarted"),
            "deadline" => ("warn", "It took too long"),
            _ => ("bad", "No answer"),
        };
        Self { tone, title, message: message.to_owned(), code: code.to_owned() }
    }
}

impl ToolView {
    /// A card from a call as the model wrote it.
    #[must_use]
    pub fn new(id: &str, name: &str, arguments: &str, state: &str) -> Self {
        let pretty = serde_json::from_str::<serde_json::Value>(arguments)
            .and_then(|value| serde_json::to_string_pretty(&value))
            .unwrap_or_else(|_| arguments.to_owned()); // silent-ok: what is no JSON is shown as it is
        Self {
            id: element_id(id),
            name: name.to_owned(),
            arguments: pretty,
            output: String::new(),
            state: state.to_owned(),
        }
    }

    /// Whether this is the card of a call.
    #[must_use]
    pub fn is_of(&self, call: &str) -> bool {
        self.id == element_id(call)
    }

    /// What has become of the call since.
    pub fn goes_on(&mut self, state: &str, output: &str) {
        state.clone_into(&mut self.state);
        if !output.is_empty() {
            output.clone_into(&mut self.output);
        }
    }
}

/// An id of a call as a part of an element's id.
fn element_id(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests;
