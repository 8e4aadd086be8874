//! What of the turns that were found goes into a prompt: whole turns with what they answer, each once, within bounds.

use std::collections::{HashMap, HashSet};

use super::desk::{Around, Turn};
use crate::protocol::ids::{MessageId, ThreadId};
use crate::protocol::turn::Provenance;
use crate::workspaces::FoundMessage;

/// Bytes of a token, about, in the languages that have the most per word.
const TOKEN_CHARS: usize = 4;
/// Longest part of one turn, in characters.
const TURN_CHARS_MAX: usize = 1_200;
/// A share of the best turn's score below which one says nothing about the question.
const SCORE_MIN: f32 = 0.35;

/// How much may be recalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Turns.
    pub results: usize,
    /// Characters of all of them.
    pub chars: usize,
    /// Tokens of all of them, about.
    pub tokens: usize,
}

/// Something that is recalled: one turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// The message.
    pub id: MessageId,
    /// Its thread.
    pub thread: ThreadId,
    /// For people.
    pub title: String,
    /// For the model: when, who, what.
    pub text: String,
    /// Where it came from.
    pub provenance: Provenance,
}

// === impl Budget ===

impl Budget {
    /// The best turns that fit, grouped by thread in the order of time, the thread of the best first. A turn that says what
    /// another one says is left out, as is what is `known`.
    #[must_use]
    pub fn choose(&self, found: &Around, known: &HashSet<String>) -> Vec<Recalled> {
        let chars_max = self.chars.min(self.tokens.saturating_mul(TOKEN_CHARS));
        let best = found.turns.first().map_or(0.0, |turn| turn.score);
        let (mut chosen, mut said, mut chars) = (Vec::new(), HashSet::new(), 0);
        for turn in &found.turns {
            if chosen.len() >= self.results || turn.score < best * SCORE_MIN {
                break;
            }
            let message = &turn.message;
            if known.contains(&key(message.id)) || !said.insert(plain(&message.content)) {
                continue;
            }
            let recalled = recalled(turn, found);
            let length = recalled.text.chars().count();
            if chars + length > chars_max {
                continue;
            }
            chars += length;
            chosen.push((message.created_ms, recalled));
        }
        grouped(chosen)
    }
}

/// The key of the injection of a message.
#[must_use]
pub(super) fn key(id: MessageId) -> String {
    format!("recall:{id}")
}

fn recalled(turn: &Turn, found: &Around) -> Recalled {
    let message = &turn.message;
    let day = day(message.created_ms);
    let who = match &message.author {
        Some(author) => author.clone(),
        None => message.role.clone(),
    };
    let title = if message.title.is_empty() { "Untitled" } else { message.title.as_str() };
    Recalled {
        id: message.id,
        thread: message.thread_id,
        title: format!("{title}, {day}"),
        text: format!("{day}, {who}: {}", shortened(message, found)),
        // A word of another version is trusted least.
        provenance: Provenance::parse(&message.provenance).unwrap_or(Provenance::Tool),
    }
}

/// A long text is shown by the part that fits.
fn shortened(message: &FoundMessage, found: &Around) -> String {
    if message.content.chars().count() <= TURN_CHARS_MAX {
        return message.content.clone();
    }
    found.marks.snippet(&message.content).text
}

fn day(ms: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment.strftime("%Y-%m-%d").to_string()
}

/// A text without what does not change what it says.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn grouped(chosen: Vec<(i64, Recalled)>) -> Vec<Recalled> {
    let mut order: HashMap<ThreadId, usize> = HashMap::new();
    for (_, one) in &chosen {
        let next = order.len();
        order.entry(one.thread).or_insert(next);
    }
    let mut chosen = chosen;
    chosen.sort_by_key(|(at, one)| (order.get(&one.thread).copied().unwrap_or_default(), *at, one.id));
    chosen.into_iter().map(|(_, one)| one).collect()
}
