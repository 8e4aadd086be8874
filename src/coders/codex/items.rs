//! What Codex does, item by item, as tools.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Codex, command};
use crate::coders::dialect::{Event, Out, ToolKind, ToolUse, Went};
use crate::coders::rpc::{list_at, str_at, text_of};

impl Codex {
    pub(super) fn item_began(&mut self, params: &Value, out: &mut Out) {
        if self.turn.is_none() {
            return;
        }
        if let Some(tool) = params.get("item").and_then(tool) {
            self.tools.begin(tool, out);
        }
    }

    pub(super) fn item_ended(&mut self, params: &Value, out: &mut Out) {
        let Some(item) = params.get("item").filter(|_| self.turn.is_some()) else { return };
        if let Some(tool) = tool(item) {
            self.tools.end(tool, went(item), &output(item), out);
            return;
        }
        if !self.is_ours(params) {
            return;
        }
        match str_at(item, "type") {
            Some("agentMessage") => {
                let text = str_at(item, "text").unwrap_or_default().to_owned();
                self.finished(item, text, Event::Text, out);
            }
            Some("reasoning") => {
                let parts: Vec<_> = list_at(item, "summary").iter().filter_map(Value::as_str).collect();
                self.finished(item, parts.join("\n\n"), Event::Thinking, out);
            }
            _ => {}
        }
    }
}

/// The item as a tool; `None` for what is said, thought or told.
pub(super) fn tool(item: &Value) -> Option<ToolUse> {
    let name = str_at(item, "type")?;
    let (kind, arguments) = match name {
        "commandExecution" => run(item),
        "fileChange" => change(item),
        "mcpToolCall" => mcp(item),
        "imageView" => (read(str_at(item, "path")), json!({ "path": item.get("path") })),
        "sleep" => (ToolKind::Internal, Value::Null),
        "webSearch" | "dynamicToolCall" | "collabAgentToolCall" | "imageGeneration" => {
            (ToolKind::Other, item.clone())
        }
        _ => return None,
    };
    Some(ToolUse { id: str_at(item, "id")?.to_owned(), name: name.to_owned(), kind, arguments })
}

/// A command: what the shell runs, not the shell.
pub(super) fn run(item: &Value) -> (ToolKind, Value) {
    let Some(command) = str_at(item, "command") else { return (ToolKind::Other, item.clone()) };
    let arguments = json!({ "command": command, "cwd": item.get("cwd") });
    (ToolKind::Run(command::script(command)), arguments)
}

fn change(item: &Value) -> (ToolKind, Value) {
    let changes = list_at(item, "changes");
    let mut paths: Vec<PathBuf> = Vec::new();
    for change in changes {
        // A change without a path is one that nobody can judge.
        let Some(path) = str_at(change, "path") else { return (ToolKind::Other, item.clone()) };
        let moved = change.get("kind").and_then(|kind| str_at(kind, "move_path"));
        paths.extend([Some(path), moved].into_iter().flatten().map(PathBuf::from));
    }
    let kind = if paths.is_empty() { ToolKind::Other } else { ToolKind::Write(paths) };
    (kind, json!({ "changes": changes }))
}

fn mcp(item: &Value) -> (ToolKind, Value) {
    let kind = match (str_at(item, "server"), str_at(item, "tool")) {
        (Some(server), Some(tool)) => ToolKind::Mcp(server.to_owned(), tool.to_owned()),
        _ => ToolKind::Other,
    };
    (kind, item.get("arguments").cloned().unwrap_or(Value::Null))
}

fn read(path: Option<&str>) -> ToolKind {
    path.map_or(ToolKind::Other, |path| ToolKind::Read(vec![path.into()]))
}

fn went(item: &Value) -> Went {
    match str_at(item, "status") {
        Some("declined") => Went::Refused,
        Some("failed" | "inProgress") => Went::Failed,
        _ if item.get("success").and_then(Value::as_bool) == Some(false) => Went::Failed,
        _ => Went::Done,
    }
}

fn output(item: &Value) -> String {
    let error = item.get("error").and_then(|error| str_at(error, "message"));
    let result = item.get("result").map(|result| text_of(list_at(result, "content")));
    let said = str_at(item, "aggregatedOutput").or(error).map(str::to_owned).or(result);
    said.unwrap_or_else(|| text_of(list_at(item, "contentItems")))
}
