//! The arguments of `experiment`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::JsonArgs;

/// What to do with experiments.
#[derive(Subcommand, Debug)]
pub enum ExperimentCommand {
    /// Make an experiment from a JSON file; prints its id
    Create {
        /// `{"title", "kind", "goal", "settings", …}`, or `-` for stdin
        file: PathBuf,
        /// Start it, too
        #[arg(long)]
        start: bool,
        /// Wait until it is over, or a person has to decide
        #[arg(long, requires = "start")]
        wait: bool,
        /// Where it works [default: what the file says, else the default workspace]
        #[arg(long, value_name = "NAME")]
        workspace: Option<String>,
        /// The folder that it works on: the workspace of this folder, made where there is none
        #[arg(long, value_name = "DIR", conflicts_with = "workspace")]
        folder: Option<PathBuf>,
    },
    /// Experiments, newest first
    List(JsonArgs),
    /// One experiment with its iterations
    Show {
        /// Id
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Start an experiment
    Start {
        /// Id
        id: String,
        /// Wait until it is over, or a person has to decide
        #[arg(long)]
        wait: bool,
    },
    /// Let it end after what it is doing
    Stop {
        /// Id
        id: String,
    },
    /// End it now, with everything that it runs
    Cancel {
        /// Id
        id: String,
    },
    /// Say what is wanted at the gate
    Decide {
        /// Id
        id: String,
        /// accept, reject or continue
        decision: String,
        /// Why, for the record
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Take an accepted experiment out of the workspace again
    Rollback {
        /// Id
        id: String,
    },
    /// What an iteration changed
    Diff {
        /// Id
        id: String,
        /// Its number
        iteration: u32,
    },
    /// What it did, as a document on stdout
    Report {
        /// Id
        id: String,
        /// As what
        #[arg(long, value_enum, default_value = "markdown")]
        format: ReportFormat,
    },
    /// Remove an experiment that does not run
    Remove {
        /// Id
        id: String,
    },
}

/// As what a report is written.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub enum ReportFormat {
    /// Text
    Markdown,
    /// One page, with a chart
    Html,
}
