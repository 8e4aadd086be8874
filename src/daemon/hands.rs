//! What assistants can do: every part's tools in one list.

use std::sync::Arc;

use crate::adapters::knowledge::Knowledge;
use crate::egress::Egress;
use crate::tools::{Tool, ToolSource, Tools, WorkspaceMemory, file_tools, web_tools};

/// All built-in tools, and the sources of others.
pub(super) fn tools(knowledge: &Knowledge, egress: &Egress) -> Tools {
    let mut built_in: Vec<Arc<dyn Tool>> = Vec::new();
    built_in.extend(file_tools());
    built_in.push(Arc::new(WorkspaceMemory::default()));
    built_in.extend(web_tools(egress));
    built_in.extend(knowledge.tools());
    let sources: Vec<Arc<dyn ToolSource>> = Vec::new();
    Tools::new(built_in, sources)
}
