//! What the demo remembers: exactly what the thread that it is shown holds.

use crate::protocol::chat::Role;
use crate::protocol::model::ModelRequest;

/// Longest name that is believed, in characters.
const NAME_CHARS_MAX: usize = 40;
/// How people introduce themselves, in lower case.
const INTRODUCTIONS: [&str; 3] = ["my name is ", "call me ", "i am called "];

/// What people said in a thread, oldest first, the new message last.
pub(super) struct Memory {
    said: Vec<String>,
}

impl Memory {
    pub(super) fn of(request: &ModelRequest) -> Self {
        let people = request.messages.iter().filter(|message| message.role == Role::User);
        Self { said: people.map(|message| message.plain_text().trim().to_owned()).collect() }
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
        self.said.iter().rev().find_map(|text| name_in(text))
    }
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
