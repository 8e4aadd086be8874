//! The tool with which an assistant reads and writes its own files.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::files::{AgentFiles, FILE_BYTES_MAX, FileName};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::protocol::turn::Provenance;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput};

/// `agent_file`. To write is to write a path outside of the workspace: unless a rule says otherwise, a person sees
/// the whole text first.
#[derive(Clone)]
pub struct AgentFileTool {
    files: AgentFiles,
}

impl AgentFileTool {
    /// The tool over these files.
    #[must_use]
    pub const fn new(files: AgentFiles) -> Self {
        Self { files }
    }
}

impl Tool for AgentFileTool {
    fn spec(&self) -> ToolSpec {
        let names: Vec<&str> = FileName::ALL.iter().map(|name| name.as_str()).collect();
        ToolSpec {
            name: "agent_file".to_owned(),
            description:
                "Read one of your own files, which begin every conversation, or replace it with `content`."
                    .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "name": { "type": "string", "enum": names },
                    "content": { "type": "string" },
                },
                "required": ["name"],
                "additionalProperties": false,
            }),
        }
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        let name = name(arguments)?;
        let Some(content) = arguments.get("content").and_then(Value::as_str) else {
            return Ok(Plan::new(ToolClass::ReadOnly));
        };
        if content.len() > FILE_BYTES_MAX {
            return Err(ToolError::Arguments(format!("content has at most {FILE_BYTES_MAX} bytes")));
        }
        let path = self.files.folder(place.assistant).join(name.as_str()).display().to_string();
        Ok(Plan::new(ToolClass::Idempotent).doing(Action::WritePath { path }).with_payload(content))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let files = self.files.clone();
        async move {
            let (name, assistant) = (name(&call.arguments)?, call.place.assistant);
            let failed = |error: super::files::FileError| ToolError::Failed(error.to_string());
            if let Some(content) = call.arguments.get("content").and_then(Value::as_str) {
                files.put(assistant, name, None, content.to_owned()).await.map_err(failed)?;
                let text = format!("{name} is written; it counts from the next message on");
                return Ok(ToolOutput::system(text));
            }
            let file = files.read(&call.place.tenant, assistant, name).await.map_err(failed)?;
            let text = if file.version == 0 { format!("there is no {name} yet") } else { file.text };
            // People wrote it, or saw it before it was written; every prompt has it.
            Ok(ToolOutput { text, provenance: Provenance::Owner, failed: false })
        }
        .boxed()
    }
}

fn name(arguments: &Arguments) -> Result<FileName, ToolError> {
    let text = arguments.get("name").and_then(Value::as_str).unwrap_or_default();
    text.parse().map_err(|error| ToolError::Arguments(format!("name {error}")))
}

#[cfg(test)]
mod tests;
