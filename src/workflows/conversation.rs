//! The conversation recipe: from an assistant, a thread's history and a new message to a model call.
//!
//! Pure. What plugs of `query_pre` say stands with the message that they were asked about (`enriched`).

use capuchin_actors::protocol::chat::{ChatMessage, Role};
use capuchin_actors::protocol::model::{ModelError, ModelErrorKind, ModelRequest};
use capuchin_actors::protocol::turn::{OwnText, TurnOverrides};
use serde_json::{Map, Value};

use super::compaction::introduced;
use super::enriched::enriched;
use super::fence::NOTICE;
use crate::turns::{History, Said};

/// Who answers, as far as a model call is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Persona {
    /// Backend to ask.
    pub backend: String,
    /// Model to ask; empty for the backend's default.
    pub model: String,
    /// System prompt; empty for none.
    pub system_prompt: String,
}

impl Persona {
    /// This persona with the choices of one message. Another backend without a model of its own
    /// answers with that backend's default model.
    #[must_use]
    pub fn with(self, overrides: &TurnOverrides) -> Self {
        let moved = overrides.backend.as_ref().is_some_and(|backend| *backend != self.backend);
        let model = match (&overrides.model, moved) {
            (Some(model), _) => model.clone(),
            (None, true) => String::new(),
            (None, false) => self.model,
        };
        Self { backend: overrides.backend.clone().unwrap_or(self.backend), model, ..self }
    }
}

/// The model call for a round of a turn. What untrusted senders and tools wrote is fenced.
///
/// # Errors
/// `InvalidRequest` when the parameters of the message are not a JSON object.
pub fn prompt(
    persona: &Persona,
    history: &History,
    overrides: &TurnOverrides,
) -> Result<ModelRequest, ModelError> {
    let said = || history.said.iter();
    let has_fence = said().any(|said| !said.is_trusted());
    let summary = history.summary.as_deref().map(introduced);
    let messages = said().map(enriched);
    let system = &persona.system_prompt;
    Ok(ModelRequest {
        model: persona.model.clone(),
        system: if has_fence { with_rules(system, &[NOTICE]) } else { system.clone() },
        messages: summary.into_iter().chain(messages).collect(),
        tools: Vec::new(),
        max_tokens: overrides.max_tokens,
        extra: extra(overrides)?,
        stream: true,
    })
}

/// A turn's own message, as the last one of its conversation.
#[must_use]
pub fn own(message: OwnText) -> Said {
    let (message, provenance) = (ChatMessage::text(Role::User, message.text), message.provenance);
    Said { id: None, message, provenance, injected: Vec::new() }
}

/// A system prompt with rules below it, each on a line: standing rules of the policy, or notices. They are
/// made anew for every call, so nothing that shortens a conversation can lose them.
#[must_use]
pub fn with_rules(system_prompt: &str, rules: &[impl AsRef<str>]) -> String {
    let mut system = system_prompt.to_owned();
    for rule in rules {
        if !system.is_empty() {
            system.push_str(if system.ends_with('\n') { "" } else { "\n" });
        }
        system.push_str("- ");
        system.push_str(rule.as_ref());
    }
    system
}

fn extra(overrides: &TurnOverrides) -> Result<Map<String, Value>, ModelError> {
    let Some(text) = &overrides.extra else { return Ok(Map::new()) };
    serde_json::from_str(text).map_err(|error| {
        let message = format!("the parameters of the message are not a JSON object: {error}");
        ModelError::new(ModelErrorKind::InvalidRequest, message)
    })
}

#[cfg(test)]
mod tests;
