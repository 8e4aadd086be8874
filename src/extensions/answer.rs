//! What a plug that is no code of ours is told, and what it may say: one shape of JSON, whatever the plug is.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::context::{Context, EFFECTIVE_PROMPT, Injection, Source};
use super::hook::Hook;
use super::plug::PlugError;
use super::station::ADDED_BYTES_MAX;
use crate::protocol::ids::TenantId;
use crate::protocol::turn::Provenance;

/// Longest answer in bytes: what a plug may add, and as much again for how it is written.
pub(super) const ANSWER_BYTES_MAX: usize = 2 * ADDED_BYTES_MAX;
/// Most characters of what a plug says about its failure.
const REASON_CHARS_MAX: usize = 300;

/// Who speaks.
#[derive(Clone, Debug)]
pub(super) struct Speaker {
    /// Its name.
    pub(super) name: String,
    /// Whether what it says counts as the system's own word.
    pub(super) trusted: bool,
}

#[derive(Serialize)]
struct Asked<'c> {
    hook: Hook,
    tenant: &'c TenantId,
    at_ms: i64,
    data: &'c Value,
    assigns: &'c Map<String, Value>,
    private: &'c Map<String, Value>,
    injections: &'c [Injection],
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<&'c Map<String, Value>>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Said {
    assigns: Map<String, Value>,
    private: Map<String, Value>,
    injections: Vec<SaidInjection>,
    halt: Option<SaidHalt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidInjection {
    key: String,
    #[serde(default)]
    title: String,
    text: String,
    #[serde(default)]
    sources: Vec<Source>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidHalt {
    reason: String,
}

/// What a plug is told, on one line.
pub(super) fn asked(context: &Context, options: Option<&Map<String, Value>>) -> Result<String, PlugError> {
    let asked = Asked {
        hook: context.hook,
        tenant: &context.tenant,
        at_ms: context.at_ms,
        data: &context.data,
        assigns: &context.assigns,
        private: &context.private,
        injections: &context.injections,
        options,
    };
    serde_json::to_string(&asked).map_err(|error| PlugError::Invalid(error.to_string()))
}

/// The context with what a plug said. What it adds stands beside what was there; a word that it says again is replaced.
pub(super) fn take(mut context: Context, speaker: &Speaker, said: &[u8]) -> Result<Context, PlugError> {
    if said.len() > ANSWER_BYTES_MAX {
        return Err(PlugError::TooMuch(format!("{} KiB in an answer", ANSWER_BYTES_MAX >> 10)));
    }
    if said.trim_ascii_start().first() != Some(&b'{') {
        return Err(PlugError::Invalid("its answer is not what was agreed: it is no object".to_owned()));
    }
    let said: Said = serde_json::from_slice(said).map_err(|error| {
        PlugError::Invalid(format!("its answer is not what was agreed: {}", short(&error.to_string())))
    })?;
    if !speaker.trusted && said.assigns.contains_key(EFFECTIVE_PROMPT) {
        let text =
            "it wants another prompt in the place of a message, which takes trusted = true in its settings";
        return Err(PlugError::Invalid(text.to_owned()));
    }
    let provenance = if speaker.trusted { Provenance::System } else { Provenance::Tool };
    context.assigns.extend(said.assigns);
    context.private.extend(said.private);
    context.injections.extend(said.injections.into_iter().map(|one| Injection {
        plug: speaker.name.clone(),
        key: one.key,
        title: one.title,
        text: one.text,
        provenance,
        sources: one.sources,
    }));
    Ok(match said.halt {
        Some(halt) => context.halt(&speaker.name, short(&halt.reason)),
        None => context,
    })
}

/// As much of a stranger's words as people should have to read, on one line.
pub(super) fn short(text: &str) -> String {
    let line = |c: char| if c.is_control() { ' ' } else { c };
    let text = text.trim();
    let cut: String = text.chars().take(REASON_CHARS_MAX).map(line).collect();
    if cut.len() < text.len() { format!("{cut} …") } else { cut }
}

#[cfg(test)]
mod tests;
