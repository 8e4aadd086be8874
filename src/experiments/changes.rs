//! What an iteration changed, file by file, as the trees say and not as anybody claims.

use serde::{Deserialize, Serialize};

/// Most files that are named in what is stored.
const FILES_SHOWN_MAX: usize = 200;

/// How a file changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is new.
    Added,
    /// It has another content.
    Changed,
    /// It is gone.
    Deleted,
    /// It has another name.
    Renamed,
    /// It may be run now, or not any more.
    Mode,
    /// It is another kind of thing: a link, or no link any more.
    Kind,
}

/// One file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Relative to the workspace.
    pub path: String,
    /// The name that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// What happened to it.
    pub how: How,
    /// Lines that came.
    pub insertions: u64,
    /// Lines that went.
    pub deletions: u64,
    /// Where a symbolic link leads that is new or leads elsewhere now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// All of them, counted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DiffStat {
    /// Files.
    pub files: u64,
    /// Lines that came.
    pub insertions: u64,
    /// Lines that went.
    pub deletions: u64,
    /// The files, at most 200.
    pub changes: Vec<Change>,
    /// What of it must not be changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<String>,
}

// === impl How ===

impl How {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Renamed => "renamed",
            Self::Mode => "mode",
            Self::Kind => "kind",
        }
    }
}

// === impl DiffStat ===

impl DiffStat {
    /// These changes, with what of them is out of scope.
    #[must_use]
    pub fn of(mut changes: Vec<Change>, mut violations: Vec<String>) -> Self {
        let sum = |of: fn(&Change) -> u64| changes.iter().map(of).sum();
        let (insertions, deletions) = (sum(|one| one.insertions), sum(|one| one.deletions));
        let files = u64::try_from(changes.len()).unwrap_or(u64::MAX);
        changes.truncate(FILES_SHOWN_MAX);
        violations.truncate(FILES_SHOWN_MAX);
        Self { files, insertions, deletions, changes, violations }
    }

    /// In a few words: `2 files, +10 −3`.
    #[must_use]
    pub fn words(&self) -> String {
        let files = if self.files == 1 { "file" } else { "files" };
        format!("{} {files}, +{} −{}", self.files, self.insertions, self.deletions)
    }
}
