//! Which models answer for an assistant, as the API has it: a chain behind its own model, and conditions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::models::{Conditions, Link, Routing};

/// Who answers where an assistant's own model does not, and when.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = Routing)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RoutingView {
    /// Only models on this machine are asked; without one nobody is.
    local_only: bool,
    /// When its own model may be asked.
    when: ConditionsView,
    /// Who is asked after it, first to last; at most 8.
    fallbacks: Vec<LinkView>,
}

/// A model of a chain.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ChainLink)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkView {
    pub(super) backend: String,
    /// Empty for the backend's own.
    #[serde(default)]
    model: String,
    #[serde(default)]
    when: ConditionsView,
}

/// When a model of a chain may be asked. What is absent does not matter. Where a price is limited, a model of unknown price is
/// not asked.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = ChainConditions)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ConditionsView {
    /// Most that a token of the prompt may cost, in billionths of a US dollar.
    input_nano_max: Option<u64>,
    /// Most that a token of the answer may cost, in billionths of a US dollar.
    output_nano_max: Option<u64>,
    /// Most that the call may cost by its estimate, in billionths of a US dollar.
    call_nano_max: Option<u64>,
    /// Longest prompt, in tokens.
    prompt_tokens_max: Option<u64>,
    /// Shortest prompt, in tokens.
    prompt_tokens_min: Option<u64>,
}

// === impl RoutingView ===

impl RoutingView {
    /// The backends that it names.
    pub(super) fn backends(&self) -> impl Iterator<Item = &str> {
        self.fallbacks.iter().map(|link| link.backend.as_str())
    }
}

impl From<Routing> for RoutingView {
    fn from(routing: Routing) -> Self {
        let link = |link: Link| LinkView { backend: link.backend, model: link.model, when: link.when.into() };
        Self {
            local_only: routing.local_only,
            when: routing.when.into(),
            fallbacks: routing.fallbacks.into_iter().map(link).collect(),
        }
    }
}

impl From<RoutingView> for Routing {
    fn from(view: RoutingView) -> Self {
        let link = |link: LinkView| Link { backend: link.backend, model: link.model, when: link.when.into() };
        Self {
            local_only: view.local_only,
            when: view.when.into(),
            fallbacks: view.fallbacks.into_iter().map(link).collect(),
        }
    }
}

// === impl ConditionsView ===

impl From<Conditions> for ConditionsView {
    fn from(when: Conditions) -> Self {
        let Conditions {
            input_nano_max,
            output_nano_max,
            call_nano_max,
            prompt_tokens_max,
            prompt_tokens_min,
        } = when;
        Self { input_nano_max, output_nano_max, call_nano_max, prompt_tokens_max, prompt_tokens_min }
    }
}

impl From<ConditionsView> for Conditions {
    fn from(when: ConditionsView) -> Self {
        let ConditionsView {
            input_nano_max,
            output_nano_max,
            call_nano_max,
            prompt_tokens_max,
            prompt_tokens_min,
        } = when;
        Self { input_nano_max, output_nano_max, call_nano_max, prompt_tokens_max, prompt_tokens_min }
    }
}
