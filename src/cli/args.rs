//! What can be typed.

mod audit;
mod budget;
mod channel;
mod consent;
mod experiment;
mod extension;
mod knowledge;
mod mcp;
mod memory;
mod model;
mod notification;
mod people;
mod schedule;
mod search;
mod user_model;
mod vault;
mod webhook;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::certs::CertsCommand;
pub use audit::{AuditCommand, AuditFilterArgs, AuditVerifyArgs};
pub use budget::{BudgetCommand, BudgetSetArgs};
pub use channel::{ChannelAddArgs, ChannelCommand};
pub use experiment::{ExperimentCommand, ReportFormat};
pub use extension::ExtensionCommand;
pub use mcp::{McpAddArgs, McpCommand};
pub use model::ModelCommand;
pub use schedule::{ScheduleAddArgs, ScheduleCommand};
pub use user_model::UserModelCommand;
pub use vault::{DeleteArgs, HostArgs, NamedArgs, OauthAddArgs, OauthCommand, SetArgs, VaultCommand};
pub use webhook::{WebhookAddArgs, WebhookCommand};

pub use consent::{
    ApprovalsCommand, AskArgs, DecideArgs, KillSwitchCommand, PolicyCommand, RuleArgs, SettingsArgs, TestArgs,
};

pub use knowledge::{AgentCommand, AgentCreateArgs, SkillArgs, SkillCommand, SkillListArgs};
pub use memory::{MemoryAddArgs, MemoryCommand, MemoryListArgs};
pub use notification::{
    NotificationCommand, NotificationListArgs, NotificationRuleArgs, NotificationRulesCommand,
    NotificationSettingsArgs,
};
pub use people::{LoginArgs, MemberCommand, SessionCommand, UserCommand};
pub use search::{SearchArgs, ThreadCommand, ThreadFormat};

const AFTER_HELP: &str = "\
Examples:
  capuchin serve                       run the daemon here; it prints a link to open
  capuchin chat 'What is due today?'   one question, one answer
  git diff | capuchin chat -           the question comes from a pipe
  capuchin token create --name phone --scope chat,read

Exit codes:
  0 done · 1 failed · 2 wrong usage · 64 bad configuration · 69 the daemon is not reachable
  70 the root supervisor gave up · 77 not allowed";

