//! What assistants can do: every part's tools in one list.

use std::sync::Arc;

use crate::adapters::knowledge::Knowledge;
use crate::adapters::mcp_programs::CagedPrograms;
use crate::config::Config;
use crate::db::Db;
use crate::egress::Egress;
use crate::mcp::{McpServers, McpTools};
use crate::processes::{self, Processes};
use crate::redaction::Redactor;
use crate::sandbox::Sandbox;
use crate::tools::{BashTool, JqTool, Tool, ToolSource, Tools, WorkspaceMemory, file_tools, web_tools};
use crate::workspaces::Workspaces;

/// All built-in tools, and the sources of others.
pub(super) fn tools(
    (knowledge, mcp, processes): (&Knowledge, &McpServers, &Processes),
    (sandbox, egress): (&Sandbox, &Egress),
    config: &Config,
) -> Tools {
    let mut built_in: Vec<Arc<dyn Tool>> =
        vec![Arc::new(BashTool::new(sandbox.clone(), config.sandbox.network))];
    built_in.extend(file_tools());
    built_in.push(Arc::new(JqTool::new(sandbox.clone())));
    built_in.push(Arc::new(WorkspaceMemory::default()));
    built_in.extend(web_tools(egress));
    built_in.extend(knowledge.tools());
    built_in.extend(processes::tools::tools(processes));
    let sources: Vec<Arc<dyn ToolSource>> = vec![Arc::new(McpTools(mcp.clone()))];
    Tools::new(built_in, sources)
}

/// The MCP servers of this store.
pub(super) fn mcp(
    (db, egress): (&Db, &Egress),
    redactor: &Redactor,
    (sandbox, workspaces): (&Sandbox, &Workspaces),
    config: &Config,
) -> McpServers {
    let programs = Arc::new(CagedPrograms::new(sandbox.clone(), workspaces.clone()));
    McpServers::new(db.clone(), egress.clone(), redactor.clone(), programs, config.mcp.clone())
}
