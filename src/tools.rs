//! What an assistant can do besides talking.
//!
//! A [`Tool`] says what it wants before it does anything: [`Tool::plan`] turns the model's arguments into typed
//! actions, which the guard judges and a person may be asked about; [`Tool::run`] does just that. Nothing here
//! decides, journals or redacts: whoever runs a turn does, for every tool alike.

mod argument;
mod bash;
mod blocking;
mod content;
mod files;
mod jq;
mod output;
mod place;
mod plan;
mod schema;
mod shelf;
mod tool;
mod web;
mod workspace_memory;

pub use crate::policy::ToolClass;
pub use bash::{BashTool, shell};
pub use files::file_tools;
pub use jq::{JqTool, filter as jq};
pub use output::{OUTPUT_BYTES_MAX, ToolError, ToolOutput};
pub use place::Place;
pub use plan::Plan;
pub use schema::fits;
pub use shelf::{Shelved, ToolSource, Tools};
pub use tool::{Arguments, Reach, Tool, ToolCallRun};
pub use web::web_tools;
pub use workspace_memory::WorkspaceMemory;
