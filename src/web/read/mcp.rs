//! MCP servers as rows.

use super::{problem, rfc3339};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::mcp::{McpView, ServerState, Standing, StandingTool, Transport};
use crate::policy::ToolClass;
use crate::web::view::Frame;
use crate::web::view::mcp::{McpDraft, McpPage, McpServerRow, McpToolRow};

/// Workspaces that a server can be for, here.
const WORKSPACES_MAX: usize = 200;
/// Lines of a log that are shown.
const LINES_MAX: usize = 30;

/// The page as it is before a form says anything.
pub(in crate::web) async fn page(state: &AppState, by: &Principal, frame: Frame) -> Result<McpPage, Problem> {
    let found = state.workspaces.list(by, None, WORKSPACES_MAX).await.map_err(problem)?;
    let workspaces: Vec<(String, String)> =
        found.into_iter().map(|workspace| (workspace.id.to_string(), workspace.name)).collect();
    let servers = state.mcp.list(&by.tenant).await?;
    let servers = servers.into_iter().map(|view| row(view, &workspaces)).collect();
    Ok(McpPage { frame, servers, workspaces, draft: McpDraft::default(), notice: None, error: None })
}

fn row(view: McpView, workspaces: &[(String, String)]) -> McpServerRow {
    let McpView { server, live, log } = view;
    let (state, state_word, failure) = match live.state {
        _ if !server.enabled => ("stopped", "Off", String::new()),
        ServerState::Stopped => ("stopped", "Stopped", String::new()),
        ServerState::Starting => ("connecting", "Connecting", String::new()),
        ServerState::Ready => ("done", "Ready", String::new()),
        ServerState::Failed(why) => ("failed", "Failed", why),
    };
    let workspace = server.workspace_id.map(|id| id.to_string()).unwrap_or_default();
    let named = workspaces.iter().find(|(id, _)| *id == workspace).map(|(_, name)| name.clone());
    let about = [live.calls_itself, live.protocol.map(|revision| format!("MCP {revision}"))];
    let mut tools: Vec<McpToolRow> = live.tools.iter().map(tool).collect();
    tools.sort_by_key(|tool| !tool.withheld);
    let is_program = matches!(server.transport, Transport::Stdio { .. });
    McpServerRow {
        id: server.id.to_string(),
        target: server.transport.target(),
        secret_host: if is_program { server.secret_host() } else { String::new() },
        name: server.name,
        workspace: named.unwrap_or_default(),
        state,
        state_word,
        failure,
        about: about.into_iter().flatten().collect::<Vec<_>>().join(", "),
        enabled: server.enabled,
        trusted: server.trusted,
        tools,
        left_out: live.left_out,
        log: log.into_iter().rev().take(LINES_MAX).map(|line| (rfc3339(line.at_ms), line.text)).collect(),
        version: server.version,
    }
}

fn tool(standing: &StandingTool) -> McpToolRow {
    let tool = &standing.tool;
    McpToolRow {
        name: tool.name.clone(),
        description: tool.description.clone(),
        was: standing.was.clone().unwrap_or_default(),
        class: match tool.class {
            ToolClass::ReadOnly => "reads",
            ToolClass::Idempotent => "changes, repeatably",
            ToolClass::Effectful => "has effects",
        },
        withheld: matches!(standing.standing, Standing::New | Standing::Changed),
        standing: match standing.standing {
            Standing::Accepted => "offered",
            Standing::New => "new, withheld",
            Standing::Changed => "changed, withheld",
            Standing::NotAllowed => "not offered",
        },
        hash: tool.hash_text(),
    }
}
