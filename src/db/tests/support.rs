//! A store in a temporary folder, with a running writer.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use tempfile::TempDir;

use crate::db::{Db, DbError, DbOptions, TenantTx, WriterRun};
use crate::protocol::ids::TenantId;

pub(super) struct Store {
    pub(super) db: Db,
    pub(super) run: WriterRun,
    pub(super) folder: TempDir,
}

impl Store {
    pub(super) fn new() -> Self {
        Self::with(DbOptions::default())
    }

    pub(super) fn with(options: DbOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("data/capuchin.db"), options).unwrap();
        let run = db.start_writer().unwrap();
        Self { db, run, folder }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("data/capuchin.db")
    }
}

pub(super) fn home() -> TenantId {
    TenantId::home()
}

/// A store whose batches are as large as the queue is, however long they take.
pub(super) fn patient() -> DbOptions {
    DbOptions { batch_time_max: Duration::from_secs(60), ..DbOptions::default() }
}

/// Keeps the writer inside a job until the answer is dropped, so that what is queued meanwhile shares
/// its batch. Returns once the writer is there.
pub(super) fn hold_writer(db: &Db) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (arrived, arrival) = mpsc::channel();
    drop(db.write(&home(), move |_| {
        arrived.send(()).unwrap();
        assert!(held.recv().is_err(), "released by dropping");
        Ok::<_, DbError>(())
    }));
    arrival.recv().unwrap();
    release
}

/// What SQLite says with this extended code.
pub(super) fn sqlite_says(code: i32) -> DbError {
    DbError::from(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None))
}

/// A row in a small table that every schema has.
pub(super) fn note(tx: &mut TenantTx<'_>, key: &str) -> Result<(), DbError> {
    crate::db::remember_key(tx, ("test", key), &[0; 32], "{}", 0)
}

/// The keys in the order in which they were written.
pub(super) async fn notes(db: &Db) -> Vec<String> {
    db.read(&home(), |read| {
        read.query_all("SELECT key FROM idempotency WHERE tenant = ?1 ORDER BY key", &[], |row| row.get(0))
    })
    .await
    .map_err(|error: DbError| error)
    .unwrap()
}
