//! One life of the writer, as its supervisor sees it.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::error::DbError;
use super::handle::Shared;
use super::open::open_writer;
use super::writer::{Writer, checkpoint};

/// How long a new writer waits for the old one to drain.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A running writer. Resolves when its thread has ended: `Ok` after [`WriterRun::stop`], an error
/// when the disk failed. Dropping it lets the thread drain its queue and end.
pub struct WriterRun {
    shared: Arc<Shared>,
    ended: oneshot::Receiver<Result<(), DbError>>,
}

// === impl WriterRun ===

impl WriterRun {
    /// Starts the writer's thread. Blocks for the opening of the file, and after a failure of the disk
    /// for a check of all of it.
    pub(super) fn start(shared: &Arc<Shared>) -> Result<Self, DbError> {
        let failure = shared.queue.occupy(DRAIN_MAX)?;
        match Self::launch(shared, failure.as_ref()) {
            Ok(run) => Ok(run),
            Err(error) => {
                // A failed check stays on record, so that the next start checks again.
                let kept = failure.as_ref().or_else(|| error.stops_the_writer().then_some(&error));
                shared.queue.vacate(kept);
                Err(error)
            }
        }
    }

    fn launch(shared: &Arc<Shared>, failure: Option<&DbError>) -> Result<Self, DbError> {
        let opened = shared.opened.lock().take();
        let conn = match opened {
            Some(conn) => conn,
            None => open_writer(&shared.path, &shared.options)?,
        };
        if failure.is_some() {
            check_after_failure(&conn)?;
        }
        let (report, ended) = oneshot::channel();
        let writer = Writer::new(Arc::clone(shared), conn);
        let owner = Arc::clone(shared);
        // Before the thread runs: a writer that finds nothing and a closed queue ends at once.
        shared.queue.open();
        thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                let outcome = catch_unwind(AssertUnwindSafe(|| writer.run()))
                    .unwrap_or_else(|_| Err(DbError::Panicked));
                owner.queue.vacate(outcome.as_ref().err());
                // silent-ok: nobody watches a writer that was dropped.
                let _ = report.send(outcome);
            })
            .map_err(|error| DbError::file("start the writer's thread", error))?;
        Ok(Self { shared: Arc::clone(shared), ended })
    }

    /// Takes nothing new, finishes what waits, and ends: everything acknowledged is in the file.
    ///
    /// # Errors
    /// The failure of the disk that came in between.
    pub async fn stop(mut self) -> Result<(), DbError> {
        self.shared.queue.drain();
        (&mut self).await
    }
}

impl Future for WriterRun {
    type Output = Result<(), DbError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.ended).poll(cx).map(|ended| ended.unwrap_or(Err(DbError::Panicked)))
    }
}

impl Drop for WriterRun {
    fn drop(&mut self) {
        self.shared.queue.drain();
    }
}

/// After a failed fsync the kernel may have dropped what it could not write. So the log is carried
/// into the file and started over, and the file is read whole, before anybody writes again.
fn check_after_failure(conn: &Connection) -> Result<(), DbError> {
    match checkpoint(conn, "TRUNCATE") {
        Ok(done) if done.blocked => return Err(DbError::Busy),
        // A full disk keeps the log from being carried over and harms nothing that is in it.
        Ok(_) | Err(DbError::DiskFull) => {}
        Err(error) => return Err(error),
    }
    let verdict: String = conn.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(DbError::Corrupt(verdict)) }
}
