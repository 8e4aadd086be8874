//! What can be typed about assistants and what they know.

use std::path::PathBuf;

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

/// What to do with facts.
#[derive(Subcommand, Debug)]
pub enum MemoryCommand {
    /// Facts that are kept
    List(MemoryListArgs),
    /// Facts that fit these words, the best first
    Search {
        /// The words
        question: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Keep a fact
    Add(MemoryAddArgs),
    /// Forget a fact
    Forget {
        /// Its key, or its id
        key: String,
    },
}

/// Which facts.
#[derive(Args, Clone, Debug)]
pub struct MemoryListArgs {
    /// core, custom, daily or conversation
    #[arg(long, value_name = "C", value_parser = ["core", "custom", "daily", "conversation"])]
    pub category: Option<String>,
    /// What this assistant knows, by name or id
    #[arg(long, value_name = "A")]
    pub assistant: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A new fact.
#[derive(Args, Clone, Debug)]
pub struct MemoryAddArgs {
    /// Its name: a-z, 0-9, - and _
    pub key: String,
    /// What it says; `-` reads it from stdin
    pub text: String,
    /// core (in every prompt) or custom (recalled when needed)
    #[arg(long, value_name = "C", default_value = "custom", value_parser = ["core", "custom"])]
    pub category: String,
    /// Whose it is, by name or id [default: every assistant's]
    #[arg(long, value_name = "A")]
    pub assistant: Option<String>,
    /// A word to find it by; repeatable
    #[arg(long, value_name = "WORD")]
    pub tag: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
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
