//! The tools with which a model uses processes that outlive its turn: those that its own thread started.
//!
//! What is typed into a process counts as a command, like what starts one: rules about programs hold for both.

mod terminal;

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{Process, ProcessError, ProcessFilter, ProcessKind, Processes, Wish};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::protocol::process::ProcessId;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput};

/// Bytes of recent output that a model gets unless it asks for more.
const TAIL_BYTES: usize = 8 << 10;
/// Processes that a list for a model has at most.
const LISTED_MAX: usize = 50;

/// What a tool does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Deed {
    Start,
    List,
    Input,
    Tail,
    Kill,
}

/// One of the tools.
#[derive(Clone)]
struct ProcessTool {
    deed: Deed,
    processes: Processes,
}

/// All tools of processes.
#[must_use]
pub fn tools(processes: &Processes) -> Vec<Arc<dyn Tool>> {
    let tool = |deed| Arc::new(ProcessTool { deed, processes: processes.clone() }) as Arc<dyn Tool>;
    let mut all: Vec<Arc<dyn Tool>> =
        [Deed::Start, Deed::List, Deed::Input, Deed::Tail, Deed::Kill].map(tool).into();
    all.push(Arc::new(terminal::TerminalTool::new(processes.clone())));
    all
}

// === impl ProcessTool ===

impl Tool for ProcessTool {
    fn spec(&self) -> ToolSpec {
        let id = json!({ "type": "string" });
        let (name, description, properties, required) = match self.deed {
            Deed::Start => (
                "process_start",
                "Run a shell command in the background of the workspace; it goes on after your answer.",
                json!({ "command": { "type": "string" }, "cwd": { "type": "string" } }),
                json!(["command"]),
            ),
            Deed::List => {
                ("process_list", "Your background processes and their states.", json!({}), json!([]))
            }
            Deed::Input => (
                "process_input",
                "Type text into a background process; `end` closes its input.",
                json!({ "id": id, "input": { "type": "string" }, "end": { "type": "boolean" } }),
                json!(["id"]),
            ),
            Deed::Tail => (
                "process_tail",
                "The newest output of a background process and how it ended.",
                json!({ "id": id, "bytes": { "type": "integer", "minimum": 1, "maximum": 32_768 } }),
                json!(["id"]),
            ),
            Deed::Kill => (
                "process_kill",
                "End a background process and everything that it started.",
                json!({ "id": id }),
                json!(["id"]),
            ),
        };
        spec(name, description, &properties, &required)
    }

    fn plan(&self, arguments: &Arguments, _place: &Place) -> Result<Plan, ToolError> {
        match self.deed {
            Deed::Start => Ok(command(text(arguments, "command")?)),
            Deed::Input => {
                id(arguments)?;
                match given(arguments, "input") {
                    Some(input) => Ok(command(input)),
                    None if ends(arguments) => Ok(Plan::new(ToolClass::Idempotent)),
                    None => Err(ToolError::Arguments("`input` or `end` is missing".to_owned())),
                }
            }
            Deed::List => Ok(Plan::new(ToolClass::ReadOnly)),
            Deed::Tail => id(arguments).map(|_| Plan::new(ToolClass::ReadOnly)),
            Deed::Kill => id(arguments).map(|_| Plan::new(ToolClass::Idempotent)),
        }
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let (deed, processes) = (self.deed, self.processes.clone());
        async move {
            match deed {
                Deed::Start => start(&processes, &call).await,
                Deed::List => list(&processes, &call.place).await,
                Deed::Input => input(&processes, &call).await,
                Deed::Tail => tail(&processes, &call).await,
                Deed::Kill => kill(&processes, &call).await,
            }
        }
        .boxed()
    }
}

async fn start(processes: &Processes, call: &ToolCallRun) -> Result<ToolOutput, ToolError> {
    let wish = Wish {
        task: text(&call.arguments, "command")?.to_owned(),
        cwd: given(&call.arguments, "cwd").map(str::to_owned),
        ..Wish::default()
    };
    let started = processes.start_at(&call.place, wish).await.map_err(refused)?;
    Ok(ToolOutput::system(format!("process {} runs; read it with process_tail", started.id)))
}

