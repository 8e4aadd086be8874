//! What can be typed after `vault`.

use clap::{Args, Subcommand};

use super::JsonArgs;

/// What to do with the vault.
#[derive(Subcommand, Debug)]
pub enum VaultCommand {
    /// Store a secret, or replace its value: typed without being seen, or from stdin with `-`
    Set(SetArgs),
    /// Secrets without their values
    List(JsonArgs),
    /// Delete a secret
    Delete(DeleteArgs),
    /// Let a secret be sent to a host
    Grant(HostArgs),
    /// Let a secret no longer be sent to a host
    Revoke(HostArgs),
    /// What uses a secret
    UsedBy(NamedArgs),
    /// Who used which secret for which host, newest first
    Log(JsonArgs),
    /// Whether the vault is open, and what protects it
    Status(JsonArgs),
    /// Wipe keys and values from the daemon's memory
    Seal,
    /// Open a sealed vault
    Unseal,
    /// Seal every value with new data keys; with --root, change the root key
    Rotate {
        /// Change the root key instead
        #[arg(long)]
        root: bool,
    },
    /// Keep the root key somewhere else
    Protect {
        /// file, passphrase, keyring or credential
        #[arg(long, value_name = "WHAT", value_parser = ["file", "passphrase", "keyring", "credential"])]
        with: String,
    },
}

/// Which secret, and what is known about it.
#[derive(Args, Clone, Debug)]
pub struct SetArgs {
    /// Its name; requests use it as `@secret:NAME`
    pub name: String,
    /// `-` reads the value from stdin
    #[arg(value_parser = ["-"])]
    pub from: Option<String>,
    /// A host that it may be sent to: api.example.com or *.example.com; repeatable [default: its provider's]
    #[arg(long, value_name = "HOST")]
    pub host: Vec<String>,
    /// Whose it is: anthropic, openai, github, … [default: recognised by its first characters]
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// A note for people
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
}

/// Which secret goes.
#[derive(Args, Clone, Debug)]
pub struct DeleteArgs {
    /// Its name or id
    pub name: String,
    /// Even if something uses it
    #[arg(long)]
    pub force: bool,
}

/// Which secret, and which host.
#[derive(Args, Clone, Debug)]
pub struct HostArgs {
    /// Its name or id
    pub name: String,
    /// The host: api.example.com, or *.example.com for all names below
    pub host: String,
}

/// Which secret.
#[derive(Args, Clone, Debug)]
pub struct NamedArgs {
    /// Its name or id
    pub name: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
