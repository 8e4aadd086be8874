//! What the tools of Claude Code do, by their names and arguments.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::dialect::ToolKind;

/// What this use does. A tool that is not known, or says too little, is [`ToolKind::Other`].
pub(super) fn kind(name: &str, arguments: &Value, folder: &Path) -> ToolKind {
    let text = |key: &str| arguments[key].as_str().filter(|text| !text.is_empty());
    let path = |key: &str| text(key).map(|path| folder.join(path));
    let one = |path: Option<PathBuf>, kind: fn(Vec<PathBuf>) -> ToolKind| {
        path.map_or(ToolKind::Other, |path| kind(vec![path]))
    };
    match name {
        "Read" => one(path("file_path"), ToolKind::Read),
        // Without a path they look through the folder.
        "Glob" | "Grep" | "LS" => ToolKind::Read(vec![path("path").unwrap_or_else(|| folder.to_owned())]),
        "Write" | "Edit" | "MultiEdit" => one(path("file_path"), ToolKind::Write),
        "NotebookEdit" => one(path("notebook_path"), ToolKind::Write),
        "Bash" => text("command").map_or(ToolKind::Other, |command| ToolKind::Run(command.to_owned())),
        "WebFetch" => text("url").map_or(ToolKind::Other, |url| ToolKind::Fetch(url.to_owned())),
        // What sub-agents do is asked about by itself.
        "Task" | "Agent" | "TodoWrite" | "TaskCreate" | "TaskGet" | "TaskList" | "TaskUpdate"
        | "TaskStop" | "TaskOutput" | "BashOutput" | "KillShell" | "ToolSearch" | "EnterPlanMode"
        | "ExitPlanMode" | "ReportFindings" => ToolKind::Internal,
        name => match name.strip_prefix("mcp__").and_then(|rest| rest.split_once("__")) {
            Some((server, tool)) => ToolKind::Mcp(server.to_owned(), tool.to_owned()),
            None => ToolKind::Other,
        },
    }
}