/// A personal AI assistant as one daemon on your own machines.
#[derive(Parser, Debug)]
#[command(name = "capuchin", version, after_help = AFTER_HELP, propagate_version = false)]
pub struct Cli {
    /// Where everything is.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// What to do; without it: the status, or a guide on a new machine.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Where everything is.
#[derive(Args, Clone, Debug, Default)]
pub struct PlaceArgs {
    /// Folder for settings, data, cache and sockets [default: the user's XDG folders]
    #[arg(long, global = true, value_name = "DIR", env = "CAPUCHIN_HOME")]
    pub home: Option<PathBuf>,
    /// Console of a daemon elsewhere, where `capuchin login` signed this machine in
    #[arg(long, global = true, value_name = "URL", env = "CAPUCHIN_SERVER")]
    pub server: Option<String>,
    /// Settings file [default: config/config.toml of the home]
    #[arg(long, global = true, value_name = "FILE", env = "CAPUCHIN_CONFIG", hide_short_help = true)]
    pub config: Option<PathBuf>,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the daemon in the foreground
    Serve(ServeArgs),
    /// Talk to the assistant: one question, or a dialogue
    Chat(ChatArgs),
    /// Be an agent for an editor that speaks the Agent Client Protocol, over stdin and stdout
    Acp(AcpArgs),
    /// Assistants, and the files that say what they are
    #[command(subcommand)]
    Agent(AgentCommand),
    /// What assistants remember
    #[command(subcommand)]
    Memory(MemoryCommand),
    /// Folders that say how something is done
    #[command(subcommand)]
    Skill(SkillCommand),
    /// Find what was said, remembered and written down
    Search(SearchArgs),
    /// Conversations from elsewhere, and to elsewhere
    #[command(subcommand)]
    Thread(ThreadCommand),
    /// What is known about you: shown, corrected, forgotten
    #[command(subcommand)]
    UserModel(UserModelCommand),
    /// API tokens for programs and devices
    #[command(subcommand)]
    Token(TokenCommand),
    /// Limits on what may be spent: money, tokens, turns, tool calls, time
    #[command(subcommand)]
    Budget(BudgetCommand),
    /// Which models there are, and how that is known
    #[command(subcommand)]
    Model(ModelCommand),
    /// Plugs: code that runs at points of what the system does
    #[command(subcommand)]
    Extension(ExtensionCommand),
    /// What happened, and whether somebody changed the record of it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Questions of assistants and programs to people
    #[command(subcommand)]
    Approvals(ApprovalsCommand),
    /// What people are told, and how
    #[command(subcommand)]
    Notification(NotificationCommand),
    /// What assistants may do
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Stop everything, and start nothing more
    #[command(subcommand, name = "kill-switch")]
    KillSwitch(KillSwitchCommand),
    /// Certificates of our own: an authority, listeners, devices
    #[command(subcommand)]
    Certs(CertsCommand),
    /// Keys and tokens: stored sealed, never shown again
    #[command(subcommand)]
    Vault(VaultCommand),
    /// MCP servers, whose tools assistants use
    #[command(subcommand)]
    Mcp(McpCommand),
    /// Addresses that programs outside send to
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// What happens by itself: when, and why it did not
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Chat platforms: who talks there, and what is owed to them
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// What is tried out, measured, and kept if it is better
    #[command(subcommand)]
    Experiment(ExperimentCommand),
    /// People: the owner and members
    #[command(subcommand)]
    Member(MemberCommand),
    /// Browsers in which people are signed in
    #[command(subcommand)]
    Session(SessionCommand),
    /// Make a new recovery key for the owner; it is printed once
    RecoveryKey,
    /// The owner's own access
    #[command(subcommand)]
    User(UserCommand),
    /// Sign this machine in at a daemon elsewhere; a person types a code there
    Login(LoginArgs),
    /// Forget the token for a daemon elsewhere
    Logout,
    /// Run the daemon in the background
    Start(ServeArgs),
    /// Stop the daemon; running turns get time to end
    Stop(StopArgs),
    /// Stop the daemon if it runs, and start it in the background
    Restart(ServeArgs),
    /// How the daemon is
    Status(JsonArgs),
    /// The supervision tree: the live one, or the declared one when nothing runs
    Tree(JsonArgs),
    /// Look for known problems and say how to solve them
    Doctor(DoctorArgs),
    /// Check the settings, or print a documented template
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Take secrets out of what comes on stdin
    ///
    /// Text passes as it comes; a secret is replaced by `[REDACTED:KIND]`, and what is no UTF-8 by U+FFFD. Finds the
    /// built-in kinds, not what is in the vault: this needs no daemon and no home.
    Redact {
        /// Lines of `{"id", "text"}` in, lines of `{"id", "text", "findings": [{"kind", "start", "end"}]}` out. Places
        /// count Unicode characters of the text that was read. A line that cannot be read is answered by
        /// `{"line", "error"}`; the others still go through, and the exit code is 1
        #[arg(long)]
        jsonl: bool,
    },
    /// Print the OpenAPI document of the console
    Openapi,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the version
    Version(JsonArgs),
    /// The filter of the tool `jq`; the daemon starts it
    #[command(hide = true)]
    Jq(JqArgs),
    /// A part of the sandbox; the daemon starts it
    #[command(hide = true)]
    Cage(CageArgs),
}

/// A filter over JSON from stdin.
#[derive(Args, Clone, Debug)]
pub struct JqArgs {
    /// Write texts as they are
    #[arg(long)]
    pub raw_output: bool,
    /// The filter
    pub filter: String,
}

/// Which part of a cage this process is.
#[derive(Args, Clone, Copy, Debug)]
pub struct CageArgs {
    /// Which
    pub stage: CageStage,
    /// Without namespaces
    #[arg(long)]
    pub bare: bool,
    /// With the machine's network
    #[arg(long)]
    pub open: bool,
    /// With a loopback of its own
    #[arg(long)]
    pub loopback: bool,
}

/// The parts of a cage.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum CageStage {
    /// Makes the namespaces
    Outer,
    /// Puts up the walls and watches the program
    Inner,
    /// The self-test
    Probe,
}

