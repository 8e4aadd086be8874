//! The figures of the store, which counts by itself; read when somebody asks.

use std::fmt;
use std::sync::{Arc, OnceLock};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::db::{COMMIT_BUCKETS_US, DbStats};

type Read = Box<dyn Fn() -> DbStats + Send + Sync>;

/// Where the figures of the database come from.
#[derive(Clone, Default)]
pub struct StoreMetrics {
    source: Arc<OnceLock<Read>>,
}

// === impl StoreMetrics ===

impl StoreMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let group = Self::default();
        registry.register_collector(Box::new(group.clone()));
        group
    }

    /// Takes the figures from here, once per registry: `metrics.store.read_from(move || db.stats())`.
    pub fn read_from(&self, read: impl Fn() -> DbStats + Send + Sync + 'static) {
        // silent-ok: a registry has one store; a second source would be the same one again.
        let _ = self.source.set(Box::new(read));
    }
}

impl fmt::Debug for StoreMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreMetrics")
    }
}

impl Collector for StoreMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Some(read) = self.source.get() else { return Ok(()) };
        let stats = read();
        for (name, help, value) in [
            ("store_commits", "Commits", stats.batches),
            ("store_writes", "Writes that became durable", stats.jobs),
            ("store_failed_writes", "Writes that failed", stats.failed_jobs),
            ("store_checkpoints", "Checkpoints of the write-ahead log", stats.checkpoints),
        ] {
            let counter = ConstCounter::new(value);
            counter.encode(encoder.encode_descriptor(name, help, None, counter.metric_type())?)?;
        }
        let depth = u64::try_from(stats.queue_depth).unwrap_or(u64::MAX);
        for (name, help, value) in [
            ("store_queue_depth", "Writes that wait for the writer", depth),
            ("store_database_bytes", "Size of the database", stats.db_bytes),
            ("store_wal_bytes", "Size of the write-ahead log", stats.wal_bytes),
        ] {
            let gauge = ConstGauge::new(value);
            gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        let (name, help) = ("store_commit_duration_seconds", "Duration of commits with their fsync");
        encoder.encode_descriptor(name, help, None, MetricType::Histogram)?.encode_histogram::<NoLabelSet>(
            seconds(stats.commit_us_sum),
            stats.commit_buckets.iter().sum(),
            &buckets(&stats),
            None,
        )
    }
}

/// Upper bounds in seconds with the commits of each bucket; the last has no bound.
fn buckets(stats: &DbStats) -> Vec<(f64, u64)> {
    let bounds = COMMIT_BUCKETS_US.iter().map(|bound| seconds(*bound)).chain([f64::INFINITY]);
    bounds.zip(stats.commit_buckets).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a sum of microseconds is exact for 285 years")]
fn seconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1_000_000.0
}
