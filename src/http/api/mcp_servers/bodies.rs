//! What the routes of MCP servers take and answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::api::optional::set_or_cleared;
use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::mcp::{Imported, McpImport, McpView, ServerState, Standing, StandingTool, Transport};
use crate::policy::ToolClass;
use crate::protocol::ids::WorkspaceId;

/// How a server is reached, for the document of the API.
#[derive(ToSchema)]
#[schema(as = McpTransport)]
#[allow(
    dead_code,
    reason = "it describes `Transport`, which the product module keeps without the document's crate"
)]
struct TransportDescribed {
    /// `stdio` or `http`.
    r#type: String,
    /// `stdio`: the program.
    command: Option<String>,
    /// `stdio`: its arguments.
    args: Option<Vec<String>>,
    /// `stdio`: its variables; values may name secrets (`@secret:NAME`).
    env: Option<BTreeMap<String, String>>,
    /// `stdio`: the folder that it works in, absolute.
    cwd: Option<String>,
    /// `stdio`: folders and files that it may read besides, absolute.
    read: Option<Vec<String>>,
    /// `stdio`: folders that it may change, absolute.
    write: Option<Vec<String>>,
    /// `stdio`: whether it may use the network.
    network: Option<bool>,
    /// `http`: the address of its endpoint.
    url: Option<String>,
    /// `http`: headers of every request; values may name secrets.
    headers: Option<BTreeMap<String, String>>,
}

/// A server and what it does now.
#[derive(Serialize, ToSchema)]
#[schema(as = McpServer)]
pub(super) struct McpServerView {
    id: String,
    name: String,
    /// Whose threads see its tools; `null` for all.
    workspace_id: Option<String>,
    #[schema(value_type = TransportDescribed)]
    transport: Transport,
    /// The host that a secret of its program must be granted to; `null` for a server with an address.
    secret_host: Option<String>,
    enabled: bool,
    /// Whether its hints about its tools are believed.
    trusted: bool,
    /// The tools that are offered; `null` for all.
    allowed_tools: Option<Vec<String>>,
    /// `stopped`, `starting`, `ready` or `failed`.
    state: &'static str,
    /// Why it failed.
    failure: Option<String>,
    /// The revision of the protocol that it speaks.
    protocol: Option<String>,
    /// What it calls itself.
    calls_itself: Option<String>,
    /// Tools that assistants have.
    tools_offered: usize,
    /// Tools that are withheld until somebody accepts them.
    tools_withheld: usize,
    /// Tools that cannot be offered: too many, too large, or of one name.
    tools_left_out: usize,
    has_resources: bool,
    has_prompts: bool,
    /// What it said on its error output and what went wrong, oldest first.
    log: Vec<McpLogLine>,
    version: i64,
    created_at: String,
    updated_at: String,
}

/// A line of a server's log.
#[derive(Serialize, ToSchema)]
pub(super) struct McpLogLine {
    at: String,
    text: String,
}

impl From<McpView> for McpServerView {
    fn from(view: McpView) -> Self {
        let McpView { server, live, log } = view;
        let (state, failure) = match live.state {
            ServerState::Stopped => ("stopped", None),
            ServerState::Starting => ("starting", None),
            ServerState::Ready => ("ready", None),
            ServerState::Failed(why) => ("failed", Some(why)),
        };
        let count =
            |wanted: &[Standing]| live.tools.iter().filter(|tool| wanted.contains(&tool.standing)).count();
        Self {
            secret_host: matches!(server.transport, Transport::Stdio { .. }).then(|| server.secret_host()),
            id: server.id.to_string(),
            name: server.name,
            workspace_id: server.workspace_id.map(|id| id.to_string()),
            transport: server.transport,
            enabled: server.enabled,
            trusted: server.trusted,
            allowed_tools: server.allowed_tools,
            state,
            failure,
            tools_offered: count(&[Standing::Accepted]),
            tools_withheld: count(&[Standing::New, Standing::Changed]),
            tools_left_out: live.left_out,
            protocol: live.protocol,
            calls_itself: live.calls_itself,
            has_resources: live.has_resources,
            has_prompts: live.has_prompts,
            log: log
                .into_iter()
                .map(|line| McpLogLine { at: rfc3339(line.at_ms), text: line.text })
                .collect(),
            version: server.version,
            created_at: rfc3339(server.created_ms),
            updated_at: rfc3339(server.updated_ms),
        }
    }
}

