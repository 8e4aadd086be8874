//! One batch: many jobs, each under its own savepoint, one commit, one fsync.

use std::time::Instant;

use rusqlite::Connection;

use super::error::DbError;
use super::job::Ran;
use super::open::DbOptions;
use super::queue::{Queue, WaitingJob};
use super::scope::Beside;
use super::stats::Counters;
#[cfg(test)]
use super::tests::faults::Faults;

/// What a batch needs.
pub(super) struct Committer<'w> {
    pub(super) conn: &'w Connection,
    pub(super) queue: &'w Queue,
    pub(super) options: &'w DbOptions,
    pub(super) counters: &'w Counters,
    pub(super) beside: Beside<'w>,
    #[cfg(test)]
    pub(super) faults: &'w Faults,
}

// === impl Committer ===

impl Committer<'_> {
    /// Runs `first` and what waits behind it, commits, answers, and runs the hooks.
    ///
    /// # Errors
    /// A failure of the disk after which this connection must not write again. Everybody is
    /// answered by then.
    pub(super) fn run(&self, first: WaitingJob, batch: &mut Vec<WaitingJob>) -> Result<(), DbError> {
        batch.clear();
        let outcome = match self.execute("BEGIN IMMEDIATE") {
            Ok(()) => self.run_jobs(first, batch).and_then(|()| self.commit()),
            Err(error) => {
                batch.push(first);
                self.take_waiting(batch);
                Err(error)
            }
        };
        self.settle(batch, outcome.as_ref().copied());
        batch.clear();
        match outcome {
            Err(error) if error.stops_the_writer() => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Runs jobs until none waits or the batch is full. An error takes the whole batch with it.
    fn run_jobs(&self, first: WaitingJob, batch: &mut Vec<WaitingJob>) -> Result<(), DbError> {
        let started = Instant::now();
        let mut next = Some(first);
        while let Some(job) = next {
            batch.push(job);
            if let Some(job) = batch.last_mut() {
                self.run_one(job)?;
            }
            let full = batch.len() >= self.options.batch_jobs_max
                || started.elapsed() >= self.options.batch_time_max;
            next = if full { None } else { self.queue.try_next() };
        }
        Ok(())
    }

    fn run_one(&self, job: &mut WaitingJob) -> Result<(), DbError> {
        self.execute("SAVEPOINT job")?;
        let Ran { keep, trouble } = job.run(self.conn, self.beside);
        if let Some(error) = trouble.as_ref().filter(|error| error.stops_the_writer()) {
            return Err(error.clone());
        }
        if self.conn.is_autocommit() {
            // SQLite gave the whole transaction up; that is how a full disk shows.
            return Err(trouble.unwrap_or(DbError::DiskFull));
        }
        if !keep {
            self.execute("ROLLBACK TO job")?;
        }
        self.execute("RELEASE job")
    }

    fn commit(&self) -> Result<(), DbError> {
        let started = Instant::now();
        #[cfg(test)]
        self.faults.before_commit()?;
        self.execute("COMMIT")?;
        self.counters.committed(started.elapsed());
        Ok(())
    }

    /// Tells everybody. After a failure nothing of the batch is left in the transaction.
    fn settle(&self, batch: &mut [WaitingJob], outcome: Result<(), &DbError>) {
        use std::sync::atomic::Ordering::Relaxed;
        let jobs = batch.len() as u64;
        if let Err(error) = outcome {
            if !self.conn.is_autocommit()
                && let Err(error) = self.execute("ROLLBACK")
            {
                // A connection that cannot roll back is not used again: `BEGIN` fails on it.
                tracing::error!(notice = "capuchin.store.failed", %error, "the store cannot roll back");
            }
            let is_full = matches!(error, DbError::DiskFull);
            let notice = if is_full { "capuchin.store.disk_full" } else { "capuchin.store.failed" };
            tracing::warn!(notice, %error, jobs, "the store gave up a batch");
            self.counters.failed_jobs.fetch_add(jobs, Relaxed);
        } else {
            self.counters.jobs.fetch_add(jobs, Relaxed);
        }
        for job in batch.iter_mut() {
            job.answer(outcome);
        }
        if outcome.is_ok() {
            for job in batch {
                job.after_commit();
            }
        }
    }

    /// A batch that could not begin takes those who would have waited as long.
    fn take_waiting(&self, batch: &mut Vec<WaitingJob>) {
        while batch.len() < self.options.batch_jobs_max {
            let Some(job) = self.queue.try_next() else { break };
            batch.push(job);
        }
    }

    fn execute(&self, sql: &str) -> Result<(), DbError> {
        self.conn.prepare_cached(sql)?.raw_execute()?;
        Ok(())
    }
}
