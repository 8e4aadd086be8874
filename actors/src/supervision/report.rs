//! What supervisors have to say: crashes, restarts, quarantines, escalations.
//!
//! Each report goes to `tracing`, to the subscribers of the tree (metrics) and into a ring of the
//! last [`REPORTS_KEPT`], which operators can read. Starts and orderly ends of children are not
//! reported: a healthy tree is silent.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::path::ActorPath;

/// How many reports the ring keeps.
pub const REPORTS_KEPT: usize = 256;

/// One thing that happened to one child or supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Counts all reports of the tree, from 1.
    pub number: u64,
    /// When, by the machine's clock.
    pub at: Timestamp,
    /// To whom.
    pub path: ActorPath,
    /// What.
    #[serde(flatten)]
    pub kind: ReportKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReportKind {
    /// A child ended in a way that its restart type does not expect.
    Ended {
        /// How.
        exit: String,
    },
    /// A child was started again.
    Restarted {
        /// Its number of restarts so far.
        restarts: u64,
        /// From the decision to the running child.
        took_us: u64,
    },
    /// A child could not be started again.
    StartFailed {
        /// Why.
        error: String,
    },
    /// A child waits before it is started again.
    Backoff {
        /// How long.
        delay_ms: u64,
    },
    /// A child has spent its own budget and stays down.
    Quarantined {
        /// How it ended last.
        reason: String,
    },
    /// A child was taken out of quarantine.
    Released,
    /// A child was killed because it did not stop in time.
    ShutdownOverdue,
    /// A child survived its kill: one of its handlers never yields. Only the end of the process
    /// ends it.
    Leaked,
    /// A supervisor gives up: more restarts than it tolerates. Its own supervisor decides next.
    GaveUp {
        /// The child whose restart was one too many.
        child: String,
        /// How that child ended last.
        exit: String,
    },
    /// A supervisor ends because its significant children have.
    AutoShutdown {
        /// The last of them.
        child: String,
    },
    /// A supervisor has stopped all its children in order and ends.
    SupervisorEnded,
}

/// Hears every report, on the supervisor's own task: must be quick and must not block.
pub type Subscriber = Box<dyn Fn(&Report) + Send + Sync>;

/// The reports of one tree.
pub(crate) struct Reports {
    subscribers: Vec<Subscriber>,
    ring: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    told: u64,
    last: VecDeque<Report>,
}

// === impl Reports ===

impl Reports {
    pub(crate) fn new(subscribers: Vec<Subscriber>) -> Self {
        Self { subscribers, ring: Mutex::new(Ring::default()) }
    }

    pub(crate) fn tell(&self, path: ActorPath, kind: ReportKind) {
        kind.trace(&path);
        let report = {
            let mut ring = self.ring.lock();
            ring.told += 1;
            let report = Report { number: ring.told, at: Timestamp::now(), path, kind };
            if ring.last.len() == REPORTS_KEPT {
                ring.last.pop_front();
            }
            ring.last.push_back(report.clone());
            report
        };
        for subscriber in &self.subscribers {
            subscriber(&report);
        }
    }

    /// The last reports, oldest first.
    pub(crate) fn last(&self) -> Vec<Report> {
        self.ring.lock().last.iter().cloned().collect()
    }
}

// === impl ReportKind ===

impl ReportKind {
    /// The word for it in logs, metrics and JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ended { .. } => "ended",
            Self::Restarted { .. } => "restarted",
            Self::StartFailed { .. } => "start_failed",
            Self::Backoff { .. } => "backoff",
            Self::Quarantined { .. } => "quarantined",
            Self::Released => "released",
            Self::ShutdownOverdue => "shutdown_overdue",
            Self::Leaked => "leaked",
            Self::GaveUp { .. } => "gave_up",
            Self::AutoShutdown { .. } => "auto_shutdown",
            Self::SupervisorEnded => "supervisor_ended",
        }
    }

    fn trace(&self, path: &ActorPath) {
        let (path, what) = (path.as_str(), self.as_str());
        match self {
            Self::Ended { exit } => tracing::warn!(path, exit, "{what}"),
            Self::Restarted { restarts, took_us } => tracing::info!(path, restarts, took_us, "{what}"),
            Self::StartFailed { error } => tracing::warn!(path, error, "{what}"),
            Self::Backoff { delay_ms } => tracing::info!(path, delay_ms, "{what}"),
            Self::Quarantined { reason } => tracing::error!(path, reason, "{what}"),
            Self::GaveUp { child, exit } => tracing::error!(path, child, exit, "{what}"),
            Self::AutoShutdown { child } => tracing::info!(path, child, "{what}"),
            Self::ShutdownOverdue => tracing::warn!(path, "{what}"),
            Self::Leaked => tracing::error!(path, "{what}"),
            Self::Released => tracing::info!(path, "{what}"),
            Self::SupervisorEnded => tracing::debug!(path, "{what}"),
        }
    }
}

/// Whole microseconds, at most `u64::MAX`.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Whole milliseconds, at most `u64::MAX`.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
