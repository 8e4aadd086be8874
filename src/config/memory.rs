//! `[memory]`: where assistants keep what they should remember, and how much of it prompts have.

use std::path::PathBuf;

use serde::Deserialize;

use super::sections::Check;

/// What keeps the facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryBackendKind {
    /// The database.
    #[default]
    Sqlite,
    /// Markdown files, one per fact, that people can edit with any editor.
    Markdown,
}

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MemoryConfig {
    /// What keeps the facts: `sqlite` or `markdown`. Default `sqlite`. Facts do not move when this changes.
    pub backend: MemoryBackendKind,
    /// The folder of the Markdown files, an absolute path. Default `memory` in the data folder.
    pub folder: Option<PathBuf>,
    /// Bytes that core facts add to a prompt at the most, 0 for none. Default 4,096. What does not fit is recalled
    /// only when a model asks for it.
    pub core_bytes_max: usize,
    /// Bytes that pinned facts add to a prompt at the most, 0 for none. Default 2,048. A fact is not pinned when it does
    /// not fit beside those that are.
    pub pinned_bytes_max: usize,
    /// Days after which a daily fact that was not changed is forgotten. Default 30.
    pub daily_days: u32,
    /// Days for which a fact that is over is still shown, so that somebody can say that it still holds. It is in no prompt
    /// meanwhile. Default 7.
    pub expired_days: u32,
    /// Days for which a fact that was forgotten can be had back. Default 30. Then its history is purged.
    pub forgotten_days: u32,
}

impl Default for MemoryConfig {
    fn default() -> Self {
        Self {
            backend: MemoryBackendKind::Sqlite,
            folder: None,
            core_bytes_max: 4_096,
            pinned_bytes_max: 2_048,
            daily_days: 30,
            expired_days: 7,
            forgotten_days: 30,
        }
    }
}

impl MemoryConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("memory.core_bytes_max", self.core_bytes_max, 0, 65_536);
        check.within("memory.pinned_bytes_max", self.pinned_bytes_max, 0, 65_536);
        check.within("memory.daily_days", self.daily_days, 1, 3_650);
        check.within("memory.expired_days", self.expired_days, 0, 3_650);
        check.within("memory.forgotten_days", self.forgotten_days, 0, 3_650);
        if self.folder.as_ref().is_some_and(|path| !path.is_absolute()) {
            check.problem("memory.folder", "must be an absolute path");
        }
    }
}
