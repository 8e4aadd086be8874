//! `list_files`: what is in the workspace.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;

use super::walk::{Ended, glob, walk};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::tools::blocking::{Stop, blocking};
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput, argument};
use crate::workspaces::files::{Folder, Kind, WorkspacePath};

/// Entries of one answer.
pub(super) const ENTRIES_MAX: usize = 500;
/// Folders below each other without `depth`.
const DEPTH: usize = 3;
/// Bytes of one answer.
const ANSWER_BYTES_MAX: usize = 28 << 10;
const TIME: Duration = Duration::from_secs(10);

pub(super) struct ListFiles;

impl Tool for ListFiles {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "list_files".to_owned(),
            description: "Lists files and folders of the workspace, without what .gitignore leaves out."
                .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "path": {"type": "string", "description": "Folder; all of the workspace without it"},
                    "glob": {"type": "string", "description": "Only files like *.md or src/**/*.rs"},
                    "depth": {"type": "integer", "minimum": 1, "description": "3 without it and without glob"},
                },
                "additionalProperties": false,
            }),
        }
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        let (path, ..) = given(arguments, place)?;
        Ok(Plan::new(ToolClass::ReadOnly).doing(Action::ReadPath { path: path.to_string() }))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        blocking(TIME, move |stop| {
            let (path, pattern, depth) = given(&call.arguments, &call.place)?;
            list(&Folder::open(&call.place.folder)?, &path, pattern, depth, stop)
        })
    }
}

fn given<'a>(
    arguments: &'a Arguments,
    place: &Place,
) -> Result<(WorkspacePath, Option<&'a str>, usize), ToolError> {
    let path = argument::optional_text(arguments, "path")?.unwrap_or(".");
    let pattern = argument::optional_text(arguments, "glob")?;
    glob(pattern)?;
    let deepest = if pattern.is_some() { usize::MAX } else { DEPTH };
    let depth = argument::count(arguments, "depth")?.unwrap_or(deepest);
    Ok((WorkspacePath::parse(path, &place.folder)?, pattern, depth))
}

fn list(
    folder: &Folder,
    start: &WorkspacePath,
    pattern: Option<&str>,
    depth: usize,
    stop: &Stop,
) -> Result<ToolOutput, ToolError> {
    let wanted = glob(pattern)?;
    let (mut text, mut entries) = (String::new(), 0);
    let ended = walk(folder, start, depth, stop, |found| {
        if wanted.as_ref().is_some_and(|glob| found.kind == Kind::Folder || !glob.is_match(found.path)) {
            return ControlFlow::Continue(());
        }
        if entries >= ENTRIES_MAX || text.len() + found.path.len() > ANSWER_BYTES_MAX {
            return ControlFlow::Break(());
        }
        entries += 1;
        let deeper = if found.depth + 1 == depth { " …" } else { "" };
        text.push_str(&match found.kind {
            Kind::File => format!("{} ({} bytes)\n", found.path, found.bytes),
            Kind::Folder => format!("{}/{deeper}\n", found.path),
            Kind::Link => format!("{} (symbolic link, not followed)\n", found.path),
            Kind::Other => format!("{} (not a plain file)\n", found.path),
        });
        ControlFlow::Continue(())
    })?;
    match ended {
        Ended::Whole if text.is_empty() => return Ok(ToolOutput::system("[nothing is there]")),
        Ended::Whole => {}
        Ended::Enough => text.push_str(&format!("[more than {entries} entries; name a folder or a glob]\n")),
        Ended::Bounded => text.push_str("[there is more than one walk looks at; name a folder]\n"),
    }
    Ok(ToolOutput::tool(text))
}
