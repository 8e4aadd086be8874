//! What a workspace is.

use serde::{Deserialize, Serialize};

use super::error::{WorkspaceError, checked};
use super::opted::globs;
use crate::protocol::ids::{AssistantId, WorkspaceId};

/// Most characters of a workspace's name.
pub const NAME_CHARS_MAX: usize = 100;

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name, unique in the tenant.
    pub name: String,
    /// Who answers in its threads; `None` for the default assistant.
    pub assistant_id: Option<AssistantId>,
    /// The folder of a person that it works in; `None` for one of the daemon's own.
    pub root: Option<String>,
    /// Globs of files that are found by their words; none by default.
    #[serde(default)]
    pub indexed_files: Vec<String>,
    /// Whether threads without a workspace go here.
    pub is_default: bool,
    /// Counts changes, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// What is asked for when a workspace is made.
#[derive(Clone, Debug)]
pub struct NewWorkspace {
    /// Its name, 1–100 characters.
    pub name: String,
    /// Who answers; `None` for the default assistant.
    pub assistant_id: Option<AssistantId>,
}

/// What changes of a workspace. `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct WorkspaceChange {
    /// Another name.
    pub name: Option<String>,
    /// Another assistant; `Some(None)` for the default one.
    pub assistant_id: Option<Option<AssistantId>>,
    /// Other globs of files that are found; up to 50 of 200 bytes.
    pub indexed_files: Option<Vec<String>>,
}

impl NewWorkspace {
    /// The workspace that this makes, or the field that is wrong.
    pub(super) fn into_workspace(self, now_ms: i64) -> Result<Workspace, WorkspaceError> {
        Ok(Workspace {
            id: WorkspaceId::new(),
            name: checked("name", &self.name, (1, NAME_CHARS_MAX))?,
            assistant_id: self.assistant_id,
            root: None,
            indexed_files: Vec::new(),
            is_default: false,
            version: 1,
            created_ms: now_ms,
            updated_ms: now_ms,
        })
    }
}

impl WorkspaceChange {
    /// The changed workspace, or the field that is wrong.
    pub(super) fn apply(self, to: Workspace, now_ms: i64) -> Result<Workspace, WorkspaceError> {
        let name = match self.name {
            Some(name) => checked("name", &name, (1, NAME_CHARS_MAX))?,
            None => to.name,
        };
        let assistant_id = self.assistant_id.unwrap_or(to.assistant_id);
        let indexed_files = self.indexed_files.map_or(Ok(to.indexed_files), globs)?;
        Ok(Workspace { name, assistant_id, indexed_files, version: to.version + 1, updated_ms: now_ms, ..to })
    }
}
