//! `write_file`: a whole file, new or in place of an old one.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;

use super::change::shown;
use super::{Seen, open};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::tools::blocking::blocking;
use crate::tools::{
    Arguments, Place, Plan, Reach, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput, argument,
};
use crate::workspaces::files::{FileError, Folder, WorkspacePath};

/// Largest content, in bytes.
pub(super) const CONTENT_BYTES_MAX: usize = 4 << 20;
/// Largest old content that is compared.
const OLD_BYTES_MAX: u64 = 256 << 10;
const TIME: Duration = Duration::from_secs(30);

pub(super) struct WriteFile {
    pub(super) seen: Arc<Seen>,
}

impl Tool for WriteFile {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "write_file".to_owned(),
            description:
                "Writes a whole file of the workspace, in place of an old one. Makes missing folders."
                    .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
                "required": ["path", "content"],
                "additionalProperties": false,
            }),
        }
    }

    fn reach(&self) -> Reach {
        Reach::Always
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        let (folder, path, content) = given(arguments, place)?;
        let stamp = folder.stamp(&path)?;
        self.seen.check(place, &path, stamp)?;
        let old = match stamp.map(|_| folder.content(&path, OLD_BYTES_MAX)).transpose() {
            // A file that is too large to compare is shown as new.
            Err(FileError::TooLarge { .. }) => None,
            old => old?.map(|(content, _)| content),
        };
        let payload = shown(&path.to_string(), old.as_deref(), content.as_bytes());
        let action = Action::WritePath { path: path.to_string() };
        Ok(Plan::new(ToolClass::Idempotent).doing(action).with_payload(payload))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let seen = Arc::clone(&self.seen);
        blocking(TIME, move |_| {
            let (folder, path, content) = given(&call.arguments, &call.place)?;
            seen.check(&call.place, &path, folder.stamp(&path)?)?;
            let stamp = folder.replace(&path, content.as_bytes())?;
            seen.note(&call.place, &path, Some(stamp));
            let (lines, bytes) = (content.lines().count(), content.len());
            Ok(ToolOutput::system(format!("wrote {path}: {lines} lines, {bytes} bytes")))
        })
    }
}

fn given<'a>(arguments: &'a Arguments, place: &Place) -> Result<(Folder, WorkspacePath, &'a str), ToolError> {
    let (folder, path) = open(argument::text(arguments, "path")?, place)?;
    let content = argument::text(arguments, "content")?;
    if content.len() > CONTENT_BYTES_MAX {
        let mib = CONTENT_BYTES_MAX >> 20;
        return Err(ToolError::Arguments(format!("`content` is longer than {mib} MiB")));
    }
    Ok((folder, path, content))
}
