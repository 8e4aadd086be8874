//! What assistants can do: every part's tools in one list.

use std::sync::Arc;

use crate::adapters::knowledge::Knowledge;
use crate::config::Config;
use crate::processes::{self, Processes};
use crate::sandbox::Sandbox;
use crate::tools::{BashTool, Tool, ToolSource, Tools, file_tools};

/// All built-in tools, and the sources of others.
pub(super) fn tools(
    knowledge: &Knowledge,
    sandbox: &Sandbox,
    processes: &Processes,
    config: &Config,
) -> Tools {
    let mut built_in: Vec<Arc<dyn Tool>> =
        vec![Arc::new(BashTool::new(sandbox.clone(), config.sandbox.network))];
    built_in.extend(file_tools());
    built_in.extend(knowledge.tools());
    built_in.extend(processes::tools::tools(processes));
    let sources: Vec<Arc<dyn ToolSource>> = Vec::new();
    Tools::new(built_in, sources)
}
