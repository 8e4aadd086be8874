//! Copies and checks of the whole file while the daemon works.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use tokio_util::sync::CancellationToken;

use super::error::DbError;
use super::handle::Db;
use super::open::create_private;

/// Pages per step; between two steps it looks whether somebody still wants the copy.
const PAGES_PER_STEP: i32 = 256;

// === impl Db ===

impl Db {
    /// Copies the store as it is now to `dest`, while writes go on: page by page from one read
    /// transaction, checked, synced, and only then under its name. Answers its size in bytes.
    /// The write-ahead log grows for as long as it takes. Dropping the future ends it.
    ///
    /// # Errors
    /// [`DbError::File`] when `dest` exists or cannot be written, [`DbError::DiskFull`],
    /// [`DbError::Corrupt`] when the copy is not whole.
    pub async fn backup(&self, dest: impl AsRef<Path>) -> Result<u64, DbError> {
        let dest = dest.as_ref().to_owned();
        let wanted = CancellationToken::new();
        let _unwanted_on_drop = wanted.clone().drop_guard();
        let source = Arc::clone(&self.readers).detached()?;
        let copying = tokio::task::spawn_blocking(move || copy_to(&source, &dest, &wanted));
        copying.await.unwrap_or(Err(DbError::Panicked))
    }

    /// Reads the whole file and checks every page, index and reference; what is wrong, or nothing.
    ///
    /// # Errors
    /// What the store answers when it cannot even be read.
    pub async fn integrity_check(&self) -> Result<Vec<String>, DbError> {
        let conn = Arc::clone(&self.readers).detached()?;
        let checking = tokio::task::spawn_blocking(move || check(&conn));
        checking.await.unwrap_or(Err(DbError::Panicked))
    }
}

fn copy_to(source: &Connection, dest: &Path, wanted: &CancellationToken) -> Result<u64, DbError> {
    let failed = |error| DbError::file(format!("write the copy {}", dest.display()), error);
    if dest.exists() {
        return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
    }
    let mut partial = dest.to_owned().into_os_string();
    partial.push(".partial");
    let partial = Unfinished(PathBuf::from(partial));
    // silent-ok: usually there is no leftover of an earlier attempt.
    let _ = fs::remove_file(&partial.0);
    create_private(&partial.0)?;
    copy_pages(source, &partial.0, wanted)?;
    let file = File::open(&partial.0).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&partial.0, dest).map_err(failed)?;
    if let Some(folder) = dest.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    Ok(file.metadata().map_err(failed)?.len())
}

fn copy_pages(source: &Connection, dest: &Path, wanted: &CancellationToken) -> Result<(), DbError> {
    let mut copy = Connection::open(dest)?;
    // One read transaction around all steps: the copy is of one moment and never starts over.
    let view = source.unchecked_transaction()?;
    view.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
    {
        let backup = Backup::new(&view, &mut copy)?;
        while !matches!(backup.step(PAGES_PER_STEP)?, StepResult::Done) {
            if wanted.is_cancelled() {
                return Err(DbError::Closed);
            }
        }
    }
    drop(view);
    copy.pragma_update(None, "journal_mode", "delete")?;
    match check(&copy)?.first() {
        None => Ok(()),
        Some(finding) => Err(DbError::Corrupt(finding.clone())),
    }
}

/// The findings of SQLite's own checks, at most a hundred.
fn check(conn: &Connection) -> Result<Vec<String>, DbError> {
    let mut findings: Vec<String> = conn
        .prepare("PRAGMA integrity_check(100)")?
        .query_map((), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    findings.retain(|finding| finding != "ok");
    let broken = conn
        .prepare("SELECT \"table\", parent FROM pragma_foreign_key_check LIMIT 100")?
        .query_map((), |row| {
            let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(format!("a row of {table} refers to a row of {parent} that does not exist"))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    findings.extend(broken);
    Ok(findings)
}

/// A file that is removed unless it got its final name.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // silent-ok: after the rename there is nothing under this name.
        let _ = fs::remove_file(&self.0);
    }
}
