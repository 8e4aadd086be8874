//! The writer's thread: batches while there is work, checkpoints when there is a pause.
//!
//! Started by [`super::run`], ends when its queue is drained or the disk failed. It owns the only
//! connection that writes.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::commit::Committer;
use super::error::DbError;
use super::handle::Shared;
use super::queue::{Next, WaitingJob};
use super::scope::Beside;

/// A pause in the work that is long enough for a checkpoint.
const PAUSE: Duration = Duration::from_millis(50);

thread_local! {
    /// Pages in the write-ahead log after the last commit of this thread.
    static WAL_PAGES: Cell<u32> = const { Cell::new(0) };
}

/// What the thread owns.
pub(super) struct Writer {
    shared: Arc<Shared>,
    conn: Connection,
    /// Size of the log, in pages, at which the next checkpoint of a busy writer is due.
    busy_pages: u32,
}

// === impl Writer ===

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, conn: Connection) -> Self {
        let busy_pages = shared.options.checkpoint_busy_pages;
        Self { shared, conn, busy_pages }
    }

    /// Works until the queue is drained.
    ///
    /// # Errors
    /// The failure of the disk that made it stop.
    pub(super) fn run(mut self) -> Result<(), DbError> {
        self.conn.wal_hook(Some(count_wal_pages));
        let mut batch: Vec<WaitingJob> = Vec::new();
        let mut checkpointed = true;
        loop {
            let due = WAL_PAGES.get() >= self.shared.options.checkpoint_idle_pages;
            let wanted = (due && !checkpointed) || self.shared.scrub.load(Ordering::Acquire);
            match self.shared.queue.next(wanted.then_some(PAUSE)) {
                Next::Job(first) => {
                    self.committer().run(first, &mut batch)?;
                    checkpointed = false;
                    if WAL_PAGES.get() >= self.busy_pages {
                        self.checkpoint()?;
                    }
                }
                Next::Idle => {
                    self.checkpoint()?;
                    checkpointed = true;
                }
                Next::Stop => break,
            }
        }
        self.finish();
        Ok(())
    }

    fn committer(&self) -> Committer<'_> {
        Committer {
            conn: &self.conn,
            queue: &self.shared.queue,
            options: &self.shared.options,
            counters: &self.shared.counters,
            beside: Beside { redactor: self.shared.redactor(), plugs: self.shared.plugs() },
            #[cfg(test)]
            faults: &self.shared.faults,
        }
    }

    /// Copies the log into the file, as far as readers allow; the log then starts over by itself.
    fn checkpoint(&mut self) -> Result<(), DbError> {
        let options = &self.shared.options;
        // Readers can keep the log from starting over: it is tried again after as many pages more.
        self.busy_pages = WAL_PAGES.get().saturating_add(options.checkpoint_busy_pages);
        let scrub = self.shared.scrub.load(Ordering::Acquire);
        match self.checkpointed(scrub) {
            Ok(Checkpoint { whole, blocked }) => {
                self.shared.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
                if scrub && whole && !blocked {
                    self.shared.scrub.store(false, Ordering::Release);
                }
                if whole {
                    self.busy_pages = options.checkpoint_busy_pages;
                    WAL_PAGES.set(0);
                }
                Ok(())
            }
            Err(error) if error.stops_the_writer() => Err(error),
            Err(error) => {
                // silent-ok: nothing is lost, the log only stays longer; a full disk is told to writers.
                tracing::debug!(%error, "checkpoint put off");
                Ok(())
            }
        }
    }

    /// A checkpoint that leaves readers alone, or one that empties the log if no reader is in the way.
    fn checkpointed(&self, scrub: bool) -> Result<Checkpoint, DbError> {
        if !scrub {
            return checkpoint(&self.conn, "PASSIVE");
        }
        // Nobody who writes waits for readers: the next pause tries again.
        self.conn.busy_timeout(Duration::ZERO)?;
        let outcome = checkpoint(&self.conn, "TRUNCATE");
        self.conn.busy_timeout(self.shared.options.busy_timeout)?;
        outcome
    }

    /// Leaves a file without a log behind, so that the next start has nothing to recover.
    fn finish(&self) {
        if let Err(error) = checkpoint(&self.conn, "TRUNCATE") {
            // silent-ok: the log holds all of it, and the next start reads it.
            tracing::debug!(%error, "the last checkpoint was not possible");
        }
    }
}

/// What a checkpoint reached.
pub(super) struct Checkpoint {
    /// Whether somebody was in the way.
    pub(super) blocked: bool,
    /// Whether the whole log is in the file.
    pub(super) whole: bool,
}

/// Runs a checkpoint.
pub(super) fn checkpoint(conn: &Connection, mode: &str) -> Result<Checkpoint, DbError> {
    Ok(conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), (), |row| {
        let (log, done): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(Checkpoint { blocked: row.get::<_, i64>(0)? != 0, whole: log == done })
    })?)
}

#[allow(clippy::unnecessary_wraps, reason = "the shape that the hook has")]
fn count_wal_pages(_wal: &Wal, pages: std::ffi::c_int) -> rusqlite::Result<()> {
    WAL_PAGES.set(u32::try_from(pages).unwrap_or(0));
    Ok(())
}
