//! A message as a model gets it: with what plugs put before it, each behind its own fence where it needs one.
//!
//! What was put before a message stays there in later prompts, until a person takes it out: so a prompt begins as the one
//! before it did, and the model knows later what it was told earlier.

use crate::protocol::chat::{ChatMessage, Part};
use crate::turns::Said;

use super::fence::{fence, fenced};

/// The message of a prompt.
#[must_use]
pub fn enriched(said: &Said) -> ChatMessage {
    let mut message = said.message.clone();
    if let Some(other) = said.injected.iter().find(|one| one.instead) {
        message.parts.retain(|part| !matches!(part, Part::Text { .. }));
        message.parts.push(Part::Text { text: other.injection.text.clone() });
    }
    let mut message = fenced(message, said.provenance);
    let before = said.injected.iter().filter(|one| !one.instead).map(|one| {
        let text = format!("[{}]\n{}", one.injection.title, one.injection.text);
        let provenance = one.injection.provenance;
        Part::Text { text: if provenance.is_trusted() { text } else { fence(provenance, &text) } }
    });
    let before: Vec<Part> = before.collect();
    message.parts.splice(0..0, before);
    message
}

#[cfg(test)]
mod tests;
