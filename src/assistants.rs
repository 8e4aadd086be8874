//! Assistants: personas that answer. Each has a backend, a model and a system prompt.
//!
//! Exactly one assistant of a tenant is the default; it cannot be deleted. A thread uses its own,
//! else its workspace's, else the default (`workspaces` resolves that).

mod assistant;
mod desk;
mod error;
mod store;

pub use assistant::{
    Assistant, AssistantChange, MODEL_CHARS_MAX, NAME_CHARS_MAX, NewAssistant, SYSTEM_PROMPT_CHARS_MAX,
};
pub use desk::Assistants;
pub use error::AssistantError;
