//! `[assistant]`: what the first assistant of a new home is made of. Later changes belong to the
//! assistant itself, in the store.

use serde::Deserialize;

use super::sections::Check;

/// Characters that a system prompt may have.
const SYSTEM_PROMPT_CHARS_MAX: usize = 100_000;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssistantConfig {
    /// Its name. Default `capuchin`.
    pub name: String,
    /// The backend that answers, one of `[backends]`. Default `demo`: offline and deterministic.
    pub backend: String,
    /// The model, in its provider's words. Default `demo`.
    pub model: String,
    /// Models that answer where that one does not, first to last: `backend/model`, and conditions such as
    /// `output<=10` (US dollars per million tokens) or `prompt<=32000` (tokens). Default: none.
    pub fallbacks: Vec<String>,
    /// Whether only models on this machine may answer. Default `false`.
    pub local_only: bool,
    /// What it is told before every conversation. Default: who it is, in one paragraph.
    pub system_prompt: String,
}

impl Default for AssistantConfig {
    fn default() -> Self {
        Self {
            name: "capuchin".to_owned(),
            backend: "demo".to_owned(),
            model: "demo".to_owned(),
            fallbacks: Vec::new(),
            local_only: false,
            system_prompt: "You are Capuchin, a personal assistant that runs on its owner's own machine. \
                            Be helpful, brief and honest; say so when you do not know."
                .to_owned(),
        }
    }
}

impl AssistantConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        for (name, value) in [
            ("assistant.name", &self.name),
            ("assistant.backend", &self.backend),
            ("assistant.model", &self.model),
        ] {
            if value.trim().is_empty() {
                check.problem(name, "must not be empty");
            }
        }
        if self.system_prompt.chars().count() > SYSTEM_PROMPT_CHARS_MAX {
            check.problem(
                "assistant.system_prompt",
                format_args!("is longer than {SYSTEM_PROMPT_CHARS_MAX} characters"),
            );
        }
    }
}
