//! The arguments of `model`.

use clap::Subcommand;

use super::JsonArgs;

/// What to do with models.
#[derive(Subcommand, Debug)]
pub enum ModelCommand {
    /// The models that can be picked, what they take and cost, and who said so
    List {
        /// Those too that are gone
        #[arg(long)]
        all: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// How each backend is asked for its models, and how that went
    Probes(JsonArgs),
    /// Ask a backend, or all of them, for their models now
    Refresh {
        /// The backend; BACKEND:PROVIDER where it has several [default: all]
        backend: Option<String>,
    },
    /// Change how often a backend is asked
    Probe {
        /// The backend; BACKEND:PROVIDER where it has several
        backend: String,
        /// Seconds between two looks, 60 to 604,800
        #[arg(long)]
        every: Option<u64>,
        /// Ask it from time to time
        #[arg(long, conflicts_with = "off")]
        on: bool,
        /// Ask it no more by itself
        #[arg(long)]
        off: bool,
    },
}
