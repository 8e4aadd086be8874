//! `[store]`: the database.

use serde::Deserialize;

use super::sections::Check;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// Connections that read at a time. Default 4; each costs about 1 MiB.
    pub readers: usize,
    /// Writes that may wait for the writer. Default 8,192; beyond it callers are told *busy*.
    pub write_queue_max: usize,
    /// Writes that one commit takes at most. Default 512. More share one fsync, and wait longer for it.
    pub batch_max: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { readers: 4, write_queue_max: 8_192, batch_max: 512 }
    }
}

impl StoreConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("store.readers", self.readers, 1, 64);
        check.within("store.write_queue_max", self.write_queue_max, 16, 1_000_000);
        check.within("store.batch_max", self.batch_max, 1, 10_000);
    }
}
