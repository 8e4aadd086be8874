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
    /// Accounts at providers: tokens that are refreshed by themselves
    #[command(subcommand)]
    Oauth(OauthCommand),
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

/// What to do with OAuth tokens.
#[derive(Subcommand, Debug)]
pub enum OauthCommand {
    /// Describe a provider
    Add(OauthAddArgs),
    /// Tokens without their values
    List(JsonArgs),
    /// Ask for consent: with a device code, else in the browser
    Connect {
        /// Its name or id
        name: String,
        /// In the browser, which comes back to this address of the console
        #[arg(long, value_name = "URL")]
        redirect_uri: Option<String>,
    },
    /// Refresh an access token now
    Refresh {
        /// Its name or id
        name: String,
    },
    /// Take a token back at its provider
    Revoke {
        /// Its name or id
        name: String,
    },
    /// Delete a token here, without telling its provider
    Delete {
        /// Its name or id
        name: String,
        /// Even if something uses it
        #[arg(long)]
        force: bool,
    },
}

/// A provider.
#[derive(Args, Clone, Debug)]
pub struct OauthAddArgs {
    /// A name; requests use it as `@secret:NAME`
    pub name: String,
    /// Who we are at the provider
    #[arg(long, value_name = "ID")]
    pub client_id: String,
    /// The name of the secret that proves it; public clients have none
    #[arg(long, value_name = "NAME")]
    pub client_secret: Option<String>,
    /// Where a person agrees in a browser
    #[arg(long, value_name = "URL")]
    pub auth_url: Option<String>,
    /// Where codes become tokens
    #[arg(long, value_name = "URL")]
    pub token_url: String,
    /// Where a device flow begins
    #[arg(long, value_name = "URL")]
    pub device_url: Option<String>,
    /// Where a token is taken back
    #[arg(long, value_name = "URL")]
    pub revoke_url: Option<String>,
    /// The provider's name for itself
    #[arg(long, value_name = "ISS")]
    pub issuer: Option<String>,
    /// What to ask for; repeatable
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// A host that the access token may be sent to; repeatable
    #[arg(long, value_name = "HOST")]
    pub host: Vec<String>,
}
