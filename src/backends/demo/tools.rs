//! How the demo uses tools: a message says which, line by line.
//!
//! `use NAME {…}` calls a tool in a round of its own; `and NAME {…}` behind it calls another in the same round. After
//! the last round the demo says what every tool answered. So every interface, test and curious person has a model
//! that does exactly what it is told.

use crate::protocol::chat::{ChatMessage, Part, Role, ToolCall};
use crate::protocol::model::ModelRequest;

use super::memory::own;

/// Longest piece of an answer that is repeated, in characters.
const SHOWN_CHARS_MAX: usize = 400;

/// A tool with its arguments as they were written.
type Wish = (String, String);

/// What a message asks for, and how far that has come.
pub(super) struct Script {
    rounds: Vec<Vec<Wish>>,
    done: usize,
    answers: Vec<(String, String)>,
}

/// What is next in a script.
pub(super) enum Next {
    Call(Vec<ToolCall>),
    Say(String),
}

// === impl Script ===

impl Script {
    /// The script of the newest message; `None` when it holds none.
    pub(super) fn of(request: &ModelRequest) -> Option<Self> {
        let place = request.messages.iter().rposition(|message| message.role == Role::User)?;
        let rounds = rounds(own(request.messages.get(place)?));
        if rounds.is_empty() {
            return None;
        }
        let since = request.messages.get(place + 1..).unwrap_or_default();
        let done = since.iter().filter(|message| message.role == Role::Assistant).count();
        Some(Self { rounds, done, answers: answers(since) })
    }

    pub(super) fn next(&self) -> Next {
        let Some(wishes) = self.rounds.get(self.done) else { return Next::Say(self.report()) };
        let call = |(place, (name, arguments)): (usize, &Wish)| ToolCall {
            id: format!("call_demo_{}_{place}", self.done + 1),
            name: name.clone(),
            arguments: arguments.clone(),
        };
        Next::Call(wishes.iter().enumerate().map(call).collect())
    }

    fn report(&self) -> String {
        let mut report = "That is done. This is what came of it:\n".to_owned();
        for (name, answer) in &self.answers {
            report.push_str(&format!("\n`{name}`\n\n```text\n{}\n```\n", shown(answer)));
        }
        report
    }
}

fn rounds(text: &str) -> Vec<Vec<Wish>> {
    let mut rounds: Vec<Vec<Wish>> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(wish) = line.strip_prefix("use ").and_then(wish) {
            rounds.push(vec![wish]);
        } else if let Some(wish) = line.strip_prefix("and ").and_then(wish)
            && let Some(round) = rounds.last_mut()
        {
            round.push(wish);
        }
    }
    rounds
}

/// `NAME {…}`, the object may be left out.
fn wish(text: &str) -> Option<Wish> {
    let (name, arguments) = text.split_once(char::is_whitespace).unwrap_or((text, "{}"));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let arguments = arguments.trim();
    let fits = !name.is_empty() && name.chars().all(is_name) && arguments.starts_with('{');
    fits.then(|| (name.to_owned(), arguments.to_owned()))
}

/// What the tools of these messages answered, in order.
fn answers(since: &[ChatMessage]) -> Vec<(String, String)> {
    let parts = || since.iter().flat_map(|message| &message.parts);
    let name = |id: &str| {
        parts().find_map(|part| match part {
            Part::ToolCall(call) if call.id == id => Some(call.name.clone()),
            _ => None,
        })
    };
    let answers = parts().filter_map(|part| match part {
        Part::ToolResult { call_id, content } => {
            Some((name(call_id).unwrap_or_else(|| "a tool".to_owned()), content.clone()))
        }
        Part::Text { .. } | Part::Image { .. } | Part::Thinking { .. } | Part::ToolCall(_) => None,
    });
    answers.collect()
}

/// An answer without its fence, cut.
pub(super) fn shown(answer: &str) -> String {
    let lines = answer.lines().filter(|line| !(line.starts_with("<untrusted ") || *line == "</untrusted>"));
    let text = lines.map(|line| line.strip_prefix("| ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
    let text = text.trim_end().replace("```", "'''");
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
