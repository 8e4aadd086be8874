//! What can be typed about assistants and what they know.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::JsonArgs;
use crate::models::{Conditions, Link, Routing};

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
    /// Who answers where its own model does not; without options what is set now, with any of them all of it anew
    Route {
        /// Name or id of the assistant
        name: String,
        /// Nobody but its own model, whatever it costs
        #[arg(long, conflicts_with_all = ["fallbacks", "when", "local_only"])]
        clear: bool,
        /// Who answers
        #[command(flatten)]
        routing: RoutingArgs,
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
    /// Who answers where that model does not.
    #[command(flatten)]
    pub routing: RoutingArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Which models answer for an assistant.
#[derive(Args, Clone, Debug, Default)]
pub struct RoutingArgs {
    /// Another model, asked in this order: 'BACKEND/MODEL output<=10 prompt<=32000'; prices are USD per million tokens
    #[arg(long = "fallback", value_name = "LINK")]
    pub fallbacks: Vec<Link>,
    /// When its own model may be asked: input<=USD output<=USD call<=USD prompt<=TOKENS prompt>=TOKENS
    #[arg(long, value_name = "CONDITIONS")]
    pub when: Option<Conditions>,
    /// Only models on this machine
    #[arg(long)]
    pub local_only: bool,
}

// === impl RoutingArgs ===

impl RoutingArgs {
    /// What is said; `None` for nothing.
    #[must_use]
    pub fn routing(self) -> Option<Routing> {
        let Self { fallbacks, when, local_only } = self;
        let said = Routing { local_only, when: when.unwrap_or_default(), fallbacks };
        (said != Routing::default()).then_some(said)
    }
}

/// What to do with skills.
#[derive(Subcommand, Debug)]
pub enum SkillCommand {
    /// Skills of the home, or of a workspace
    List(SkillListArgs),
    /// The SKILL.md of a skill
    Show(SkillArgs),
    /// Add the skill in a folder: its SKILL.md and the files beside it
    Add {
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Put it in the place of the one with this name
        #[arg(long)]
        replace: bool,
    },
    /// Let prompts have a skill; a workspace's skill only as it is now
    Enable(SkillArgs),
    /// Take a skill out of prompts
    Disable(SkillArgs),
    /// Every text of a skill of the home: who wrote it, and when
    Log {
        /// Its name
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Put a text of a skill back, also of one that was removed
    Restore {
        /// Its name
        name: String,
        /// The version, as `skill log` numbers them
        #[arg(long, value_name = "N")]
        version: i64,
    },
    /// What came of a skill: what its score is made of
    Outcomes(SkillArgs),
    /// Remove a skill of the home with its files
    Remove {
        /// Its name
        name: String,
    },
}

/// Which skills.
#[derive(Args, Clone, Debug)]
pub struct SkillListArgs {
    /// The workspace whose own skills are meant, by name or id
    #[arg(long, short = 'w', value_name = "W")]
    pub workspace: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Which skill.
#[derive(Args, Clone, Debug)]
pub struct SkillArgs {
    /// Its name
    pub name: String,
    /// The workspace whose own skill is meant, by name or id
    #[arg(long, short = 'w', value_name = "W")]
    pub workspace: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
