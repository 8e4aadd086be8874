//! What the binary knows by itself: the models of the providers' own addresses, so that there is something to pick before
//! anybody was asked, and what the providers' lists do not say about them.
//!
//! Source: the providers' pages of models, as of [`crate::backends::LISTED_AS_OF`].

use crate::backends::{Backend, Capabilities, ModelInfo};

/// Name, name for people, tokens in all, tokens of an answer, whether it shows its reasoning. All of them call tools and see
/// pictures, but for those whose provider says otherwise when it is asked.
type Line = (&'static str, &'static str, u64, u64, bool);

const OPENAI: &[Line] = &[
    ("gpt-5", "GPT-5", 400_000, 128_000, true),
    ("gpt-5-mini", "GPT-5 mini", 400_000, 128_000, true),
    ("gpt-5-nano", "GPT-5 nano", 400_000, 128_000, true),
    ("gpt-4.1", "GPT-4.1", 1_047_576, 32_768, false),
    ("gpt-4.1-mini", "GPT-4.1 mini", 1_047_576, 32_768, false),
    ("gpt-4o", "GPT-4o", 128_000, 16_384, false),
    ("gpt-4o-mini", "GPT-4o mini", 128_000, 16_384, false),
    ("o4-mini", "o4-mini", 200_000, 100_000, true),
];
const ANTHROPIC: &[Line] = &[
    ("claude-opus-4-1", "Claude Opus 4.1", 200_000, 32_000, true),
    ("claude-sonnet-4-5", "Claude Sonnet 4.5", 200_000, 64_000, true),
    ("claude-haiku-4-5", "Claude Haiku 4.5", 200_000, 64_000, true),
];
const GOOGLE: &[Line] = &[
    ("gemini-2.5-pro", "Gemini 2.5 Pro", 1_048_576, 65_536, true),
    ("gemini-2.5-flash", "Gemini 2.5 Flash", 1_048_576, 65_536, true),
    ("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", 1_048_576, 65_536, true),
];

/// What is known of a backend before it is asked: its provider's list here, and the model that the settings name.
pub(super) fn of(backend: &dyn Backend) -> Vec<ModelInfo> {
    let lines = match backend.provider() {
        "openai" => OPENAI,
        "anthropic" => ANTHROPIC,
        "google" => GOOGLE,
        _ => &[],
    };
    let mut models: Vec<ModelInfo> = lines.iter().map(listed).collect();
    let default = backend.default_model().filter(|default| models.iter().all(|model| model.id != *default));
    models.extend(default.map(ModelInfo::named));
    models
}

fn listed((id, name, context, output, thinking): &Line) -> ModelInfo {
    ModelInfo {
        display_name: (*name).to_owned(),
        context_tokens: Some(*context),
        output_tokens: Some(*output),
        capabilities: Capabilities { tools: Some(true), images: Some(true), thinking: Some(*thinking) },
        ..ModelInfo::named(*id)
    }
}
