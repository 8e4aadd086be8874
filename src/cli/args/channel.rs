//! The arguments of `channel`.

use clap::{Args, Subcommand};

use super::JsonArgs;

/// What to do with channels.
#[derive(Subcommand, Debug)]
pub enum ChannelCommand {
    /// Channels, and what they do now
    List(JsonArgs),
    /// Platforms, and what each one asks for
    Platforms(JsonArgs),
    /// Connect a platform; its credentials are asked for, or read from stdin
    Add(ChannelAddArgs),
    /// One channel, with who wrote there
    Show {
        /// Name or id
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Approve the stranger who showed you this code
    Approve {
        /// The code that they were given, in whatever channel
        code: String,
        /// Their word answers questions of assistants, as yours does
        #[arg(long)]
        decides: bool,
    },
    /// Let somebody hear nothing any more
    Block {
        /// Name or id of the channel
        name: String,
        /// The platform's id of the person, as `show` prints it
        sender: String,
    },
    /// Make somebody a stranger again, whether they were approved or blocked
    Forget {
        /// Name or id of the channel
        name: String,
        /// The platform's id of the person, as `show` prints it
        sender: String,
    },
    /// Send words there, to see that it works
    Test {
        /// Name or id
        name: String,
        /// The words [default: a test says that it works]
        words: Option<String>,
        /// The conversation [default: the only one there is]
        #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
        to: Option<String>,
    },
    /// End the connection and make another one
    Restart {
        /// Name or id
        name: String,
    },
    /// Switch a channel on
    Enable {
        /// Name or id
        name: String,
    },
    /// Switch a channel off: nothing comes, nothing goes
    Disable {
        /// Name or id
        name: String,
    },
    /// Replace the credentials, all of them
    Credentials {
        /// Name or id
        name: String,
        /// How messages come from now on: poll, socket or webhook [default: as before]
        #[arg(long, value_name = "MODE")]
        mode: Option<String>,
        /// A JSON object of names and values in a file; `-` is stdin [default: each is asked for]
        #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
        credentials: Option<String>,
    },
    /// Remove a channel with what came and what is owed; its chats stay
    Remove {
        /// Name or id
        name: String,
    },
    /// What has not arrived in all channels, or everything that one owes and owed
    Outbox {
        /// Name or id [default: all]
        name: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Try again what was not delivered
    Retry {
        /// Name or id of the channel
        name: String,
        /// Id of the message, as `outbox` prints it [default: all that are dead]
        obligation: Option<String>,
    },
}

/// What a channel is.
#[derive(Args, Clone, Debug)]
pub struct ChannelAddArgs {
    /// Its name
    pub name: String,
    /// telegram, slack, discord, whatsapp, …: one of `capuchin channel platforms`
    #[arg(long, value_name = "PLATFORM")]
    pub platform: String,
    /// How messages come: poll, socket or webhook [default: the way that needs the least]
    #[arg(long, value_name = "MODE")]
    pub mode: Option<String>,
    /// A JSON object of names and values in a file; `-` is stdin [default: each is asked for; from a pipe, one on each line]
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub credentials: Option<String>,
    /// A setting that is no secret, such as base_url or phone_number_id; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// What is answered in groups: mention, always or never [default: mention]
    #[arg(long, value_name = "WORD")]
    pub groups: Option<String>,
    /// Somebody who needs no approval, by the platform's id; repeatable
    #[arg(long, value_name = "ID")]
    pub allow: Vec<String>,
    /// How far its turns may go: no_tools, read_only or supervised [default: as far as the assistant]
    #[arg(long, value_name = "WORD")]
    pub ceiling: Option<String>,
    /// Workspace of its chats, by name or id [default: the default workspace]
    #[arg(long, short = 'w', value_name = "W")]
    pub workspace: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
