//! The tools that read and change the files of a workspace.
//!
//! | file | what |
//! |---|---|
//! | `walk` | folders below it, without what `.gitignore` leaves out |
//! | `seen` | which state of a file a thread saw last |
//! | `change` | the new content that an edit makes, and how a person sees a change |
//! | `read`, `write`, `edit`, `list`, `search` | the tools |
//!
//! Where they may look is kept by `workspaces::files`: everything is opened below the folder's handle. A change
//! is refused when the file is not as the thread saw it last ([`Seen`]).

mod change;
mod edit;
mod list;
mod read;
mod search;
mod seen;
mod walk;
mod write;

use std::sync::Arc;

use super::{Place, Tool, ToolError};
use crate::workspaces::files::{FileError, Folder, WorkspacePath};

use seen::Seen;

/// Where the files are, opened, and which one is meant.
fn open(text: &str, place: &Place) -> Result<(Folder, WorkspacePath), ToolError> {
    let path = WorkspacePath::parse(text, &place.folder)?;
    Ok((Folder::open(&place.folder)?, path))
}

/// All of them. They need nothing but the folder of the place they are called in.
#[must_use]
pub fn file_tools() -> Vec<Arc<dyn Tool>> {
    let seen = Arc::new(Seen::default());
    vec![
        Arc::new(read::ReadFile { seen: Arc::clone(&seen) }),
        Arc::new(write::WriteFile { seen: Arc::clone(&seen) }),
        Arc::new(edit::Edit { seen }),
        Arc::new(list::ListFiles),
        Arc::new(search::SearchFiles),
    ]
}

impl From<FileError> for ToolError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NoPath(_) => Self::Arguments(error.to_string()),
            FileError::Broken { .. } => Self::Failed(error.to_string()),
            _ => Self::Refused(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
