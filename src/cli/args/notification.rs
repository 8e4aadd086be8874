//! What can be typed about notifications.

use clap::{Args, Subcommand};

use super::JsonArgs;

/// What to do with notifications.
#[derive(Subcommand, Debug)]
pub enum NotificationCommand {
    /// Notifications, the last first
    List(NotificationListArgs),
    /// Mark notifications as read
    Read {
        /// Ids of notifications
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// Every one
        #[arg(long)]
        all: bool,
    },
    /// See notifications no more
    Dismiss {
        /// Ids of notifications
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// What is told, and how
    #[command(subcommand)]
    Rules(NotificationRulesCommand),
    /// Show when people are told, or change it
    Settings(NotificationSettingsArgs),
    /// Send a message that tries out a way
    Test {
        /// email, push or channel
        #[arg(value_parser = ["email", "push", "channel"])]
        way: String,
    },
}

/// Which notifications.
#[derive(Args, Clone, Debug)]
pub struct NotificationListArgs {
    /// unread, read or dismissed
    #[arg(long, value_parser = ["unread", "read", "dismissed"])]
    pub status: Option<String>,
    /// webhook, experiment, session, system or channel
    #[arg(long, value_parser = ["webhook", "experiment", "session", "system", "channel"])]
    pub category: Option<String>,
    /// As bad as this, or worse: info, warning or error
    #[arg(long, value_parser = ["info", "warning", "error"])]
    pub severity: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    pub limit: u16,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What to do with rules.
#[derive(Subcommand, Debug)]
pub enum NotificationRulesCommand {
    /// Every rule
    List(JsonArgs),
    /// What rules can be about
    Patterns(JsonArgs),
    /// Make the rule for a pattern, or change it
    Set(NotificationRuleArgs),
    /// Remove a rule
    Remove {
        /// Id of the rule
        id: String,
    },
}

/// Quiet hours, away and digest. What is not named stays.
#[derive(Args, Clone, Debug)]
pub struct NotificationSettingsArgs {
    /// Hours in which nothing is sent, as 22:00-07:00, or off
    #[arg(long, value_name = "HH:MM-HH:MM")]
    pub quiet: Option<String>,
    /// Send errors in quiet hours too: yes or no
    #[arg(long, value_name = "YES", value_parser = ["yes", "no"])]
    pub errors_break_through: Option<String>,
    /// Be away for so long, as 3d or 12h, or until a moment, or off
    #[arg(long, value_name = "TIME")]
    pub away: Option<String>,
    /// Where everything goes while away: email, push, channel or all
    #[arg(long, value_name = "WAY", value_parser = ["in_app", "email", "push", "channel", "all"])]
    pub away_to: Option<String>,
    /// Send what is no error once a day, as 08:00, or off
    #[arg(long, value_name = "HH:MM")]
    pub digest: Option<String>,
    /// Time zone of all of these, as Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A rule.
#[derive(Args, Clone, Debug)]
pub struct NotificationRuleArgs {
    /// A pattern, the beginning of some as `capuchin.mcp.*`, or `*`
    pub pattern: String,
    /// What is less bad is not told: info, warning or error
    #[arg(long, default_value = "info", value_parser = ["info", "warning", "error"])]
    pub severity: String,
    /// Where it goes besides the inbox: in_app, email, push, channel or all
    #[arg(long, default_value = "in_app", value_parser = ["in_app", "email", "push", "channel", "all"])]
    pub delivery: String,
    /// Only what happens in this workspace, by name or id
    #[arg(short, long)]
    pub workspace: Option<String>,
    /// Tell nothing of it
    #[arg(long)]
    pub off: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
