//! A store in a temporary folder, with a running writer.

use std::path::PathBuf;

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
