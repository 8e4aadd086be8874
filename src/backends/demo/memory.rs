//! What the demo remembers: exactly what the thread that it is shown holds.

use crate::protocol::chat::{ChatMessage, Part, Role};
use crate::protocol::model::ModelRequest;

/// Longest name that is believed, in characters.
const NAME_CHARS_MAX: usize = 40;
/// How people introduce themselves, in lower case.
const INTRODUCTIONS: [&str; 3] = ["my name is ", "call me ", "i am called "];

/// What people said in a thread, oldest first, the new message last.
pub(super) struct Memory {
    said: Vec<String>,
    /// What it was told with these, of other conversations and of the person.
    told: Vec<String>,
}

impl Memory {
    pub(super) fn of(request: &ModelRequest) -> Self {
        let people = || request.messages.iter().filter(|message| message.role == Role::User);
        let said = people().map(|message| own(message).trim().to_owned()).collect();
        let told = people().flat_map(|message| texts(message).rev().skip(1)).map(str::to_owned).collect();
        Self { said, told }
    }

    /// The message to answer.
    pub(super) fn newest(&self) -> &str {
        self.said.last().map_or("", String::as_str)
    }

    /// Everything before it.
    pub(super) fn earlier(&self) -> &[String] {
        self.said.split_last().map_or(&[], |(_, earlier)| earlier)
    }

    /// The name that somebody gave last.
    pub(super) fn name(&self) -> Option<String> {
        self.said.iter().rev().chain(&self.told).find_map(|text| name_in(text))
    }

    /// What it was told with the messages, newest message first.
    pub(super) fn told(&self) -> &[String] {
        &self.told
    }
}

/// What a person wrote: the last text of a message. Those before it are what it was told with it.
pub(super) fn own(message: &ChatMessage) -> &str {
    texts(message).next_back().unwrap_or_default()
}

fn texts(message: &ChatMessage) -> impl DoubleEndedIterator<Item = &str> {
    message.parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        Part::Image { .. } | Part::Thinking { .. } | Part::ToolCall(_) | Part::ToolResult { .. } => None,
    })
}

/// The name in an introduction.
pub(super) fn name_in(text: &str) -> Option<String> {
    // ASCII lower case keeps every byte in its place.
    let lower = text.to_ascii_lowercase();
    let after = INTRODUCTIONS.iter().find_map(|intro| lower.find(intro).map(|at| at + intro.len()))?;
    let rest = text.get(after..)?;
    let name = rest.split(['.', ',', '!', '?', ';', '\n']).next()?;
    let name = name.split(" and ").next()?.trim();
    (1..=NAME_CHARS_MAX).contains(&name.chars().count()).then(|| name.to_owned())
}
