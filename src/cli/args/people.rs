//! What can be typed about people and their access.

use clap::{Args, Subcommand};

use super::JsonArgs;

/// As what to sign in.
#[derive(Args, Clone, Debug)]
pub struct LoginArgs {
    /// A name to recognise this machine by [default: its host name]
    #[arg(long)]
    pub name: Option<String>,
    /// What it may do there: chat, read, approve, processes, operate, metrics, admin
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', default_value = "chat,read")]
    pub scope: Vec<String>,
}

/// What to do with people.
#[derive(Subcommand, Debug)]
pub enum MemberCommand {
    /// Everybody, the owner first
    List(JsonArgs),
    /// Print a link that lets somebody in once, within a day
    Invite {
        /// What they are called here
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Shut a member out: their sessions and tokens end at once
    Disable {
        /// Id of the member
        id: String,
    },
    /// Let a member in again
    Enable {
        /// Id of the member
        id: String,
    },
    /// Remove a member; what they wrote stays
    Remove {
        /// Id of the member
        id: String,
    },
}

/// What to do with signed-in browsers.
#[derive(Subcommand, Debug)]
pub enum SessionCommand {
    /// All of them, newest first
    List(JsonArgs),
    /// Sign one out, or the owner everywhere
    Revoke {
        /// Id of the session
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// Every browser of the owner
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

/// What to do with the owner's access.
#[derive(Subcommand, Clone, Copy, Debug)]
pub enum UserCommand {
    /// Set the owner's password, read from stdin; every browser of the owner is signed out
    ResetPassword,
}
