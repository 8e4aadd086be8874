//! What can be typed about assistants and what they know.

use clap::{Args, Subcommand};

use super::JsonArgs;

/// What to do with assistants.
#[derive(Subcommand, Debug)]
pub enum AgentCommand {
    /// Make an assistant
    Create(AgentCreateArgs),
    /// Every assistant
    List(JsonArgs),
    /// One assistant with its files
    Show {
        /// Name or id
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete an assistant with its files; its conversations fall back to the default one
    Delete {
        /// Name or id
        name: String,
    },
    /// Write one of its files: in $EDITOR, or from stdin when that is no terminal
    Edit {
        /// Name or id of the assistant
        name: String,
        /// IDENTITY, SOUL, USER, TOOLS, AGENTS or MEMORY
        file: String,
    },
}

/// A new assistant.
#[derive(Args, Clone, Debug)]
pub struct AgentCreateArgs {
    /// Its name
    pub name: String,
    /// Who answers [default: demo]
    #[arg(long, value_name = "B")]
    pub backend: Option<String>,
    /// The model, in its provider's words [default: the backend's]
    #[arg(long, short = 'm', value_name = "M")]
    pub model: Option<String>,
    /// What it is told before every conversation
    #[arg(long, value_name = "TEXT")]
    pub system_prompt: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
