//! `RunProcess` and `KeepProcess`: how the actor of a process starts it, and where what it says and its end are kept.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::protocol::process::{OutputStream, ProcessEnd, ProcessKey, ProcessOrder};

/// What a running process reports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProcessReport {
    /// The program runs. At most once, before everything else.
    Started {
        /// Its process id, if the system tells.
        pid: Option<u32>,
    },
    /// It said something.
    Output {
        /// Where.
        stream: OutputStream,
        /// What.
        bytes: Vec<u8>,
    },
}

/// A process that may begin.
#[derive(Clone, Debug)]
pub struct ProcessWork {
    /// Which.
    pub key: ProcessKey,
    /// Longest time that it may run.
    pub time: Duration,
}

/// Why nothing was kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeepError {
    /// It has ended, or an earlier life of its actor had begun it.
    #[error("the process is not ours any more")]
    Fenced,
    /// The store or the disk failed.
    #[error("what a process says cannot be kept")]
    Unavailable,
}

/// How a running process is reached, and what it reports.
pub struct ProcessLines {
    /// What it is told. When this is closed, nobody tells it anything any more.
    pub orders: mpsc::Receiver<ProcessOrder>,
    /// Cancelled when it shall end now, with every process below it.
    pub kill: CancellationToken,
    /// What it reports, in order. Bounded: a process that says more than is taken stands still.
    pub reports: mpsc::Sender<ProcessReport>,
}

/// Starts programs. Dropping the future ends the program and every process below it.
pub trait RunProcess: Send + Sync + 'static {
    /// Runs a process to its end, and says what the system said of it. After `kill` that is within its grace.
    fn run(&self, key: ProcessKey, lines: ProcessLines) -> BoxFuture<'static, ProcessEnd>;
}

/// Keeps what is known of a process.
pub trait KeepProcess: Send + Sync + 'static {
    /// Marks it as begun. `Fenced` when it was before: then it must not run again.
    fn begin(&self, key: &ProcessKey) -> BoxFuture<'static, Result<ProcessWork, KeepError>>;

    /// Keeps what it reported, in order.
    fn report(&self, key: &ProcessKey, report: ProcessReport) -> BoxFuture<'static, Result<(), KeepError>>;

    /// Called when it has been quiet for a moment: what was held back may be shown.
    fn rest(&self, key: &ProcessKey) -> BoxFuture<'static, Result<(), KeepError>>;

    /// Ends it for good. The first end counts.
    fn settle(&self, key: &ProcessKey, end: ProcessEnd) -> BoxFuture<'static, Result<(), KeepError>>;

    /// Ends what an earlier life of its actor left: it is not known how it ended.
    fn lose(&self, key: &ProcessKey, why: &'static str) -> BoxFuture<'static, Result<(), KeepError>>;
}
