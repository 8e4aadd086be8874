//! Opening: the file with its modes, and connections with their settings.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::DbError;
use super::migrations::{MIGRATIONS, migrate, refuse_newer};

/// Settings of the store.
#[derive(Clone, Debug)]
pub struct DbOptions {
    /// Jobs that may wait for the writer; one more is answered [`DbError::Busy`].
    pub queue_jobs_max: usize,
    /// Jobs in one transaction.
    pub batch_jobs_max: usize,
    /// Time after which a transaction takes no further job.
    pub batch_time_max: Duration,
    /// Read connections that may be open, and so reads that run at once.
    pub readers_max: usize,
    /// Reads that may wait for a connection; one more is answered [`DbError::Busy`].
    pub waiting_reads_max: usize,
    /// Time after which a read is interrupted.
    pub read_time_max: Duration,
    /// How long to wait for another process that writes.
    pub busy_timeout: Duration,
    /// Pages in the write-ahead log after which an idle writer checkpoints.
    pub checkpoint_idle_pages: u32,
    /// Pages in the write-ahead log after which a busy writer checkpoints too.
    pub checkpoint_busy_pages: u32,
    /// Page cache of a connection in KiB at most, filled as it is used.
    pub cache_kib: u32,
    /// Limit of the data file in pages of 4 KiB; more is answered [`DbError::DiskFull`]. `None`: the disk's.
    pub pages_max: Option<u32>,
}

/// Prepared statements that a connection keeps: more than the product has, so that none is compiled twice.
const WRITER_STATEMENTS: usize = 128;
const READER_STATEMENTS: usize = 48;
/// The write-ahead log is cut back to this size when it starts over.
const WAL_BYTES_KEPT: i64 = 32 << 20;

// === impl DbOptions ===

impl Default for DbOptions {
    fn default() -> Self {
        Self {
            queue_jobs_max: 8_192,
            batch_jobs_max: 512,
            batch_time_max: Duration::from_millis(2),
            readers_max: 4,
            waiting_reads_max: 1_024,
            read_time_max: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(5),
            checkpoint_idle_pages: 256,
            checkpoint_busy_pages: 4_096,
            cache_kib: 2_048,
            pages_max: None,
        }
    }
}

/// Creates the folder (0700) and the file (0600), or narrows their modes; SQLite gives `-wal` and
/// `-shm` the modes of the file.
pub(super) fn prepare(path: &Path) -> Result<(), DbError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .and_then(|()| narrow(folder, 0o700))
            .map_err(|error| DbError::file(format!("prepare the data folder {}", folder.display()), error))?;
    }
    create_private(path)
}

/// Creates the file (0600), or narrows its mode.
pub(super) fn create_private(path: &Path) -> Result<(), DbError> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .and_then(|_| narrow(path, 0o600))
        .map_err(|error| DbError::file(format!("prepare the data file {}", path.display()), error))
}

/// Takes away every right that `mode` does not give.
fn narrow(path: &Path, mode: u32) -> io::Result<()> {
    let now = fs::metadata(path)?.permissions().mode() & 0o777;
    if now & !mode == 0 {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(now & mode))
}

/// A connection for the writer on a file that is migrated.
pub(super) fn open_writer(path: &Path, options: &DbOptions) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(options.busy_timeout)?;
    refuse_newer(&conn, MIGRATIONS)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    // NORMAL while migrating: the order of writes is kept, so a power loss can only lose whole
    // migrations, and those are run again. FULL before the first write that anybody waits for.
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut conn, MIGRATIONS)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -i64::from(options.cache_kib))?;
    conn.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
    // What is deleted is overwritten: what a person has forgotten is not read from free pages.
    conn.pragma_update(None, "secure_delete", true)?;
    // The writer checkpoints by itself, between batches, where it sees the outcome.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    if let Some(pages) = options.pages_max {
        conn.pragma_update(None, "max_page_count", pages)?;
    }
    conn.set_prepared_statement_cache_capacity(WRITER_STATEMENTS);
    Ok(conn)
}

/// A connection that cannot write.
pub(super) fn open_reader(path: &Path, options: &DbOptions) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(options.busy_timeout)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -i64::from(options.cache_kib))?;
    conn.set_prepared_statement_cache_capacity(READER_STATEMENTS);
    Ok(conn)
}
