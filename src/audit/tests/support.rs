//! A store with a trail, and ways to change it behind the daemon's back.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::audit::{ArchivedTrail, Audit, Entry, Expectations, Outcome, Verdict};
use crate::db::{Db, DbOptions, WriterRun};
use crate::protocol::ids::TenantId;

pub(super) struct Trail {
    pub(super) db: Db,
    pub(super) audit: Audit,
    pub(super) run: WriterRun,
    pub(super) folder: TempDir,
}

pub(super) fn home() -> &'static TenantId {
    static HOME: std::sync::LazyLock<TenantId> = std::sync::LazyLock::new(TenantId::home);
    &HOME
}

/// The entry number `n` of a trail, different from all others.
pub(super) fn entry(n: usize) -> Entry {
    Entry::done("http", format!("token {n}"), "secret.used")
        .on(format!("github {n}"))
        .with_outcome(if n.is_multiple_of(2) { Outcome::Allowed } else { Outcome::Denied })
        .because("granted to api.github.com")
        .with("host", "api.github.com")
        .with("n", n)
}

impl Trail {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path().join("data/capuchin.db"), DbOptions::default()).unwrap();
        let run = db.start_writer().unwrap();
        Self { audit: Audit::new(db.clone()), db, run, folder }
    }

    pub(super) async fn of(entries: usize) -> Self {
        let trail = Self::new();
        let all: Vec<_> = (1..=entries).map(|n| trail.audit.record(home(), entry(n))).collect();
        for told in futures::future::join_all(all).await {
            told.unwrap();
        }
        trail
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("data/capuchin.db")
    }

    pub(super) fn verdict(&self) -> Verdict {
        verify(&self.path(), &Expectations::default())
    }

    /// Ends the daemon's part and leaves one file without a log and without triggers.
    pub(super) async fn into_copy(self) -> Copy {
        let path = self.path();
        let Self { db, audit, run, folder } = self;
        run.stop().await.unwrap();
        drop((db, audit));
        let conn = Connection::open(&path).unwrap();
        conn.pragma_update(None, "journal_mode", "delete").unwrap();
        drop(conn);
        let copy = folder.path().join("copy.db");
        std::fs::copy(path, &copy).unwrap();
        Copy { path: copy, _folder: folder }
    }
}

/// A database file on its own.
pub(super) struct Copy {
    pub(super) path: PathBuf,
    _folder: TempDir,
}

impl Copy {
    /// Changes the file as somebody with SQLite would who removed the triggers first.
    pub(super) fn change(&self, sql: &str) -> usize {
        let conn = Connection::open(&self.path).unwrap();
        conn.pragma_update(None, "foreign_keys", false).unwrap();
        conn.pragma_update(None, "synchronous", "OFF").unwrap();
        for trigger in
            ["audit_never_changes", "audit_never_shrinks", "audit_heads_stay", "audit_heads_move_by_one"]
        {
            conn.execute_batch(&format!("DROP TRIGGER IF EXISTS {trigger}")).unwrap();
        }
        conn.execute(sql, ()).unwrap()
    }

    pub(super) fn verdict(&self) -> Verdict {
        verify(&self.path, &Expectations::default())
    }
}

pub(super) fn verify(path: &Path, expected: &Expectations) -> Verdict {
    ArchivedTrail::open(path, &std::env::temp_dir()).unwrap().verify(expected).unwrap()
}
