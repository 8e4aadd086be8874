//! Assistants: personas that answer. Each has a backend, a model and a system prompt.
//!
//! Exactly one assistant of a tenant is the default; it cannot be deleted. A thread uses its own,
//! else its workspace's, else the default (`workspaces` resolves that). What it is told besides its system
//! prompt are six files in a folder of its own (`files`).

mod assistant;
mod desk;
mod error;
pub mod files;
mod store;
mod tool;

pub use assistant::{
    Assistant, AssistantChange, MODEL_CHARS_MAX, NAME_CHARS_MAX, NewAssistant, SYSTEM_PROMPT_CHARS_MAX,
};
pub use desk::Assistants;
pub use error::AssistantError;
pub use tool::AgentFileTool;
