//! What can be typed about approvals, the policy and the kill switch.

use clap::{Args, Subcommand};

use super::JsonArgs;

/// What to do with questions.
#[derive(Subcommand, Debug)]
pub enum ApprovalsCommand {
    /// Questions in the order of their expiry
    List {
        /// pending, allowed, denied or expired
        #[arg(long, default_value = "pending", value_parser = ["pending", "allowed", "denied", "expired", "all"])]
        state: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// One question, with everything that it is about
    Show {
        /// Id of the question
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say yes
    Allow(DecideArgs),
    /// Say no
    Deny(DecideArgs),
    /// Ask a person about an action, and wait; ends with 0 when it is allowed and 77 when it is not
    Ask(AskArgs),
}

/// How to decide.
#[derive(Args, Clone, Debug)]
pub struct DecideArgs {
    /// Id of the question
    pub id: String,
    /// Allow it as often as its conversation wants it
    #[arg(long, conflicts_with = "always")]
    pub thread: bool,
    /// Allow it from now on: makes a rule of the policy
    #[arg(long)]
    pub always: bool,
    /// Why
    #[arg(long, default_value = "")]
    pub reason: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What to ask.
#[derive(Args, Clone, Debug)]
pub struct AskArgs {
    /// Why
    #[arg(long, default_value = "")]
    pub why: String,
    /// What goes with it, exactly: a message, arguments; `-` reads it from stdin
    #[arg(long, default_value = "")]
    pub payload: String,
    /// Seconds until nobody's decision is a denial [default: the settings']
    #[arg(long, value_name = "S")]
    pub expires_in_s: Option<u64>,
    /// Print the question's id and do not wait
    #[arg(long)]
    pub no_wait: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The action: `run_command program=rm arg=-r arg=x`, or JSON
    #[arg(required = true, value_name = "ACTION")]
    pub action: Vec<String>,
}

/// What to do with the policy.
#[derive(Subcommand, Debug)]
pub enum PolicyCommand {
    /// The settings and all rules
    Show(JsonArgs),
    /// Make a rule: deny wins over ask wins over allow
    Add(RuleArgs),
    /// Remove a rule
    Remove {
        /// Id of the rule
        id: String,
    },
    /// Change the settings
    Mode(SettingsArgs),
    /// Explain what the policy says about an action; nothing is done
    Test(TestArgs),
}

/// What the rule is.
#[derive(Args, Clone, Debug)]
pub struct RuleArgs {
    /// allow, ask or deny
    #[arg(value_parser = ["allow", "ask", "deny"])]
    pub effect: String,
    /// Which actions: `write_path path=notes/**`, `call_tool tool=*delete*`, `any`, or JSON
    #[arg(required = true, value_name = "PATTERN")]
    pub pattern: Vec<String>,
    /// A deny in plain words that the model is told, too
    #[arg(long)]
    pub standing: Option<String>,
    /// For people
    #[arg(long, default_value = "")]
    pub note: String,
    /// Allow it also after untrusted text was read
    #[arg(long)]
    pub even_untrusted: bool,
    /// Only what is caused so: owner, member, token, channel, stranger, webhook, schedule
    #[arg(long)]
    pub source: Option<String>,
    /// Only this assistant, by id
    #[arg(long, value_name = "ID")]
    pub assistant: Option<String>,
    /// Only in this workspace, by id
    #[arg(long, value_name = "ID")]
    pub workspace: Option<String>,
    /// When it ends: `30d`, `12h`, `2026-12-31` or a time stamp [default: never]
    #[arg(long, value_name = "D")]
    pub expires: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What the settings become.
#[derive(Args, Clone, Debug)]
pub struct SettingsArgs {
    /// careful or balanced; sets the two others
    #[arg(value_parser = ["careful", "balanced"], conflicts_with_all = ["approvals", "autonomy_max"])]
    pub preset: Option<String>,
    /// When people are asked: off (never: it is denied), on_miss, always
    #[arg(long, value_parser = ["off", "on_miss", "always"])]
    pub approvals: Option<String>,
    /// How far any assistant may go: read_only, supervised, full
    #[arg(long, value_parser = ["read_only", "supervised", "full"])]
    pub autonomy_max: Option<String>,
}

/// What to explain.
#[derive(Args, Clone, Debug)]
pub struct TestArgs {
    /// The action: `run_command program=git arg=push`, or JSON
    #[arg(required = true, value_name = "ACTION")]
    pub action: Vec<String>,
    /// By this assistant [default: the default one]
    #[arg(long, value_name = "A")]
    pub assistant: Option<String>,
    /// In another permission mode
    #[arg(long)]
    pub mode: Option<String>,
    /// With another autonomy
    #[arg(long)]
    pub autonomy: Option<String>,
    /// Caused so: owner, member, token, channel, stranger, webhook, schedule
    #[arg(long)]
    pub source: Option<String>,
    /// The workspace's folder
    #[arg(long, value_name = "DIR")]
    pub workspace_root: Option<String>,
    /// After untrusted text was read
    #[arg(long)]
    pub tainted: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What to do with the kill switch.
#[derive(Subcommand, Debug)]
pub enum KillSwitchCommand {
    /// Stop everything that runs, and start nothing more
    On {
        /// Why
        #[arg(default_value = "")]
        reason: String,
    },
    /// Let things go on: what waited begins
    Off,
    /// Whether it is engaged, by whom, and why
    Status(JsonArgs),
}
