//! What assistants can do: every part's tools in one list.

use std::sync::Arc;

use anyhow::Context as _;
use capuchin_actors::process::ProcessOpener;

use crate::adapters::knowledge::Knowledge;
use crate::adapters::mcp_programs::CagedPrograms;
use crate::coders::Coders;
use crate::config::{Config, Home};
use crate::db::Db;
use crate::egress::Egress;
use crate::mcp::{McpServers, McpTools};
use crate::notifications::Notifications;
use crate::policy::{KillSwitches, Policies};
use crate::processes::{self, Processes};
use crate::redaction::{LeakLog, Redactor};
use crate::sandbox::Sandbox;
use crate::schedules::{Schedules, schedule_tool};
use crate::telemetry::Metrics;
use crate::tools::{BashTool, JqTool, Tool, ToolSource, Tools, WorkspaceMemory, file_tools, web_tools};
use crate::vault::Vault;
use crate::workspaces::Workspaces;

/// What assistants know and can do. Every field is a cheap handle.
pub(super) struct Hands {
    pub(super) knowledge: Knowledge,
    pub(super) sandbox: Sandbox,
    pub(super) process_opener: Arc<ProcessOpener>,
    pub(super) processes: Processes,
    pub(super) mcp: McpServers,
    pub(super) tools: Tools,
    pub(super) coders: Coders,
    pub(super) schedules: Schedules,
}

// === impl Hands ===

impl Hands {
    /// The hands of this home: what they run is in cages, what they say is scanned, and what they do is judged.
    pub(super) fn build(
        (db, home, config): (&Db, &Home, &Config),
        (egress, vault): (&Egress, &Vault),
        (scanner, judges): ((Redactor, LeakLog), (Policies, KillSwitches)),
        (workspaces, schedules): (&Workspaces, Schedules),
    ) -> Self {
        let (knowledge, sandbox) = (Knowledge::open(db, vault, config, home), sandbox(config, home));
        let (cages, redactor) = ((&sandbox, workspaces), scanner.0.clone());
        let (process_opener, processes) = super::processes::build((db, home, config), scanner, judges, cages);
        let mcp = mcp((db, egress), &redactor, cages, config);
        let coders = super::coders::build((db, home, config), &sandbox);
        let own = (&knowledge, &mcp, (&processes, &schedules));
        let tools = tools(own, (&sandbox, egress), config);
        Self { knowledge, sandbox, process_opener, processes, mcp, tools, coders, schedules }
    }
}

/// Where child processes live. What an earlier life left there is ended first.
fn sandbox(config: &Config, home: &Home) -> Sandbox {
    let sandbox = Sandbox::new(config.sandbox.options(home, config.vault.key_file.as_deref()));
    match sandbox.sweep() {
        0 => {}
        ended => tracing::warn!(ended, "programs that an earlier life of the daemon left are ended"),
    }
    sandbox
}

/// All built-in tools, and the sources of others.
fn tools(
    (knowledge, mcp, (processes, schedules)): (&Knowledge, &McpServers, (&Processes, &Schedules)),
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
    built_in.push(Arc::new(schedule_tool(schedules)));
    let sources: Vec<Arc<dyn ToolSource>> = vec![Arc::new(McpTools(mcp.clone()))];
    Tools::new(built_in, sources)
}

/// The MCP servers of this store.
fn mcp(
    (db, egress): (&Db, &Egress),
    redactor: &Redactor,
    (sandbox, workspaces): (&Sandbox, &Workspaces),
    config: &Config,
) -> McpServers {
    let programs = Arc::new(CagedPrograms::new(sandbox.clone(), workspaces.clone()));
    McpServers::new(db.clone(), egress.clone(), redactor.clone(), programs, config.mcp.clone())
}

/// What happens by itself.
pub(super) async fn schedules(
    db: &Db,
    switches: &KillSwitches,
    (metrics, notices): (&Metrics, &Notifications),
) -> anyhow::Result<Schedules> {
    let opened = Schedules::open(db.clone(), switches.clone(), (metrics.clone(), notices.clone()));
    opened.await.context("the schedules")
}
