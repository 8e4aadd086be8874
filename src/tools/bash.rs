//! `bash`: a command line in the workspace's folder, in a cage of its own.

use std::path::Path;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;

use super::{
    Arguments, OUTPUT_BYTES_MAX, Place, Plan, Reach, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput,
    argument,
};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::sandbox::{Command, Finished, Network, Profile, Sandbox};

/// Time of a command that names none, in seconds.
const TIMEOUT_S: usize = 120;
/// Longest time of a command, in seconds.
const TIMEOUT_S_MAX: usize = 3_600;
/// Longest command line: what a system takes as one argument.
const COMMAND_BYTES_MAX: usize = 128 * 1_024 - 1;
const SHELLS: [&str; 3] = ["/bin/bash", "/usr/bin/bash", "/bin/sh"];

/// `bash`. The workspace is the only folder that a command can change, and it reaches other machines only if the
/// settings say so. Everything that it starts ends with it.
#[derive(Clone)]
pub struct BashTool {
    sandbox: Sandbox,
    network: Network,
}

impl BashTool {
    /// Commands in this sandbox, with this network.
    #[must_use]
    pub const fn new(sandbox: Sandbox, network: Network) -> Self {
        Self { sandbox, network }
    }

    async fn execute(self, call: ToolCallRun) -> Result<ToolOutput, ToolError> {
        let (line, timeout) = read(&call.arguments)?;
        let folder = call.place.folder;
        let limits = self.sandbox.limits().within(timeout);
        let profile =
            Profile { network: self.network, ..Profile::writing(vec![folder.to_path_buf()], limits) };
        let command = Command::new(shell(), ["-c", line]).at(&*folder).merged();
        let finished = self.sandbox.run(command, &profile, OUTPUT_BYTES_MAX).await;
        finished.map(|finished| answer(&finished)).map_err(|error| ToolError::Refused(error.to_string()))
    }
}

impl Tool for BashTool {
    fn spec(&self) -> ToolSpec {
        let network = match self.network {
            Network::Off => "There is no network.",
            Network::Open => "The network works.",
        };
        ToolSpec {
            name: "bash".to_owned(),
            description: format!(
                "Run a command line in the workspace's folder and get its output. Every call is a new shell. {network}"
            ),
            parameters: json!({
                "type": "object",
                "properties": {
                    "command": { "type": "string" },
                    "timeout_s": { "type": "integer", "minimum": 1, "maximum": TIMEOUT_S_MAX },
                },
                "required": ["command"],
                "additionalProperties": false,
            }),
        }
    }

    fn reach(&self) -> Reach {
        Reach::Always
    }

    fn plan(&self, arguments: &Arguments, _place: &Place) -> Result<Plan, ToolError> {
        let (line, _) = read(arguments)?;
        let args = vec!["-c".to_owned(), line.to_owned()];
        let action = Action::RunCommand { program: shell().to_owned(), args };
        Ok(Plan::new(ToolClass::Effectful).doing(action).with_payload(line))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        self.clone().execute(call).boxed()
    }
}

/// The command line and its time.
fn read(arguments: &Arguments) -> Result<(&str, Duration), ToolError> {
    let line = argument::text(arguments, "command")?;
    if line.trim().is_empty() {
        return Err(ToolError::Arguments("`command` is empty".to_owned()));
    }
    if line.len() > COMMAND_BYTES_MAX {
        let text = format!(
            "`command` has at most {COMMAND_BYTES_MAX} bytes; write a longer one to a file and run that"
        );
        return Err(ToolError::Arguments(text));
    }
    if line.contains('\0') {
        return Err(ToolError::Arguments("`command` holds a zero character".to_owned()));
    }
    let seconds = argument::count(arguments, "timeout_s")?.unwrap_or(TIMEOUT_S).min(TIMEOUT_S_MAX);
    Ok((line, Duration::from_secs(seconds as u64)))
}

/// The shell of this system.
#[must_use]
pub fn shell() -> &'static str {
    let [.., last] = SHELLS;
    SHELLS.into_iter().find(|shell| Path::new(shell).exists()).unwrap_or(last)
}

/// What it wrote, and how it ended.
fn answer(finished: &Finished) -> ToolOutput {
    let text = finished.text();
    let text = format!("{}\n[{}]", text.trim_end(), finished.ended.describe());
    let output = ToolOutput::tool(text.trim_start_matches('\n'));
    if finished.ended.success() { output } else { output.failed() }
}

#[cfg(test)]
mod tests;
