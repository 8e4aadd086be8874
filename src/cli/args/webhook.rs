//! The arguments of `webhook`.

use clap::{Args, Subcommand};

use super::JsonArgs;

/// What to do with webhooks.
#[derive(Subcommand, Debug)]
pub enum WebhookCommand {
    /// Make an address for a source; prints it, and the secret if one was made
    Add(WebhookAddArgs),
    /// Endpoints, and what happened at them
    List(JsonArgs),
    /// One endpoint, with what it refused of late
    Show {
        /// Name or id
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give an endpoint another secret; the old one is good for a while
    Rotate {
        /// Name or id
        name: String,
        /// `-` reads it from stdin [default: one is made, where the receiver chooses it]
        #[arg(long, value_name = "-", allow_hyphen_values = true)]
        secret: Option<String>,
        /// Seconds for which the old one is good besides [default: a day]
        #[arg(long, value_name = "SECONDS")]
        overlap_s: Option<u64>,
    },
    /// Take nothing for now
    Pause {
        /// Name or id
        name: String,
    },
    /// Take deliveries again
    Resume {
        /// Name or id
        name: String,
    },
    /// What came, newest first
    Deliveries {
        /// Name or id
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Work on a delivery once more
    Replay {
        /// Name or id of the endpoint
        name: String,
        /// Id of the delivery
        delivery: String,
    },
    /// Remove an endpoint with its log
    Remove {
        /// Name or id
        name: String,
    },
}

/// What an endpoint is.
#[derive(Args, Clone, Debug)]
pub struct WebhookAddArgs {
    /// Its name
    pub name: String,
    /// Who sends: github, gitlab, stripe, generic, …
    #[arg(long, value_name = "SOURCE")]
    pub source: String,
    /// `-` reads the source's secret from stdin [default: one is made, where the receiver chooses it]
    #[arg(long, value_name = "-", allow_hyphen_values = true)]
    pub secret: Option<String>,
    /// An event that is taken; a `*` at its end stands for any ending [default: all]
    #[arg(long, value_name = "EVENT")]
    pub event: Vec<String>,
    /// What to do with what comes
    #[arg(long, value_name = "TEXT")]
    pub instructions: Option<String>,
    /// How far its turns may go: no_tools, read_only or supervised
    #[arg(long, value_name = "WORD")]
    pub ceiling: Option<String>,
    /// Start this schedule, by name or id, instead of a turn
    #[arg(long, value_name = "SCHEDULE")]
    pub schedule: Option<String>,
    /// Deliveries in any 60 seconds
    #[arg(long, value_name = "NUMBER")]
    pub rate: Option<u32>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
