//! `[store]`: the database.

use serde::Deserialize;

use super::sections::Check;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// Connections that read at a time. Default 4; each costs its share of `cache_kib`.
    pub readers: usize,
    /// Writes that may wait for the writer. Default 8,192; beyond it callers are told *busy*.
    pub write_queue_max: usize,
    /// Writes that one commit takes at most. Default 512. More share one fsync, and wait longer for it.
    pub batch_max: usize,
    /// Page cache of each connection in KiB. Default 2,048.
    pub cache_kib: u32,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { readers: 4, write_queue_max: 8_192, batch_max: 512, cache_kib: 2_048 }
    }
}

impl StoreConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("store.readers", self.readers, 1, 64);
        check.within("store.write_queue_max", self.write_queue_max, 16, 1_000_000);
        check.within("store.batch_max", self.batch_max, 1, 10_000);
        check.within("store.cache_kib", self.cache_kib, 64, 4 * 1024 * 1024);
    }
}