async fn list(processes: &Processes, place: &Place) -> Result<ToolOutput, ToolError> {
    let filter = ProcessFilter { thread: Some(place.thread), ..ProcessFilter::default() };
    let found = processes.list(&place.tenant, filter).await.map_err(refused)?;
    if found.is_empty() {
        return Ok(ToolOutput::system("no process was started in this conversation"));
    }
    let lines: Vec<String> = found.iter().take(LISTED_MAX).map(line).collect();
    Ok(ToolOutput::tool(lines.join("\n")))
}

async fn input(processes: &Processes, call: &ToolCallRun) -> Result<ToolOutput, ToolError> {
    let own = own(processes, call).await?;
    if let Some(input) = given(&call.arguments, "input") {
        processes.input(&call.place.tenant, own.id, input).map_err(refused)?;
    }
    if ends(&call.arguments) {
        processes.end_input(&call.place.tenant, own.id).map_err(refused)?;
    }
    Ok(ToolOutput::system("sent"))
}

async fn tail(processes: &Processes, call: &ToolCallRun) -> Result<ToolOutput, ToolError> {
    let own = own(processes, call).await?;
    let recent = processes.recent(&call.place.tenant, &own).await.map_err(refused)?;
    let wanted = call.arguments.get("bytes").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let bytes = wanted.unwrap_or(TAIL_BYTES).clamp(1, crate::tools::OUTPUT_BYTES_MAX);
    let from = recent.text.ceil_char_boundary(recent.text.len().saturating_sub(bytes));
    let shown = recent.text.get(from..).unwrap_or_default();
    let mark = if from > 0 { "[… earlier output is not shown …]\n" } else { "" };
    Ok(ToolOutput::tool(format!("{}\n{mark}{shown}", line(&own))))
}

async fn kill(processes: &Processes, call: &ToolCallRun) -> Result<ToolOutput, ToolError> {
    let own = own(processes, call).await?;
    let by = call.place.assistant.to_string();
    processes.kill(&call.place.tenant, &by, own.id).await.map_err(refused)?;
    Ok(ToolOutput::system(format!("process {} is ended, with everything below it", own.id)))
}

/// The process that a call names, if this thread started it.
async fn own(processes: &Processes, call: &ToolCallRun) -> Result<Process, ToolError> {
    let found = processes.get(&call.place.tenant, id(&call.arguments)?).await;
    found.ok().filter(|one| one.thread == Some(call.place.thread)).ok_or_else(|| {
        ToolError::Arguments("no process of this conversation has this id; see process_list".to_owned())
    })
}

/// A process in a line.
fn line(of: &Process) -> String {
    let state = if of.reason.is_empty() { of.state.as_str() } else { of.reason.as_str() };
    let kind = if of.kind == ProcessKind::Interactive { " in a terminal" } else { "" };
    format!("{} {state}{kind}, {} lines: {}", of.id, of.lines, of.task_preview().replace('\n', " "))
}

/// What a line for the shell does.
fn command(line: &str) -> Plan {
    let args = vec!["-lc".to_owned(), line.to_owned()];
    Plan::new(ToolClass::Effectful).doing(Action::RunCommand { program: "/bin/sh".to_owned(), args })
}

fn spec(name: &str, description: &str, properties: &Value, required: &Value) -> ToolSpec {
    ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        }),
    }
}

fn given<'a>(arguments: &'a Arguments, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn text<'a>(arguments: &'a Arguments, name: &str) -> Result<&'a str, ToolError> {
    given(arguments, name).ok_or_else(|| ToolError::Arguments(format!("`{name}` is missing")))
}

fn ends(arguments: &Arguments) -> bool {
    arguments.get("end").and_then(Value::as_bool).unwrap_or(false)
}

fn id(arguments: &Arguments) -> Result<ProcessId, ToolError> {
    text(arguments, "id")?.parse().map_err(|error| ToolError::Arguments(format!("{error}")))
}

#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn refused(error: ProcessError) -> ToolError {
    match error {
        ProcessError::Wish { .. } => ToolError::Arguments(error.to_string()),
        ProcessError::Transcript(_) | ProcessError::Store(_) => ToolError::Failed(error.to_string()),
        other => ToolError::Refused(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
