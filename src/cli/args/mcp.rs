//! The arguments of `mcp`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::JsonArgs;

/// What to do with MCP servers.
#[derive(Subcommand, Debug)]
pub enum McpCommand {
    /// Add a server: its address, or a program after `--`
    Add(McpAddArgs),
    /// Servers, and what they do now
    List(JsonArgs),
    /// One server with its tools and its log
    Show {
        /// Name or id
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Accept tools that are new or that changed, as they are now
    Accept {
        /// Name or id of the server
        name: String,
        /// The tools, as the server calls them [default: all that are withheld]
        tools: Vec<String>,
    },
    /// End the connection and make another one
    Restart {
        /// Name or id
        name: String,
    },
    /// Remove a server
    Remove {
        /// Name or id
        name: String,
    },
    /// Take over the `mcpServers` JSON of another product; its secrets go to the vault
    Import {
        /// The file; `-` is stdin
        file: PathBuf,
        /// Let its programs use the network
        #[arg(long)]
        network: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What a server is.
#[derive(Args, Clone, Debug)]
pub struct McpAddArgs {
    /// Its name: 1–32 characters of a-z, 0-9, _ and -
    pub name: String,
    /// Its streamable HTTP address
    #[arg(long, value_name = "URL", conflicts_with = "program", required_unless_present = "program")]
    pub url: Option<String>,
    /// A header of every request, `NAME=VALUE`; the value may be @secret:NAME; repeatable
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "program")]
    pub header: Vec<String>,
    /// A variable of the program, `NAME=VALUE`; the value may be @secret:NAME; repeatable
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "url")]
    pub env: Vec<String>,
    /// Let the program use the network
    #[arg(long, conflicts_with = "url")]
    pub network: bool,
    /// The folder that the program works in
    #[arg(long, value_name = "PATH", conflicts_with = "url")]
    pub cwd: Option<String>,
    /// A folder or file that the program may read besides; repeatable
    #[arg(long, value_name = "PATH", conflicts_with = "url")]
    pub read: Vec<String>,
    /// A folder that the program may change; repeatable
    #[arg(long, value_name = "PATH", conflicts_with = "url")]
    pub write: Vec<String>,
    /// Believe what the server says its tools do
    #[arg(long)]
    pub trusted: bool,
    /// Workspace whose chats have the tools, by name or id [default: all]
    #[arg(long, value_name = "WORKSPACE")]
    pub workspace: Option<String>,
    /// Offer only this tool; repeatable
    #[arg(long, value_name = "TOOL")]
    pub tool: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// The program and its arguments
    #[arg(last = true, value_name = "PROGRAM")]
    pub program: Vec<String>,
}
