//! The JSON of Ollama's answers, as far as it is used. Source: Ollama's `docs/api.md`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::backends::{Capabilities, ModelInfo};

/// A line of a stream, or a whole answer: they are the same.
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) message: Option<Message>,
    #[serde(default)]
    pub(super) done: bool,
    /// `stop`, `length`, `load` or `unload`.
    #[serde(default)]
    pub(super) done_reason: Option<String>,
    #[serde(default)]
    pub(super) prompt_eval_count: Option<u64>,
    #[serde(default)]
    pub(super) eval_count: Option<u64>,
    #[serde(default)]
    pub(super) error: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) content: Option<String>,
    #[serde(default)]
    pub(super) thinking: Option<String>,
    #[serde(default)]
    pub(super) tool_calls: Option<Vec<Called>>,
}

#[derive(Deserialize)]
pub(super) struct Called {
    /// Newer servers have one.
    #[serde(default)]
    pub(super) id: Option<String>,
    pub(super) function: Function,
}

#[derive(Deserialize)]
pub(super) struct Function {
    pub(super) name: String,
    /// An object; text in some versions.
    #[serde(default)]
    pub(super) arguments: Value,
}

#[derive(Deserialize)]
pub(super) struct Tags {
    #[serde(default)]
    pub(super) models: Vec<Tag>,
}

/// A model that was pulled.
#[derive(Deserialize)]
pub(super) struct Tag {
    name: String,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    modified_at: Option<String>,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    parameter_size: Option<String>,
    #[serde(default)]
    quantization_level: Option<String>,
}

/// What `/api/show` says about one.
#[derive(Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    capabilities: Option<Vec<String>>,
    #[serde(default)]
    model_info: Map<String, Value>,
}

impl Tag {
    /// What it is called by.
    pub(super) fn id(&self) -> &str {
        self.model.as_deref().unwrap_or(&self.name)
    }

    /// The model, with what it can do where that is known.
    pub(super) fn with(self, shown: Option<&Shown>) -> ModelInfo {
        let sizes = self.details.iter().flat_map(|of| [&of.parameter_size, &of.quantization_level]);
        let sizes: Vec<&str> = sizes.flatten().map(String::as_str).filter(|word| !word.is_empty()).collect();
        let display_name = match &sizes[..] {
            [] => self.name.clone(),
            sizes => format!("{} ({})", self.name, sizes.join(", ")),
        };
        let pulled: Option<jiff::Timestamp> = self.modified_at.as_deref().and_then(|at| at.parse().ok());
        let can = |what: &str| {
            let known = shown?.capabilities.as_ref()?;
            Some(known.iter().any(|one| one == what))
        };
        let capabilities =
            Capabilities { tools: can("tools"), images: can("vision"), thinking: can("thinking") };
        // Named by the family: `llama.context_length`.
        let context = shown.and_then(|shown| {
            let mut facts = shown.model_info.iter();
            facts.find(|(name, _)| name.ends_with(".context_length")).and_then(|(_, value)| value.as_u64())
        });
        ModelInfo {
            display_name,
            created_s: pulled.map_or(0, jiff::Timestamp::as_second),
            context_tokens: context,
            capabilities,
            ..ModelInfo::named(self.id())
        }
    }
}
