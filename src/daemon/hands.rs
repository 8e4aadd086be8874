//! What assistants can do: every part's tools in one list.

use std::sync::Arc;

use crate::adapters::knowledge::Knowledge;
use crate::tools::{Tool, ToolSource, Tools, file_tools};

/// All built-in tools, and the sources of others.
pub(super) fn tools(knowledge: &Knowledge) -> Tools {
    let mut built_in: Vec<Arc<dyn Tool>> = Vec::new();
    built_in.extend(file_tools());
    built_in.extend(knowledge.tools());
    let sources: Vec<Arc<dyn ToolSource>> = Vec::new();
    Tools::new(built_in, sources)
}
