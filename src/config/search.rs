//! `[search]`: how what was said and written down is found.

use serde::Deserialize;

use super::backends::{BackendKind, BackendsConfig, DEMO};
use super::sections::Check;

/// See the module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchConfig {
    /// Messages that mean the same without having its words.
    pub semantic: SemanticConfig,
}

/// `[search.semantic]`. Off without a backend: then words alone rank, and nothing is sent or fetched.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SemanticConfig {
    /// The backend that makes vectors of texts, one of kind `openai`. No default. Every message of a person or an
    /// assistant is sent there once, and every question that is asked.
    pub backend: Option<String>,
    /// The model there. No default. Another one makes all vectors anew, in the background.
    pub model: Option<String>,
    /// How alike a message and a question must be at least, from 0 to 1. Default 0.3. Models differ: some call everything
    /// 0.6.
    pub similarity_min: f64,
}

impl Default for SemanticConfig {
    fn default() -> Self {
        Self { backend: None, model: None, similarity_min: 0.3 }
    }
}

// === impl SemanticConfig ===

impl SemanticConfig {
    /// The backend and the model, where it is on.
    #[must_use]
    pub fn chosen(&self) -> Option<(&str, &str)> {
        self.backend.as_deref().zip(self.model.as_deref())
    }
}

// === impl SearchConfig ===

impl SearchConfig {
    pub(super) fn validate(&self, backends: &BackendsConfig, check: &mut Check<'_>) {
        let semantic = &self.semantic;
        if !(0.0..=1.0).contains(&semantic.similarity_min) {
            let value = semantic.similarity_min;
            check.problem("search.semantic.similarity_min", format_args!("is {value}, must be 0 to 1"));
        }
        if semantic.model.as_ref().is_some_and(|model| model.trim().is_empty()) {
            check.problem("search.semantic.model", "is empty");
        }
        let Some(name) = &semantic.backend else {
            if semantic.model.is_some() {
                check.problem("search.semantic.model", "needs search.semantic.backend beside it");
            }
            return;
        };
        let place = "search.semantic.backend";
        match backends.0.get(name).map(|backend| backend.kind) {
            None if name != DEMO => {
                check.problem(place, format_args!("is `{name}`, and there is no [backends.{name}]"));
            }
            Some(BackendKind::Openai | BackendKind::Openrouter | BackendKind::Ollama) => {}
            None | Some(_) => check.problem(
                place,
                format_args!(
                    "is `{name}`, which has no embeddings; name one of kind \"openai\", \"openrouter\" or \"ollama\""
                ),
            ),
        }
        if semantic.model.is_none() {
            check.problem(place, "needs search.semantic.model beside it");
        }
    }
}
