//! Figures of the store for metrics: counters without a lock, read at any time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// Upper bounds of the commit latency's buckets, in microseconds; one more bucket has no bound.
pub const COMMIT_BUCKETS_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000];

/// Figures since the process started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DbStats {
    /// Size of the data file in bytes.
    pub db_bytes: u64,
    /// Size of the write-ahead log in bytes.
    pub wal_bytes: u64,
    /// Jobs that wait now.
    pub queue_depth: usize,
    /// Whether a writer runs.
    pub writing: bool,
    /// Transactions committed.
    pub batches: u64,
    /// Jobs that became durable.
    pub jobs: u64,
    /// Jobs that failed, by their own error or with their batch.
    pub failed_jobs: u64,
    /// Checkpoints of the write-ahead log.
    pub checkpoints: u64,
    /// Sum of the commits' durations in microseconds.
    pub commit_us_sum: u64,
    /// Commits per bucket of [`COMMIT_BUCKETS_US`], not cumulated; the last entry is the rest.
    pub commit_buckets: [u64; COMMIT_BUCKETS_US.len() + 1],
}

/// The counters behind [`DbStats`]. Written by the writer's thread only.
#[derive(Default)]
pub(super) struct Counters {
    pub(super) batches: AtomicU64,
    pub(super) jobs: AtomicU64,
    pub(super) failed_jobs: AtomicU64,
    pub(super) checkpoints: AtomicU64,
    /// Counts commits too, for those who wait for the next one.
    pub(super) commits: watch::Sender<u64>,
    commit_us_sum: AtomicU64,
    commit_buckets: [AtomicU64; COMMIT_BUCKETS_US.len() + 1],
}

// === impl Counters ===

impl Counters {
    /// Counts a commit.
    pub(super) fn committed(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.commits.send_modify(|count| *count = count.wrapping_add(1));
        self.commit_us_sum.fetch_add(took_us, Ordering::Relaxed);
        let bucket = COMMIT_BUCKETS_US.partition_point(|bound_us| *bound_us < took_us);
        if let Some(counter) = self.commit_buckets.get(bucket) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counters now; sizes and the queue are left to the caller.
    pub(super) fn snapshot(&self) -> DbStats {
        let mut stats = DbStats {
            batches: self.batches.load(Ordering::Relaxed),
            jobs: self.jobs.load(Ordering::Relaxed),
            failed_jobs: self.failed_jobs.load(Ordering::Relaxed),
            checkpoints: self.checkpoints.load(Ordering::Relaxed),
            commit_us_sum: self.commit_us_sum.load(Ordering::Relaxed),
            ..DbStats::default()
        };
        for (figure, counter) in stats.commit_buckets.iter_mut().zip(&self.commit_buckets) {
            *figure = counter.load(Ordering::Relaxed);
        }
        stats
    }
}
