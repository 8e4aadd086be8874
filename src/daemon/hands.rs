//! What assistants can do: every part's tools in one list.

use std::sync::Arc;

use crate::adapters::knowledge::Knowledge;
use crate::config::Config;
use crate::egress::Egress;
use crate::sandbox::Sandbox;
use crate::tools::{BashTool, Tool, ToolSource, Tools, WorkspaceMemory, file_tools, web_tools};

/// All built-in tools, and the sources of others.
pub(super) fn tools(knowledge: &Knowledge, (sandbox, egress): (&Sandbox, &Egress), config: &Config) -> Tools {
    let mut built_in: Vec<Arc<dyn Tool>> =
        vec![Arc::new(BashTool::new(sandbox.clone(), config.sandbox.network))];
    built_in.extend(file_tools());
    built_in.push(Arc::new(WorkspaceMemory::default()));
    built_in.extend(web_tools(egress));
    built_in.extend(knowledge.tools());
    let sources: Vec<Arc<dyn ToolSource>> = Vec::new();
    Tools::new(built_in, sources)
}
