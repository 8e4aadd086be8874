//! Backends: who answers, how they fare, who answers where one does not, and what was used.

use askama::Template;

use super::{Frame, filters};

/// `/settings/backends`.
#[derive(Template)]
#[template(path = "backends.html", config = "src/web/askama.toml")]
pub struct BackendsPage {
    /// The frame.
    pub frame: Frame,
    /// A card for each backend.
    pub cards: Vec<BackendCard>,
    /// The chain of each assistant.
    pub chains: Vec<ChainForm>,
    /// What was used lately, by model.
    pub usage: Vec<UsageRow>,
    /// Days of that.
    pub days: u32,
    /// What the last form did.
    pub notice: Option<String>,
    /// Why the last form was refused, or a try failed.
    pub error: Option<String>,
}

/// A backend.
pub struct BackendCard {
    /// Its name.
    pub name: String,
    /// `done`, `failed`, `waiting` or `pending`.
    pub state: &'static str,
    /// The same in words.
    pub state_word: &'static str,
    /// Kind, provider and where it is, in words.
    pub what: String,
    /// How it signs in, in words.
    pub key: String,
    /// The secret of the vault that is its key.
    pub secret: Option<String>,
    /// What to do about a key that is missing.
    pub key_help: Option<String>,
    /// Models that can be picked.
    pub models: usize,
    /// Its own one; empty for none.
    pub default_model: String,
    /// Milliseconds to the first token.
    pub first_token_ms: Option<u64>,
    /// When a call was answered last, RFC 3339.
    pub answered: Option<String>,
    /// What went wrong last, in people's words.
    pub trouble: Option<&'static str>,
    /// The same in the provider's.
    pub said: Option<String>,
    /// When it is tried again, RFC 3339.
    pub until: Option<String>,
    /// Models of it that are left out.
    pub models_open: String,
    /// What this kind is and needs.
    pub help: &'static str,
}

/// Who answers for an assistant.
pub struct ChainForm {
    /// The assistant.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i64,
    /// Its own model.
    pub own: String,
    /// When that may be asked.
    pub when: String,
    /// Who else, one on each line.
    pub fallbacks: String,
    /// Whether nothing leaves this machine.
    pub local_only: bool,
}

/// What a model was used for.
pub struct UsageRow {
    /// `backend/model`.
    pub model: String,
    /// Calls.
    pub calls: u64,
    /// Tokens of prompts.
    pub input: String,
    /// Tokens of answers.
    pub output: String,
    /// US dollars.
    pub cost: String,
}