/// A tool of a server.
#[derive(Serialize, ToSchema)]
#[schema(as = McpTool)]
pub(super) struct McpToolView {
    /// As the server calls it.
    name: String,
    /// As assistants call it.
    offered_as: String,
    /// The server's own words, cut, without invisible characters.
    description: String,
    /// What it said when it was accepted, if that is something else.
    described_before: Option<String>,
    /// The schema of its arguments.
    #[schema(value_type = Object)]
    schema: Value,
    /// `read_only`, `idempotent` or `effectful`.
    class: &'static str,
    /// `accepted`, `new`, `changed` or `not_allowed`. Assistants have accepted ones only.
    standing: &'static str,
    /// Of everything that it says about itself; accepting names it.
    hash: String,
}

impl From<&StandingTool> for McpToolView {
    fn from(standing: &StandingTool) -> Self {
        let tool = &standing.tool;
        Self {
            name: tool.name.clone(),
            offered_as: tool.offered.clone(),
            description: tool.description.clone(),
            described_before: standing.was.clone(),
            schema: tool.schema.clone(),
            class: match tool.class {
                ToolClass::ReadOnly => "read_only",
                ToolClass::Idempotent => "idempotent",
                ToolClass::Effectful => "effectful",
            },
            standing: match standing.standing {
                Standing::Accepted => "accepted",
                Standing::New => "new",
                Standing::Changed => "changed",
                Standing::NotAllowed => "not_allowed",
            },
            hash: tool.hash_text(),
        }
    }
}

/// A new server.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateMcpServer {
    /// 1–32 characters of `a-z`, `0-9`, `_` and `-`, unique.
    pub(super) name: String,
    /// Whose threads see its tools; all without it.
    #[schema(value_type = Option<String>)]
    pub(super) workspace_id: Option<WorkspaceId>,
    #[schema(value_type = TransportDescribed)]
    pub(super) transport: Transport,
    /// Whether it runs; it does without this.
    pub(super) enabled: Option<bool>,
    /// Whether its hints about its tools are believed; they are not without this.
    pub(super) trusted: Option<bool>,
    /// The tools that are offered, as the server calls them; all without it.
    pub(super) allowed_tools: Option<Vec<String>>,
}

/// What changes. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeMcpServer {
    /// `null` for all workspaces.
    #[serde(default, deserialize_with = "set_or_cleared")]
    #[schema(value_type = Option<String>)]
    pub(super) workspace_id: Option<Option<WorkspaceId>>,
    /// Another one makes it a new server: its tools are taken as they are then.
    #[schema(value_type = Option<TransportDescribed>)]
    pub(super) transport: Option<Transport>,
    pub(super) enabled: Option<bool>,
    pub(super) trusted: Option<bool>,
    /// `null` for all.
    #[serde(default, deserialize_with = "set_or_cleared")]
    pub(super) allowed_tools: Option<Option<Vec<String>>>,
}

/// What another product has.
#[derive(Deserialize, ToSchema)]
pub(super) struct ImportMcpServers {
    /// The JSON text.
    text: String,
    /// Whose threads see the tools; all without it.
    #[schema(value_type = Option<String>)]
    workspace_id: Option<WorkspaceId>,
    /// Whether its programs may use the network.
    #[serde(default)]
    network: bool,
}

impl ImportMcpServers {
    pub(super) fn into_import(self) -> McpImport {
        McpImport { text: self.text, workspace_id: self.workspace_id, network: self.network }
    }
}

/// What became of an import.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportedMcpServers {
    /// Names of the servers that were added.
    added: Vec<String>,
    /// Names of the secrets that were moved into the vault.
    secrets: Vec<String>,
    /// The servers that were not added.
    refused: Vec<RefusedMcpServer>,
}

/// A server that was not added.
#[derive(Serialize, ToSchema)]
pub(super) struct RefusedMcpServer {
    name: String,
    why: String,
}

impl From<Imported> for ImportedMcpServers {
    fn from(imported: Imported) -> Self {
        Self {
            added: imported.added.into_iter().map(|server| server.name).collect(),
            secrets: imported.secrets,
            refused: imported.refused.into_iter().map(|(name, why)| RefusedMcpServer { name, why }).collect(),
        }
    }
}

/// The tools that are accepted.
#[derive(Deserialize, ToSchema)]
pub(super) struct AcceptTools {
    tools: Vec<AcceptTool>,
}

/// A tool as the person saw it.
#[derive(Deserialize, ToSchema)]
pub(super) struct AcceptTool {
    /// As the server calls it.
    name: String,
    /// Its hash, so that nothing else is accepted.
    hash: String,
}

impl AcceptTools {
    pub(super) fn into_tools(self) -> Result<Vec<(String, [u8; 32])>, Problem> {
        let tools = self.tools.into_iter().enumerate();
        tools
            .map(|(at, tool)| {
                let hash = crate::mcp::FoundTool::hash_of(&tool.hash);
                let hash =
                    hash.ok_or_else(|| Problem::invalid_field(format!("/tools/{at}/hash"), "is no hash"));
                Ok((tool.name, hash?))
            })
            .collect()
    }
}
