//! `edit`: one exact text of a file becomes another.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::json;

use super::change::{Replaced, Replacement, shown};
use super::{Seen, open};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::tools::blocking::blocking;
use crate::tools::content::not_text;
use crate::tools::{
    Arguments, Place, Plan, Reach, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput, argument,
};
use crate::workspaces::files::{Folder, WorkspacePath};

/// Largest file, before and after, in bytes.
const FILE_BYTES_MAX: u64 = 8 << 20;
const TIME: Duration = Duration::from_secs(30);

pub(super) struct Edit {
    pub(super) seen: Arc<Seen>,
}

/// A judged edit of a file that is there.
struct Edited {
    folder: Folder,
    path: WorkspacePath,
    old: Vec<u8>,
    made: Replaced,
}

impl Tool for Edit {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "edit".to_owned(),
            description:
                "Replaces a text that is in a file of the workspace exactly once, or everywhere with `all`."
                    .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "path": {"type": "string"},
                    "old": {"type": "string", "description": "Exact text, without line numbers"},
                    "new": {"type": "string"},
                    "all": {"type": "boolean"},
                },
                "required": ["path", "old", "new"],
                "additionalProperties": false,
            }),
        }
    }

    fn reach(&self) -> Reach {
        Reach::Always
    }

    /// Done twice it may change twice, so it is effectful. What it finds is told, so it reads as well.
    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        let Edited { path, old, made, .. } = edited(&self.seen, arguments, place)?;
        let path = path.to_string();
        let payload = shown(&path, Some(&old), &made.content);
        let plan = Plan::new(ToolClass::Effectful).doing(Action::ReadPath { path: path.clone() });
        Ok(plan.doing(Action::WritePath { path }).with_payload(payload))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let seen = Arc::clone(&self.seen);
        blocking(TIME, move |_| {
            let Edited { folder, path, made, .. } = edited(&seen, &call.arguments, &call.place)?;
            let stamp = folder.replace(&path, &made.content)?;
            seen.note(&call.place, &path, Some(stamp));
            let places = if made.places == 1 { "1 place" } else { &format!("{} places", made.places) };
            Ok(ToolOutput::system(format!("changed {path} in {places}")))
        })
    }
}

fn edited(seen: &Seen, arguments: &Arguments, place: &Place) -> Result<Edited, ToolError> {
    let (folder, path) = open(argument::text(arguments, "path")?, place)?;
    let (old, stamp) = folder.content(&path, FILE_BYTES_MAX)?;
    seen.check(place, &path, Some(stamp))?;
    if let Some(what) = not_text(&old) {
        return Err(ToolError::Refused(format!("{path} is {what}; only text is edited")));
    }
    let replacement = Replacement {
        old: argument::text(arguments, "old")?,
        new: argument::text(arguments, "new")?,
        all: argument::flag(arguments, "all")?,
    };
    let made = replacement.apply(&old).map_err(|error| ToolError::Refused(format!("{path}: {error}")))?;
    if u64::try_from(made.content.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(ToolError::Refused(format!("{path} would be larger than {} MiB", FILE_BYTES_MAX >> 20)));
    }
    Ok(Edited { folder, path, old, made })
}
