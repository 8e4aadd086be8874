//! The readers: a bounded pool of connections that cannot write, opened when they are needed.
//!
//! A read runs on a blocking thread inside one read transaction, so all of its statements see the
//! same moment. A progress handler interrupts it when its time is over.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::error::DbError;
use super::open::{DbOptions, open_reader};

/// Instructions of SQLite's machine between two looks at the clock: some tens of microseconds.
const INSTRUCTIONS_PER_LOOK: i32 = 4_000;

/// See the module.
pub(super) struct Readers {
    path: PathBuf,
    options: DbOptions,
    idle: Mutex<Vec<Reader>>,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    started: Instant,
}

/// One connection with the moment at which its read is interrupted, in ms after `started`.
struct Reader {
    conn: Connection,
    deadline_ms: Arc<AtomicU64>,
}

// === impl Readers ===

impl Readers {
    pub(super) fn new(path: PathBuf, options: DbOptions) -> Self {
        let permits = Arc::new(Semaphore::new(options.readers_max));
        let (idle, waiting) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        Self { path, options, idle, permits, waiting, started: Instant::now() }
    }

    /// Runs `work` on a connection of the pool.
    pub(super) async fn run<T, E, F>(self: Arc<Self>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let _waits = Waits::new(&self.waiting, self.options.waiting_reads_max)?;
                Arc::clone(&self.permits).acquire_owned().await.map_err(|_| DbError::Closed)?
            }
        };
        let blocking = tokio::task::spawn_blocking(move || {
            let outcome = self.run_here(work);
            drop(permit);
            outcome
        });
        blocking.await.unwrap_or_else(|_| Err(DbError::Unavailable.into()))
    }

    /// A connection of its own for work that takes long: outside of the pool, without a deadline.
    pub(super) fn detached(self: Arc<Self>) -> Result<Connection, DbError> {
        open_reader(&self.path, &self.options)
    }

    fn run_here<T, E: From<DbError>>(&self, work: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        let reader = self.take()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            execute(&reader.conn, "BEGIN DEFERRED")?;
            let outcome = work(&reader.conn);
            reader.deadline_ms.store(u64::MAX, Ordering::Relaxed);
            execute(&reader.conn, "ROLLBACK")?;
            outcome
        }))
        .unwrap_or_else(|_| Err(DbError::Panicked.into()));
        // A connection that is still inside its transaction holds the log back: it is closed instead.
        if reader.conn.is_autocommit() {
            self.idle.lock().push(reader);
        }
        outcome
    }

    /// A connection, the most recently used first, with its deadline set.
    fn take(&self) -> Result<Reader, DbError> {
        let idle = self.idle.lock().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => self.open()?,
        };
        let deadline = self.started.elapsed() + self.options.read_time_max;
        reader.deadline_ms.store(u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(reader)
    }

    fn open(&self) -> Result<Reader, DbError> {
        let conn = open_reader(&self.path, &self.options)?;
        let deadline_ms = Arc::new(AtomicU64::new(u64::MAX));
        let (limit, started) = (Arc::clone(&deadline_ms), self.started);
        conn.progress_handler(
            INSTRUCTIONS_PER_LOOK,
            Some(move || started.elapsed().as_millis() > u128::from(limit.load(Ordering::Relaxed))),
        )?;
        Ok(Reader { conn, deadline_ms })
    }
}

fn execute(conn: &Connection, sql: &str) -> Result<(), DbError> {
    conn.prepare_cached(sql)?.raw_execute()?;
    Ok(())
}

/// Counts a read that waits for as long as it does.
struct Waits<'p>(&'p AtomicUsize);

impl<'p> Waits<'p> {
    fn new(waiting: &'p AtomicUsize, max: usize) -> Result<Self, DbError> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= max {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(DbError::Busy);
        }
        Ok(Self(waiting))
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
