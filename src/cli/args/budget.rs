//! The arguments of `budget`.

use clap::{Args, Subcommand};

use super::JsonArgs;

/// What to do with budgets.
#[derive(Subcommand, Debug)]
pub enum BudgetCommand {
    /// Every budget with what was spent
    List(JsonArgs),
    /// One budget with what was spent
    Show {
        /// Name or id
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a budget, or change the limits of one; what was spent stays
    Set(BudgetSetArgs),
    /// Delete a budget with its counts
    Delete {
        /// Name or id
        name: String,
    },
}

/// How much, for whom, over which time.
#[derive(Args, Clone, Debug)]
pub struct BudgetSetArgs {
    /// Its name
    pub name: String,
    /// tenant, assistant:ID, thread:ID, token:ID, each_thread or each_turn [default: tenant]
    #[arg(long, value_name = "S")]
    pub subject: Option<String>,
    /// hour, day, month (in UTC) or total [default: month]
    #[arg(long, value_name = "P", value_parser = ["hour", "day", "month", "total"])]
    pub period: Option<String>,
    /// US dollars
    #[arg(long, value_name = "X")]
    pub cost_usd: Option<f64>,
    /// Tokens, in and out
    #[arg(long, value_name = "N")]
    pub tokens: Option<u64>,
    /// Turns, and calls that belong to no turn
    #[arg(long, value_name = "N")]
    pub turns: Option<u64>,
    /// Tool calls
    #[arg(long, value_name = "N")]
    pub tool_calls: Option<u64>,
    /// Seconds of work
    #[arg(long, value_name = "N")]
    pub wall_s: Option<f64>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
