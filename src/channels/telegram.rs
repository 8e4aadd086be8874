//! Telegram: the Bot API (<https://core.telegram.org/bots/api>), by long poll or webhook.
//!
//! A conversation is `chat` or `chat/topic`. A message is known by chat and number, not by its update: both
//! ways of receiving give the same key, and update numbers may begin anew after a quiet week.

mod incoming;
mod outcome;
mod outgoing;
#[cfg(test)]
mod tests;

pub use self::incoming::{Update, read, updates};
pub use self::outcome::outcome;
pub use self::outgoing::{call, delete_webhook, get_me, get_updates, set_commands, set_webhook, us};

/// The base URL of the platform's own servers.
pub const BASE_URL: &str = "https://api.telegram.org";

/// What we are told about; everything else stays at the server.
const UPDATES: [&str; 2] = ["message", "callback_query"];

/// A place to write to.
struct Place {
    chat: i64,
    topic: Option<i64>,
}

impl Place {
    fn parse(conversation: &str) -> Option<Self> {
        match conversation.split_once('/') {
            None => Some(Self { chat: conversation.parse().ok()?, topic: None }),
            Some((chat, topic)) => Some(Self { chat: chat.parse().ok()?, topic: Some(topic.parse().ok()?) }),
        }
    }

    fn written(chat: i64, topic: Option<i64>) -> String {
        match topic {
            Some(topic) => format!("{chat}/{topic}"),
            None => chat.to_string(),
        }
    }
}
