//! What can be typed about facts.

use clap::{Args, Subcommand};

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
    /// Forget a fact; it can be had back for some days
    Forget {
        /// Its key, or its id
        key: String,
        /// Why, for its history
        #[arg(long, value_name = "TEXT", default_value = "")]
        why: String,
        /// Remove its history too
        #[arg(long)]
        for_good: bool,
    },
    /// Every version of a fact: who made it, when and why
    Log {
        /// Its key, or its id
        key: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// What differs between two versions of a fact
    Diff {
        /// Its key, or its id
        key: String,
        /// The older version [default: the one before the newest]
        from: Option<i64>,
        /// The newer version [default: the newest]
        to: Option<i64>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Put a version of a fact back, also of one that was forgotten
    Restore {
        /// Its key, or its id
        key: String,
        /// The version [default: the newest one that said something else]
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        /// Why, for its history
        #[arg(long, value_name = "TEXT", default_value = "")]
        why: String,
    },
    /// Have a fact in every prompt
    Pin {
        /// Its key, or its id
        key: String,
    },
    /// Have a fact in prompts only when it fits
    Unpin {
        /// Its key, or its id
        key: String,
    },
    /// Say when a fact is over
    Expire {
        /// Its key, or its id
        key: String,
        /// 30d, 12h, 2026-12-31, 2026-12-31T18:00:00Z, or never
        when: String,
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
    /// Those that are pinned
    #[arg(long)]
    pub pinned: bool,
    /// Those that were forgotten and can be had back
    #[arg(long, conflicts_with_all = ["category", "assistant", "pinned"])]
    pub forgotten: bool,
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
    /// How sure it is, from 0 to 1 [default: 1]
    #[arg(long, value_name = "X")]
    pub confidence: Option<f64>,
    /// When it is over: 30d, 2026-12-31, 2026-12-31T18:00:00Z
    #[arg(long, value_name = "D")]
    pub expires: Option<String>,
    /// Have it in every prompt
    #[arg(long)]
    pub pin: bool,
    /// Why, for its history
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub why: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
