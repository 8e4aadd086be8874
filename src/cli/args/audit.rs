//! The arguments of `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::JsonArgs;

/// What to do with the audit trail.
#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Check every entry; works offline and on a copy, and names the first broken link
    Verify(AuditVerifyArgs),
    /// What happened, newest first
    List {
        /// Which entries
        #[command(flatten)]
        filter: AuditFilterArgs,
        /// Entries at the most
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Every entry as one JSON line, oldest first
    Export {
        /// Which entries
        #[command(flatten)]
        filter: AuditFilterArgs,
        /// JSON lines; there is no other form
        #[arg(long)]
        jsonl: bool,
    },
    /// The hash that stands for the whole trail, to write down elsewhere
    Head(JsonArgs),
}

/// Which trail, and what is known about it.
#[derive(Args, Clone, Debug)]
pub struct AuditVerifyArgs {
    /// A database; its log is read too when it is beside it [default: the home's own]
    pub file: Option<PathBuf>,
    /// Heads that were noted outside the data folder [default: the home's, for the home's own database]
    #[arg(long, value_name = "FILE")]
    pub anchor: Option<PathBuf>,
    /// A hash from `audit head` that must be in the trail
    #[arg(long, value_name = "HASH")]
    pub expect_head: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Which entries.
#[derive(Args, Clone, Debug, Default)]
pub struct AuditFilterArgs {
    /// This action and those below it: `secret` is also `secret.used`
    #[arg(long, value_name = "A")]
    pub action: Option<String>,
    /// On behalf of `owner`, `system`, or the id of a token or a member
    #[arg(long, value_name = "P")]
    pub principal: Option<String>,
    /// With this outcome
    #[arg(long, value_name = "O", value_parser = ["allowed", "denied", "asked", "done", "failed"])]
    pub outcome: Option<String>,
    /// From this time on: `2h` (ago), `2026-11-21` or a time stamp
    #[arg(long, value_name = "T")]
    pub since: Option<String>,
    /// Before this time
    #[arg(long, value_name = "T")]
    pub until: Option<String>,
}
