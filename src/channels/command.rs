//! Commands that people type in a conversation: `/new`, `/stop`, `/yes 7f3a` and the like.
//!
//! A text is a command only when its first word is one of the table; every other text, even with a slash, is
//! for the assistant. Whether somebody may give a command is decided by the caller.

use serde::{Deserialize, Serialize};

/// Longest id of an approval that is taken, in characters.
const ID_CHARS_MAX: usize = 64;
/// Longest name of a model.
const MODEL_CHARS_MAX: usize = 128;

/// What a person wants of the channel itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Begin a new thread in this conversation.
    New,
    /// Stop the running turn.
    Stop,
    /// Say what runs and what waits.
    Status,
    /// Answer with another model; without a name: say which one answers.
    Model {
        /// The model.
        name: Option<String>,
    },
    /// Say what can be typed.
    Help,
    /// Decide an approval; without an id, the only one that waits here.
    Decide {
        /// How.
        verdict: Verdict,
        /// Which.
        id: Option<String>,
    },
}

/// How an approval is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Allow this once.
    Yes,
    /// Deny.
    No,
    /// Allow this and its like from now on.
    Always,
}

/// Every command: its word, and what it does in a few words (menus of platforms, `/help`).
pub const COMMANDS: &[(&str, &str)] = &[
    ("new", "start a new conversation"),
    ("stop", "stop what is running"),
    ("status", "what is running and waiting"),
    ("model", "show or change the model: /model NAME"),
    ("help", "what you can type"),
    ("yes", "allow what was asked: /yes [id]"),
    ("no", "deny what was asked: /no [id]"),
    ("always", "allow it from now on: /always [id]"),
];

impl Command {
    /// The command that `text` is. `us` is our own name on platforms that write `/new@name`.
    #[must_use]
    pub fn parse(text: &str, us: Option<&str>) -> Option<Self> {
        let text = text.trim();
        let rest = text.strip_prefix('/')?;
        let (head, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let word = match head.split_once('@') {
            None => head,
            Some((word, name)) if us.is_some_and(|us| us.eq_ignore_ascii_case(name)) => word,
            Some(_) => return None,
        };
        Self::of(&word.to_ascii_lowercase(), tail.trim())
    }

    /// The command of a slash command of the platform itself: `/capuchin status`, or `/status`.
    #[must_use]
    pub fn of_slash(command: &str, text: &str) -> Option<Self> {
        let word = command.trim_start_matches('/').to_ascii_lowercase();
        Self::of(&word, text.trim()).or_else(|| {
            let text = text.trim().trim_start_matches('/');
            let (head, tail) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            Self::of(&head.to_ascii_lowercase(), tail.trim())
        })
    }

    /// The text of `/help`.
    #[must_use]
    pub fn help() -> String {
        let lines = COMMANDS.iter().map(|(word, what)| format!("- `/{word}`: {what}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn of(word: &str, argument: &str) -> Option<Self> {
        let id = || short(argument, ID_CHARS_MAX);
        match word {
            // A word with more after it is a sentence that begins with a slash, not a command.
            "new" | "stop" | "status" | "help" if !argument.is_empty() => None,
            "new" => Some(Self::New),
            "stop" => Some(Self::Stop),
            "status" => Some(Self::Status),
            "help" | "start" => Some(Self::Help),
            "model" => Some(Self::Model { name: short(argument, MODEL_CHARS_MAX)? }),
            "yes" => Some(Self::Decide { verdict: Verdict::Yes, id: id()? }),
            "no" => Some(Self::Decide { verdict: Verdict::No, id: id()? }),
            "always" => Some(Self::Decide { verdict: Verdict::Always, id: id()? }),
            _ => None,
        }
    }
}

/// One word or none; nothing at all when there are more words, or it is too long.
fn short(argument: &str, chars_max: usize) -> Option<Option<String>> {
    if argument.is_empty() {
        return Some(None);
    }
    let fits = !argument.contains(char::is_whitespace) && argument.chars().count() <= chars_max;
    fits.then(|| Some(argument.to_owned()))
}

#[cfg(test)]
mod tests;
