//! What any platform says, as one kind of message.
//!
//! Ids are the platform's own and never change; names are what people call themselves today: shown, and never
//! used to decide anything. Who may write to us is decided by the caller, from `Sender::id`.

use serde::{Deserialize, Serialize};

/// Longest name that is kept, in characters.
const NAME_CHARS_MAX: usize = 64;

/// A message, or a press of one of our buttons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// The platform's id of this message or press, unique in the channel: the key against repeats.
    pub id: String,
    /// Where replies go: opaque, the same for all messages of a conversation, read by its own codec.
    pub conversation: String,
    /// The platform's id of the message as `Outgoing` takes it to reply to; none for presses and slash commands.
    pub message: Option<String>,
    /// Who says it.
    pub sender: Sender,
    /// Whether nobody but us and the sender reads along.
    pub direct: bool,
    /// When the platform says it was sent, in milliseconds since 1970.
    pub sent_ms: Option<i64>,
    /// What is said.
    pub said: Said,
}

/// Who says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The platform's id of the person; of mail, the address in lower case.
    pub id: String,
    /// How they call themselves; one line, for showing only.
    pub name: String,
    /// Whether the id is proven: always by a platform, of mail only when the receiving server said so.
    pub authenticated: bool,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Said {
    /// Words.
    Text {
        /// Plain text: mentions of us are gone, those of others are readable.
        text: String,
        /// Whether it is meant for us: a mention, a reply to us, a command; always true in direct conversations.
        mentions_us: bool,
        /// What came along and was not read, as "a picture".
        with: Option<String>,
    },
    /// A press of one of our buttons.
    Press {
        /// What the button carries.
        data: String,
        /// The id of the message with the button.
        message: Option<String>,
        /// What the press is acknowledged with, as `Outgoing::AckPress` takes it.
        ack: Option<String>,
    },
    /// Something without words.
    Other {
        /// What it is, for a polite answer: "a picture".
        what: String,
    },
}

impl Sender {
    /// Somebody whose id the platform vouches for.
    #[must_use]
    pub fn known(id: impl Into<String>, name: &str) -> Self {
        let id = id.into();
        let shown = one_line(name);
        let name = if shown.is_empty() { id.clone() } else { shown };
        Self { id, name, authenticated: true }
    }
}

impl Said {
    /// Words, or what came without words; none when there is neither.
    pub(super) fn of(text: &str, mentions_us: bool, with: Option<&str>) -> Option<Self> {
        let text = text.trim();
        match (text.is_empty(), with) {
            (false, with) => {
                Some(Self::Text { text: text.to_owned(), mentions_us, with: with.map(str::to_owned) })
            }
            (true, Some(what)) => Some(Self::Other { what: what.to_owned() }),
            // A bare mention is a call without a question: it gets an answer.
            (true, None) if mentions_us => Some(Self::Text { text: String::new(), mentions_us, with: None }),
            (true, None) => None,
        }
    }
}

/// A name as one short line: no control characters, none that turn the direction of what follows.
fn one_line(name: &str) -> String {
    let shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let words: String = name.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(shown).collect();
    words
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(NAME_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests;
