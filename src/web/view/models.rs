//! Models: what can be picked, and how backends are asked for them.

use askama::Template;

use super::{Frame, filters};

/// `/settings/models`.
#[derive(Template)]
#[template(path = "models.html", config = "src/web/askama.toml")]
pub struct ModelsPage {
    /// The frame.
    pub frame: Frame,
    /// How each backend is asked.
    pub probes: Vec<ProbeRow>,
    /// Every model that is known, those that are gone too.
    pub models: Vec<ModelRow>,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// How a backend is asked.
pub struct ProbeRow {
    /// `backend:provider`.
    pub id: String,
    /// The backend.
    pub backend: String,
    /// Whose models.
    pub provider: String,
    /// `done`, `failed` or `pending`.
    pub state: &'static str,
    /// The same in words.
    pub state_word: &'static str,
    /// Why the last look brought nothing.
    pub error: Option<String>,
    /// Whether it is asked from time to time.
    pub enabled: bool,
    /// Seconds between two looks.
    pub every_s: u64,
    /// When a list came, RFC 3339.
    pub answered: Option<String>,
    /// When it is asked next, RFC 3339.
    pub next: Option<String>,
    /// Models that can be picked.
    pub models: usize,
}

/// A model.
pub struct ModelRow {
    /// The backend.
    pub backend: String,
    /// As the provider calls it.
    pub model: String,
    /// For people.
    pub name: String,
    /// `done`, `waiting` or `failed`.
    pub state: &'static str,
    /// The same in words.
    pub state_word: &'static str,
    /// Tokens that it takes, in words.
    pub context: Option<String>,
    /// Tokens of an answer, in words.
    pub output: Option<String>,
    /// What it can do, in words.
    pub able: String,
    /// US dollars per million tokens in and out, in words.
    pub price: Option<String>,
    /// Who said so.
    pub source: &'static str,
    /// When it was last said to be there, RFC 3339.
    pub seen: Option<String>,
}
