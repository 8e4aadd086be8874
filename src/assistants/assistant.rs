//! What an assistant is, and what it may be.

use serde::{Deserialize, Serialize};

use super::error::AssistantError;
use crate::models::Routing;
use crate::policy::{Autonomy, PermissionMode};
use crate::protocol::ids::AssistantId;

/// Most characters of a name.
pub const NAME_CHARS_MAX: usize = 100;
/// Most characters of a backend's or a model's name.
pub const MODEL_CHARS_MAX: usize = 200;
/// Most characters of a system prompt.
pub const SYSTEM_PROMPT_CHARS_MAX: usize = 100_000;

/// A persona.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assistant {
    /// Its id.
    pub id: AssistantId,
    /// Its name, unique in the tenant.
    pub name: String,
    /// The backend that answers for it.
    pub backend: String,
    /// The model, in its provider's words.
    pub model: String,
    /// Who answers where its own model does not, and when.
    #[serde(default)]
    pub routing: Routing,
    /// What it is told before every conversation; may be empty.
    pub system_prompt: String,
    /// How it is let work.
    pub permission_mode: PermissionMode,
    /// How far it may go alone.
    #[serde(default = "supervised")]
    pub autonomy: Autonomy,
    /// Whether it answers where nobody else is named.
    pub is_default: bool,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// What is asked for when an assistant is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAssistant {
    /// Its name, 1–100 characters.
    pub name: String,
    /// The backend, 1–200 characters.
    pub backend: String,
    /// The model, 1–200 characters.
    pub model: String,
    /// Who answers where that model does not, and when.
    pub routing: Routing,
    /// The system prompt, up to 100,000 characters.
    pub system_prompt: String,
}

/// What changes of an assistant. `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssistantChange {
    /// Another name.
    pub name: Option<String>,
    /// Another backend.
    pub backend: Option<String>,
    /// Another model.
    pub model: Option<String>,
    /// Other fallbacks and conditions, all of them.
    pub routing: Option<Routing>,
    /// Another system prompt.
    pub system_prompt: Option<String>,
    /// Another permission mode.
    pub permission_mode: Option<PermissionMode>,
    /// Another autonomy.
    pub autonomy: Option<Autonomy>,
    /// Make it the default one.
    pub make_default: bool,
}

/// What a new assistant has, and one that an outcome of an earlier version tells of.
const fn supervised() -> Autonomy {
    Autonomy::Supervised
}

impl NewAssistant {
    /// The assistant that this makes, or the field that is wrong.
    pub(super) fn into_assistant(self, now_ms: i64) -> Result<Assistant, AssistantError> {
        let assistant = Assistant {
            id: AssistantId::new(),
            name: self.name.trim().to_owned(),
            backend: self.backend.trim().to_owned(),
            model: self.model.trim().to_owned(),
            routing: self.routing,
            system_prompt: self.system_prompt,
            permission_mode: PermissionMode::Default,
            autonomy: supervised(),
            is_default: false,
            version: 1,
            created_ms: now_ms,
            updated_ms: now_ms,
        };
        assistant.check()?;
        Ok(assistant)
    }
}

impl AssistantChange {
    /// The changed assistant, or the field that is wrong.
    pub(super) fn apply(self, to: Assistant, now_ms: i64) -> Result<Assistant, AssistantError> {
        let trimmed = |text: String| text.trim().to_owned();
        let changed = Assistant {
            name: self.name.map(trimmed).unwrap_or(to.name),
            backend: self.backend.map(trimmed).unwrap_or(to.backend),
            model: self.model.map(trimmed).unwrap_or(to.model),
            routing: self.routing.unwrap_or(to.routing),
            system_prompt: self.system_prompt.unwrap_or(to.system_prompt),
            permission_mode: self.permission_mode.unwrap_or(to.permission_mode),
            autonomy: self.autonomy.unwrap_or(to.autonomy),
            is_default: to.is_default || self.make_default,
            version: to.version + 1,
            updated_ms: now_ms,
            ..to
        };
        changed.check()?;
        Ok(changed)
    }
}

impl Assistant {
    fn check(&self) -> Result<(), AssistantError> {
        for (field, text, chars_max) in [
            ("name", &self.name, NAME_CHARS_MAX),
            ("backend", &self.backend, MODEL_CHARS_MAX),
            ("model", &self.model, MODEL_CHARS_MAX),
        ] {
            let clean = !text.chars().any(char::is_control);
            if !clean || !(1..=chars_max).contains(&text.chars().count()) {
                return Err(AssistantError::Field { field, chars_max });
            }
        }
        if self.system_prompt.chars().count() > SYSTEM_PROMPT_CHARS_MAX {
            return Err(AssistantError::Field { field: "system_prompt", chars_max: SYSTEM_PROMPT_CHARS_MAX });
        }
        Ok(self.routing.check(&self.backend, &self.model)?)
    }
}
