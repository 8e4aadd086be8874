//! The platforms, and what each one allows.
//!
//! Numbers come from the platforms' own references: Telegram Bot API (`sendMessage`, the FAQ on limits), Slack
//! (`chat.postMessage`, rate limits, Block Kit), Discord (message resource, components), WhatsApp Cloud API
//! (text and interactive messages, throughput and pair rate).

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation as _;

/// A place where people write to us and read our answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// A Slack workspace, over the Events API or Socket Mode.
    Slack,
    /// Discord, over the gateway or interactions by HTTP.
    Discord,
    /// A Telegram bot, by long poll or webhook.
    Telegram,
    /// WhatsApp Business, over the Cloud API.
    Whatsapp,
    /// A mailbox.
    Email,
}

/// What most of them allow.
const COMMON: Limits = Limits {
    text_units_max: 0,
    question_units_max: 0,
    unit: TextUnit::Chars,
    markup_bytes_max: None,
    conversation_gap_ms: 0,
    group_gap_ms: 0,
    channel_gap_ms: 0,
    can_edit: true,
    can_type: true,
    detects_repeats: false,
    buttons_max: 0,
    button_label_chars_max: 0,
    button_data_bytes_max: 0,
};

/// In what a platform counts a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextUnit {
    /// Bytes of UTF-8.
    Bytes,
    /// Unicode scalar values.
    Chars,
    /// Code units of UTF-16.
    Utf16,
}

/// What a platform allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest text of one message, in `unit`.
    pub text_units_max: usize,
    /// Longest text of a message with buttons, in `unit`.
    pub question_units_max: usize,
    /// What those two count.
    pub unit: TextUnit,
    /// Longest text with its markup, in bytes, where the platform counts only what is seen.
    pub markup_bytes_max: Option<usize>,
    /// Shortest time between two messages of one conversation, in milliseconds.
    pub conversation_gap_ms: u64,
    /// The same where several people read along.
    pub group_gap_ms: u64,
    /// Shortest time between any two messages of one channel, in milliseconds.
    pub channel_gap_ms: u64,
    /// Whether a message that was sent can be changed.
    pub can_edit: bool,
    /// Whether there is a sign for "is writing" (Slack: only in its assistant threads).
    pub can_type: bool,
    /// Whether a repeat with the same `Post::key` within some minutes gives the first message again.
    pub detects_repeats: bool,
    /// How many buttons a message may have; 0 where there are none.
    pub buttons_max: usize,
    /// Longest label of a button, in characters.
    pub button_label_chars_max: usize,
    /// Longest data of a button, in bytes.
    pub button_data_bytes_max: usize,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Slack, Self::Discord, Self::Telegram, Self::Whatsapp, Self::Email];

    /// The word in settings, rows and paths.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Telegram => "telegram",
            Self::Whatsapp => "whatsapp",
            Self::Email => "email",
        }
    }

    /// The platform of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.word() == word)
    }

    /// The name as people write it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Slack => "Slack",
            Self::Discord => "Discord",
            Self::Telegram => "Telegram",
            Self::Whatsapp => "WhatsApp",
            Self::Email => "E-mail",
        }
    }

    /// What it allows.
    #[must_use]
    pub const fn limits(self) -> Limits {
        match self {
            // Slack cuts texts only at 40,000 characters but advises 4,000; a section block ends at 3,000.
            Self::Slack => Limits {
                text_units_max: 3_900,
                question_units_max: 3_000,
                unit: TextUnit::Chars,
                conversation_gap_ms: 1_000,
                group_gap_ms: 1_000,
                channel_gap_ms: 0,
                buttons_max: 25,
                button_label_chars_max: 75,
                button_data_bytes_max: 2_000,
                ..COMMON
            },
            Self::Discord => Limits {
                text_units_max: 2_000,
                question_units_max: 2_000,
                unit: TextUnit::Chars,
                conversation_gap_ms: 1_000,
                group_gap_ms: 1_000,
                channel_gap_ms: 20,
                detects_repeats: true,
                buttons_max: 25,
                button_label_chars_max: 80,
                button_data_bytes_max: 100,
                ..COMMON
            },
            Self::Telegram => Limits {
                text_units_max: 4_096,
                question_units_max: 4_096,
                unit: TextUnit::Utf16,
                markup_bytes_max: Some(8_000),
                conversation_gap_ms: 1_000,
                group_gap_ms: 3_000,
                channel_gap_ms: 34,
                buttons_max: 100,
                button_label_chars_max: 64,
                button_data_bytes_max: 64,
                ..COMMON
            },
            // One message in six seconds to one person, after a burst that is borrowed from later ones.
            Self::Whatsapp => Limits {
                text_units_max: 4_096,
                question_units_max: 1_024,
                unit: TextUnit::Chars,
                conversation_gap_ms: 1_000,
                group_gap_ms: 1_000,
                channel_gap_ms: 13,
                can_edit: false,
                buttons_max: 3,
                button_label_chars_max: 20,
                button_data_bytes_max: 256,
                ..COMMON
            },
            Self::Email => Limits {
                text_units_max: 1_000_000,
                question_units_max: 1_000_000,
                unit: TextUnit::Bytes,
                conversation_gap_ms: 0,
                channel_gap_ms: 1_000,
                can_edit: false,
                can_type: false,
                buttons_max: 0,
                button_label_chars_max: 0,
                button_data_bytes_max: 0,
                ..COMMON
            },
        }
    }
}

impl TextUnit {
    /// The length of `text`.
    #[must_use]
    pub fn count(self, text: &str) -> usize {
        match self {
            Self::Bytes => text.len(),
            Self::Chars => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
        }
    }
}

/// `text`, or its beginning with an ellipsis where it has more than `units_max`; never cut inside a grapheme.
#[must_use]
pub fn shortened(text: &str, unit: TextUnit, units_max: usize) -> String {
    if unit.count(text) <= units_max {
        return text.to_owned();
    }
    let room = units_max.saturating_sub(unit.count("…"));
    let mut used = 0;
    let kept = text.graphemes(true).take_while(|grapheme| {
        used += unit.count(grapheme);
        used <= room
    });
    let mut short: String = kept.collect();
    short.truncate(short.trim_end().len());
    if unit.count("…") <= units_max {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests;
