//! Content blocks of an answer, and how sealed reasoning is kept so that it goes back verbatim.

use super::wire::{Block, Delta};
use crate::backends::answer::Events;
use crate::backends::failure::{self, Failure};
use crate::backends::seal::REDACTED;
use crate::protocol::chat::ToolCall;
use crate::protocol::model::ModelEvent;

/// Longest arguments of one tool call and longest signature, in bytes.
const GATHERED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A block that is being written.
pub(super) enum OpenBlock {
    Text,
    /// The seal so far.
    Thinking(String),
    /// The arguments grow.
    ToolUse(ToolCall),
}

impl OpenBlock {
    /// Opens a block; `None` for one that means nothing to us or is complete at once.
    pub(super) fn begin(block: Block, out: &mut Events) -> Option<Self> {
        match block {
            Block::Text { text } => {
                push(text, ModelEvent::Text, out);
                Some(Self::Text)
            }
            Block::Thinking { thinking, signature } => {
                push(thinking, ModelEvent::Thinking, out);
                Some(Self::Thinking(signature))
            }
            Block::ToolUse { id, name, input } => {
                // `{}` stands for "follows in pieces".
                let given = input.as_object().is_some_and(|input| !input.is_empty());
                let arguments = if given { input.to_string() } else { String::new() };
                Some(Self::ToolUse(ToolCall { id, name, arguments }))
            }
            Block::RedactedThinking { .. } => {
                whole_block(block, out);
                None
            }
            Block::Other => None,
        }
    }

    pub(super) fn extend(&mut self, delta: Delta, out: &mut Events) -> Result<(), Failure> {
        match (self, delta) {
            (Self::Text, Delta::Text { text }) => push(text, ModelEvent::Text, out),
            (Self::Thinking(_), Delta::Thinking { thinking }) => {
                push(thinking, ModelEvent::Thinking, out);
            }
            (Self::Thinking(seal), Delta::Signature { signature }) => gather(seal, &signature)?,
            (Self::ToolUse(call), Delta::InputJson { partial_json }) => {
                gather(&mut call.arguments, &partial_json)?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn finish(self, out: &mut Events) {
        match self {
            Self::Text => {}
            Self::Thinking(seal) => push(seal, ModelEvent::ThinkingSignature, out),
            Self::ToolUse(mut call) => {
                if call.arguments.is_empty() {
                    call.arguments.push_str("{}");
                }
                // Cut by a limit: half a call is none.
                if serde_json::from_str::<serde::de::IgnoredAny>(&call.arguments).is_ok() {
                    out.push_back(ModelEvent::ToolCall(call));
                }
            }
        }
    }
}

/// A block that came in one piece.
pub(super) fn whole_block(block: Block, out: &mut Events) {
    if let Block::RedactedThinking { data } = block {
        out.push_back(ModelEvent::ThinkingSignature([REDACTED, &data].concat()));
    } else if let Some(open) = OpenBlock::begin(block, out) {
        open.finish(out);
    }
}

fn push(text: String, event: fn(String) -> ModelEvent, out: &mut Events) {
    if !text.is_empty() {
        out.push_back(event(text));
    }
}

fn gather(whole: &mut String, piece: &str) -> Result<(), Failure> {
    if piece.len() > GATHERED_BYTES_MAX.saturating_sub(whole.len()) {
        return Err(failure::protocol(format!(
            "a block of the answer is longer than {GATHERED_BYTES_MAX} bytes"
        )));
    }
    whole.push_str(piece);
    Ok(())
}
