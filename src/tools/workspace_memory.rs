//! `workspace_memory`: one small file of notes that every conversation of a workspace shares.
//!
//! It is a plain file of the workspace ([`FILE`]), so that people read and change it with what they like.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::json;

use super::blocking::blocking;
use super::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput, argument};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::workspaces::files::{FileError, Folder, WorkspacePath};

/// Where the notes are.
const FILE: &str = ".capuchin/notes.md";
/// Longest notes, in bytes: less than what an answer may have.
const NOTES_BYTES_MAX: usize = 24 << 10;
const TIME: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Default)]
pub struct WorkspaceMemory {
    /// One at a time, so that two conversations do not lose each other's notes.
    turn: Arc<Mutex<()>>,
}

/// What is wanted.
enum Wish<'a> {
    Read,
    Append(&'a str),
    Replace(&'a str),
}

impl Tool for WorkspaceMemory {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "workspace_memory".to_owned(),
            description:
                "Notes that all conversations of this workspace share: read, append to or replace them."
                    .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "action": {"type": "string", "enum": ["read", "append", "replace"]},
                    "text": {"type": "string"},
                },
                "required": ["action"],
                "additionalProperties": false,
            }),
        }
    }

    fn plan(&self, arguments: &Arguments, _place: &Place) -> Result<Plan, ToolError> {
        let path = || FILE.to_owned();
        Ok(match wish(arguments)? {
            Wish::Read => Plan::new(ToolClass::ReadOnly).doing(Action::ReadPath { path: path() }),
            Wish::Append(text) => {
                Plan::new(ToolClass::Effectful).doing(Action::WritePath { path: path() }).with_payload(text)
            }
            Wish::Replace(text) => {
                Plan::new(ToolClass::Idempotent).doing(Action::WritePath { path: path() }).with_payload(text)
            }
        })
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let turn = Arc::clone(&self.turn);
        blocking(TIME, move |_| {
            let folder = Folder::open(&call.place.folder)?;
            let path = WorkspacePath::parse(FILE, &call.place.folder)?;
            let _alone = turn.lock();
            match wish(&call.arguments)? {
                Wish::Read => Ok(match notes(&folder, &path)? {
                    None => ToolOutput::system("[there are no notes yet]"),
                    Some(notes) => ToolOutput::tool(notes),
                }),
                Wish::Append(text) => {
                    let mut notes = notes(&folder, &path)?.unwrap_or_default();
                    if !notes.is_empty() && !notes.ends_with('\n') {
                        notes.push('\n');
                    }
                    notes.push_str(text);
                    notes.push('\n');
                    write(&folder, &path, &notes)
                }
                Wish::Replace(text) => write(&folder, &path, text),
            }
        })
    }
}

fn wish(arguments: &Arguments) -> Result<Wish<'_>, ToolError> {
    let text = argument::optional_text(arguments, "text")?;
    let missing = || ToolError::Arguments("`text` is missing".to_owned());
    match argument::text(arguments, "action")? {
        "read" => Ok(Wish::Read),
        "append" => text.filter(|text| !text.trim().is_empty()).map(Wish::Append).ok_or_else(missing),
        "replace" => text.map(Wish::Replace).ok_or_else(missing),
        _ => Err(ToolError::Arguments("`action` is read, append or replace".to_owned())),
    }
}

fn notes(folder: &Folder, path: &WorkspacePath) -> Result<Option<String>, ToolError> {
    match folder.content(path, NOTES_BYTES_MAX as u64) {
        Ok((notes, _)) => Ok(Some(String::from_utf8_lossy(&notes).into_owned())),
        Err(FileError::Missing(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn write(folder: &Folder, path: &WorkspacePath, notes: &str) -> Result<ToolOutput, ToolError> {
    if notes.len() > NOTES_BYTES_MAX {
        return Err(ToolError::Refused(format!(
            "the notes would have {} bytes, and {NOTES_BYTES_MAX} is the most; replace them with shorter ones",
            notes.len()
        )));
    }
    folder.replace(path, notes.as_bytes())?;
    Ok(ToolOutput::system(format!("the notes have {} of {NOTES_BYTES_MAX} bytes now", notes.len())))
}

#[cfg(test)]
mod tests;
