//! MCP servers: what they do, and which of their tools assistants have.

use askama::Template;

use super::{Frame, filters};

/// `/settings/mcp`.
#[derive(Template)]
#[template(path = "mcp.html", config = "src/web/askama.toml")]
pub struct McpPage {
    /// The frame.
    pub frame: Frame,
    /// In the order of their making.
    pub servers: Vec<McpServerRow>,
    /// Workspaces: id and name.
    pub workspaces: Vec<(String, String)>,
    /// What was typed into the form for a new one.
    pub draft: McpDraft,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// A server.
#[derive(Clone, Debug)]
pub struct McpServerRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its address, or its program with the arguments.
    pub target: String,
    /// The workspace that sees it; empty for all.
    pub workspace: String,
    /// `connecting`, `done`, `failed` or `stopped`.
    pub state: &'static str,
    /// The same in a word.
    pub state_word: &'static str,
    /// Why it failed; empty otherwise.
    pub failure: String,
    /// What it calls itself and which revision it speaks; empty if it is not known.
    pub about: String,
    /// The host that secrets of its program are granted to; empty for an address.
    pub secret_host: String,
    /// Whether it shall run.
    pub enabled: bool,
    /// Whether its hints are believed.
    pub trusted: bool,
    /// Its tools, withheld ones first.
    pub tools: Vec<McpToolRow>,
    /// Tools that cannot be offered.
    pub left_out: usize,
    /// Time (RFC 3339) and text of what went wrong, newest first.
    pub log: Vec<(String, String)>,
    /// Counts changes.
    pub version: i64,
}

/// A tool of a server.
#[derive(Clone, Debug)]
pub struct McpToolRow {
    /// As the server calls it.
    pub name: String,
    /// The server's own words.
    pub description: String,
    /// What it said before; empty if it says the same.
    pub was: String,
    /// What it does to the world, in a word.
    pub class: &'static str,
    /// Whether a person has to accept it first.
    pub withheld: bool,
    /// Its standing in words.
    pub standing: &'static str,
    /// What is accepted.
    pub hash: String,
}

/// The form of a server.
#[derive(Clone, Debug, Default)]
pub struct McpDraft {
    /// Its name.
    pub name: String,
    /// Its address, or a program.
    pub target: String,
    /// Arguments of a program, one a line.
    pub args: String,
    /// What a program may read besides, one a line.
    pub read: String,
    /// What a program may change, one a line.
    pub write: String,
    /// Headers or variables, one a line.
    pub values: String,
    /// Its workspace.
    pub workspace: String,
    /// Whether its hints are believed.
    pub trusted: bool,
    /// Whether a program may use the network.
    pub network: bool,
}

impl McpServerRow {
    /// How many tools wait for a person.
    #[must_use]
    pub fn withheld(&self) -> usize {
        self.tools.iter().filter(|tool| tool.withheld).count()
    }
}
