//! `terminal`: a program in a pseudo-terminal whose screen the model reads.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{command, given, id, own, refused, spec};
use crate::processes::{Frame, Process, ProcessKind, Processes, Wish};
use crate::protocol::chat::ToolSpec;
use crate::protocol::ids::TenantId;
use crate::protocol::process::TerminalSize;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput};

/// The size of a screen that a model reads.
const SIZE: TerminalSize = TerminalSize { rows: 30, cols: 100 };
/// How long a screen does not change before it is read.
const QUIET: Duration = Duration::from_millis(400);
const WAIT_S: u64 = 5;
const WAIT_S_MAX: u64 = 60;

/// See the module.
#[derive(Clone)]
pub(super) struct TerminalTool {
    processes: Processes,
}

impl TerminalTool {
    pub(super) const fn new(processes: Processes) -> Self {
        Self { processes }
    }
}

impl Tool for TerminalTool {
    fn spec(&self) -> ToolSpec {
        let properties = json!({
            "command": { "type": "string" },
            "id": { "type": "string" },
            "input": { "type": "string" },
            "wait_s": { "type": "integer", "minimum": 1, "maximum": WAIT_S_MAX },
        });
        let description = "Start an interactive `command` in a terminal, or type `input` (keys as in a terminal: \
                           \\r, \\u001b[A) into the one with this `id`. Answers the screen.";
        spec("terminal", description, &properties, &json!([]))
    }

    fn plan(&self, arguments: &Arguments, _place: &Place) -> Result<Plan, ToolError> {
        match (given(arguments, "command"), given(arguments, "id"), given(arguments, "input")) {
            (Some(line), None, None) => Ok(command(line)),
            (None, Some(_), Some(input)) => id(arguments).map(|_| command(input)),
            (None, Some(_), None) => id(arguments).map(|_| Plan::new(ToolClass::ReadOnly)),
            _ => {
                Err(ToolError::Arguments("give `command` alone, or `id` with or without `input`".to_owned()))
            }
        }
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let processes = self.processes.clone();
        async move {
            let tenant = call.place.tenant.clone();
            let process = match given(&call.arguments, "command") {
                Some(line) => {
                    let wish = Wish {
                        task: line.to_owned(),
                        kind: Some(ProcessKind::Interactive),
                        size: Some(SIZE),
                        ..Wish::default()
                    };
                    processes.start_at(&call.place, wish).await.map_err(refused)?
                }
                None => own(&processes, &call).await?,
            };
            if let Some(input) = given(&call.arguments, "input") {
                processes.input(&tenant, process.id, input).map_err(refused)?;
            }
            let wait = call.arguments.get("wait_s").and_then(Value::as_u64).unwrap_or(WAIT_S).min(WAIT_S_MAX);
            settle(&processes, &tenant, &process, Duration::from_secs(wait)).await;
            let now = processes.get(&tenant, process.id).await.map_err(refused)?;
            let screen = processes.recent(&tenant, &now).await.map_err(refused)?.text;
            let state = if now.reason.is_empty() { now.state.as_str() } else { now.reason.as_str() };
            Ok(ToolOutput::tool(format!("terminal {} {state}\n{screen}", now.id)))
        }
        .boxed()
    }
}

/// Waits until the screen is quiet, at most so long.
async fn settle(processes: &Processes, tenant: &TenantId, of: &Process, wait: Duration) {
    let Some(mut peer) = processes.follow(tenant, of.id, None, true) else { return };
    let latest = Instant::now() + wait;
    // The picture that is there already says nothing about what comes.
    let mut quiet_at = latest;
    let mut pictures = 0_u32;
    loop {
        match timeout_at(quiet_at, peer.next()).await {
            Ok(Frame::Ended(_)) | Err(_) => return,
            Ok(_) => pictures = pictures.saturating_add(1),
        }
        if pictures > 1 {
            quiet_at = (Instant::now() + QUIET).min(latest);
        }
    }
}
