//! `jq`: a filter over JSON, of a file of the workspace or of a text.
//!
//! A filter is a program, and one of a few bytes can run for ever or take all memory, so it does not run in the daemon:
//! this very program runs it in a cage without files and without a network, and ends it when its time or its memory
//! is over. There is no shell, and no `jq` has to be installed.

mod filter;

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::blocking::blocking;
use super::{
    Arguments, OUTPUT_BYTES_MAX, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput, argument,
};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::sandbox::{Command, Limits, Profile, Sandbox};
use crate::workspaces::files::{Folder, WorkspacePath};

pub use filter::filter;

/// Longest input, in bytes.
const INPUT_BYTES_MAX: u64 = 32 << 20;
/// Longest filter, in bytes.
const FILTER_BYTES_MAX: usize = 16 << 10;
/// Time of a filter.
const TIME: Duration = Duration::from_secs(20);
/// Memory of a filter, in bytes.
const MEMORY_BYTES_MAX: u64 = 1 << 30;

/// See the module.
#[derive(Clone)]
pub struct JqTool {
    sandbox: Sandbox,
}

/// What is filtered.
enum Input {
    File(WorkspacePath),
    Text(String),
}

// === impl JqTool ===

impl JqTool {
    /// Filters in this sandbox.
    #[must_use]
    pub const fn new(sandbox: Sandbox) -> Self {
        Self { sandbox }
    }

    async fn execute(self, call: ToolCallRun) -> Result<ToolOutput, ToolError> {
        let (code, input) = read(&call.arguments, &call.place)?;
        let raw = argument::flag(&call.arguments, "raw")?;
        let input = match input {
            Input::Text(text) => text.into_bytes(),
            Input::File(path) => content(path, call.place).await?,
        };
        let refused = |error: crate::sandbox::SandboxError| ToolError::Refused(error.to_string());
        let own = self.sandbox.launcher().map_err(refused)?;
        let limits = self.sandbox.limits().within(TIME);
        let limits = Limits { memory_bytes: limits.memory_bytes.min(MEMORY_BYTES_MAX), ..limits };
        let profile = Profile { read: vec![own.clone()], ..Profile::writing(Vec::new(), limits) };
        let mut args = vec!["jq".to_owned(), "--".to_owned(), code];
        if raw {
            args.insert(1, "--raw-output".to_owned());
        }
        let mut child =
            self.sandbox.spawn(Command::new(own, args).with_input(), &profile).await.map_err(refused)?;
        let stdin = child.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // silent-ok: a filter may end before it has read everything
                let _ = stdin.write_all(&input).await;
            }
        };
        let ((), finished) = tokio::join!(feed, child.run_to_end(OUTPUT_BYTES_MAX));
        let text = finished.text();
        let ended = &finished.ended;
        Ok(match (ended.success(), text.trim_end()) {
            (true, "") => ToolOutput::system("[the filter has no output]"),
            (true, text) => ToolOutput::tool(text),
            (false, "") => ToolOutput::tool(format!("[{}]", ended.describe())).failed(),
            (false, text) => ToolOutput::tool(format!("{text}\n[{}]", ended.describe())).failed(),
        })
    }
}

impl Tool for JqTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "jq".to_owned(),
            description: "Runs a jq filter over a JSON file of the workspace, or over a JSON text."
                .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "filter": {"type": "string"},
                    "path": {"type": "string"},
                    "json": {"type": "string", "description": "Instead of a path"},
                    "raw": {"type": "boolean", "description": "Texts without quotes"},
                },
                "required": ["filter"],
                "additionalProperties": false,
            }),
        }
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        let (code, input) = read(arguments, place)?;
        let plan = Plan::new(ToolClass::ReadOnly).with_payload(code);
        Ok(match input {
            Input::File(path) => plan.doing(Action::ReadPath { path: path.to_string() }),
            Input::Text(_) => plan,
        })
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        self.clone().execute(call).boxed()
    }
}

fn read(arguments: &Arguments, place: &Place) -> Result<(String, Input), ToolError> {
    let code = argument::text(arguments, "filter")?;
    if code.len() > FILTER_BYTES_MAX || code.contains('\0') {
        let text = format!("`filter` has at most {FILTER_BYTES_MAX} bytes, and none of them is zero");
        return Err(ToolError::Arguments(text));
    }
    let path = argument::optional_text(arguments, "path")?;
    let input = match (path, argument::optional_text(arguments, "json")?) {
        (Some(path), None) => Input::File(WorkspacePath::parse(path, &place.folder)?),
        (None, Some(text)) => Input::Text(text.to_owned()),
        (None, None) => Input::Text("null".to_owned()),
        (Some(_), Some(_)) => {
            return Err(ToolError::Arguments("give `path` or `json`, not both".to_owned()));
        }
    };
    Ok((code.to_owned(), input))
}

async fn content(path: WorkspacePath, place: Place) -> Result<Vec<u8>, ToolError> {
    let read = blocking(TIME, move |_| Ok(Folder::open(&place.folder)?.content(&path, INPUT_BYTES_MAX)?.0));
    read.await
}

#[cfg(test)]
mod tests;