/// How to run the daemon.
#[derive(Args, Clone, Debug, Default)]
pub struct ServeArgs {
    /// Address of the console; port 0 takes a free one [default: 127.0.0.1:7717]
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Address of the ingress; port 0 takes a free one [default: 127.0.0.1:7718]
    #[arg(long, value_name = "HOST:PORT")]
    pub ingress: Option<String>,
    /// The first assistant of a new home answers with the built-in demo backend, whatever the settings say
    #[arg(long)]
    pub demo: bool,
    /// Leave the terminal's session; `start` sets it
    #[arg(long, hide = true)]
    pub detached: bool,
}

/// How to stop it.
#[derive(Args, Clone, Debug, Default)]
pub struct StopArgs {
    /// Do not wait for running turns; they are resumed or ended at the next start
    #[arg(long)]
    pub force: bool,
}

/// What to say, and to whom.
#[derive(Args, Clone, Debug, Default)]
pub struct ChatArgs {
    /// The question; `-` reads it from stdin; without it a dialogue begins
    pub prompt: Option<String>,
    /// Workspace, by name or id [default: the default workspace]
    #[arg(long, short = 'w', value_name = "W")]
    pub workspace: Option<String>,
    /// Backend for these turns [default: the assistant's]
    #[arg(long, value_name = "B")]
    pub backend: Option<String>,
    /// Model for these turns [default: the assistant's]
    #[arg(long, short = 'm', value_name = "M")]
    pub model: Option<String>,
    /// One JSON object instead of text; needs a question
    #[arg(long)]
    pub json: bool,
}

/// How an editor talks to an assistant.
#[derive(Args, Clone, Debug, Default)]
pub struct AcpArgs {
    /// Workspace of new sessions, by name or id [default: the default workspace]
    #[arg(long, short = 'w', value_name = "W")]
    pub workspace: Option<String>,
}

/// Output for programs.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct JsonArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// How to look.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct DoctorArgs {
    /// Solve what can be solved without a risk
    #[arg(long)]
    pub fix: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What to do with tokens.
#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Make a token; it is printed once and cannot be shown again
    Create(TokenCreateArgs),
    /// Tokens without their secrets
    List(JsonArgs),
    /// Make a token useless at once
    Revoke {
        /// Id of the token
        id: String,
    },
}

/// What the token may do.
#[derive(Args, Clone, Debug)]
pub struct TokenCreateArgs {
    /// A name to recognise it by
    #[arg(long)]
    pub name: String,
    /// What it may do: chat, read, approve, processes, operate, metrics, admin
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', required = true,
          value_parser = ["chat", "read", "approve", "processes", "operate", "metrics", "admin"], hide_possible_values = true)]
    pub scope: Vec<String>,
    /// The only assistant that it may use
    #[arg(long, value_name = "A")]
    pub assistant: Option<String>,
    /// What it may spend in US dollars
    #[arg(long, value_name = "X")]
    pub budget_usd: Option<f64>,
    /// When it ends: `30d`, `12h`, `2026-12-31` or a time stamp [default: never]
    #[arg(long, value_name = "D")]
    pub expires: Option<String>,
    /// Print JSON with the id and the token
    #[arg(long)]
    pub json: bool,
}

/// What to do with the settings.
#[derive(Subcommand, Clone, Copy, Debug)]
pub enum ConfigCommand {
    /// Say everything that is wrong with the settings
    Check,
    /// Print every setting with its default and what it does
    Template,
}
