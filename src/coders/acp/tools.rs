//! What a program does, as ACP tells it: a tool call, its updates, and what a question says of it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::DOOR;
use super::quirks::{Naming, Quirks};
use crate::coders::dialect::{ToolKind, ToolUse, Went};
use crate::coders::rpc::{list_at, str_at, text_of};

/// Where the arguments of programs name a file.
const PATH_MEMBERS: [&str; 5] = ["path", "file_path", "filePath", "fileName", "abs_path"];

/// The tool of `call`, a whole one or an update; what it leaves out is as in `known`.
pub(super) fn tool(call: &Value, known: Option<&ToolUse>, folder: &Path, quirks: &Quirks) -> ToolUse {
    let id = str_at(call, "toolCallId").unwrap_or_default().to_owned();
    let word = str_at(call, "kind").unwrap_or_default();
    let name = known.map_or_else(|| name(call, &id, word, quirks), |known| known.name.clone());
    let arguments =
        arguments(call).or_else(|| known.map(|known| known.arguments.clone())).unwrap_or(Value::Null);
    let said = kind(word, &name, &arguments, call, folder, quirks);
    let kind = match known {
        // An update without a kind, and one that knows less, take nothing away.
        Some(known)
            if word.is_empty() || said == ToolKind::Other && str_at(call, "status") != Some("pending") =>
        {
            known.kind.clone()
        }
        _ => said,
    };
    ToolUse { id, name, kind, arguments }
}

/// How a tool ended, where `call` says that it has.
pub(super) fn ended(call: &Value) -> Option<(Went, String)> {
    let refused = call.get("rawOutput").and_then(|output| str_at(output, "code")) == Some("rejected");
    let went = match str_at(call, "status")? {
        "completed" => Went::Done,
        "failed" if refused => Went::Refused,
        "failed" => Went::Failed,
        _ => return None,
    };
    let text = text_of(list_at(call, "content"));
    let raw = || {
        let output = call.get("rawOutput")?;
        ["output", "content", "error", "message"]
            .iter()
            .find_map(|name| str_at(output, name))
            .map(str::to_owned)
    };
    let output = if text.is_empty() { raw().unwrap_or_default() } else { text };
    Some((went, output))
}

fn name(call: &Value, id: &str, word: &str, quirks: &Quirks) -> String {
    let title = str_at(call, "title").filter(|title| !title.is_empty());
    let named = match quirks.naming {
        Naming::Id => id.split_once("__").map(|(name, _)| name),
        Naming::Title => title,
        Naming::TitleOfOthers => title.filter(|_| word == "other" || word.is_empty()),
    };
    named.unwrap_or(if word.is_empty() { "other" } else { word }).to_owned()
}

/// The arguments, where it has any; for a program that gives none, what it shows to people.
fn arguments(call: &Value) -> Option<Value> {
    let raw = call
        .get("rawInput")
        .filter(|raw| !raw.is_null() && raw.as_object().is_none_or(|raw| !raw.is_empty()));
    let shown = || {
        let content = list_at(call, "content");
        let title = str_at(call, "title")?;
        call.get("rawInput").is_none().then(|| json!({ "title": title, "content": content }))
    };
    raw.cloned().or_else(shown)
}

fn kind(word: &str, name: &str, arguments: &Value, call: &Value, folder: &Path, quirks: &Quirks) -> ToolKind {
    let or_other = |paths: Vec<PathBuf>, kind: fn(Vec<PathBuf>) -> ToolKind| {
        if paths.is_empty() { ToolKind::Other } else { kind(paths) }
    };
    match word {
        "execute" => command(arguments, call, quirks).map_or(ToolKind::Other, ToolKind::Run),
        "read" => or_other(paths(arguments, call), ToolKind::Read),
        "search" => match paths(arguments, call) {
            paths if paths.is_empty() && arguments.get("pattern").is_some() => {
                ToolKind::Read(vec![folder.to_owned()])
            }
            paths => or_other(paths, ToolKind::Read),
        },
        "edit" | "delete" | "move" => or_other(paths(arguments, call), ToolKind::Write),
        "fetch" => str_at(arguments, "url").map_or(ToolKind::Other, |url| ToolKind::Fetch(url.to_owned())),
        "think" => ToolKind::Internal,
        _ if quirks.internal.contains(&name) => ToolKind::Internal,
        _ => match quirks.door_prefix.and_then(|prefix| name.strip_prefix(prefix)) {
            Some(tool) => ToolKind::Mcp(DOOR.to_owned(), tool.to_owned()),
            None => ToolKind::Other,
        },
    }
}

fn command(arguments: &Value, call: &Value, quirks: &Quirks) -> Option<String> {
    let title = || str_at(call, "title").filter(|_| quirks.title_is_command);
    str_at(arguments, "command").or_else(title).map(str::to_owned)
}

/// Every path that the call names, in order and once.
fn paths(arguments: &Value, call: &Value) -> Vec<PathBuf> {
    let located = list_at(call, "locations").iter().filter_map(|location| str_at(location, "path"));
    let changed = list_at(call, "content").iter().filter(|block| str_at(block, "type") == Some("diff"));
    let changed = changed.filter_map(|block| str_at(block, "path"));
    let files = list_at(arguments, "files").iter().filter_map(|file| str_at(file, "filePath"));
    let named = PATH_MEMBERS.iter().filter_map(|member| str_at(arguments, member));
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in located.chain(changed).chain(files).chain(named).filter(|path| !path.is_empty()) {
        if !paths.iter().any(|known| known == Path::new(path)) && paths.len() <= crate::coders::rpc::PATHS_MAX
        {
            paths.push(path.into());
        }
    }
    paths
}
