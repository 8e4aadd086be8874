//! What can go wrong with the store, by what a caller can do about it.

use std::io;
use std::sync::Arc;

/// Extended code of a failed growth of the `-shm` file: on a full disk, that is all that SQLite says.
const IOERR_SHMSIZE: i32 = 4874;
/// Extended codes of a value that exists already.
const DUPLICATES: [i32; 3] = [1555, 2067, 2579];

/// SQLite's own words.
#[derive(Clone, Debug)]
pub struct SqliteError(Arc<rusqlite::Error>);

impl std::fmt::Display for SqliteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SqliteError {}

/// Why the store did not do it. Nothing of a failed write stays in the file.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DbError {
    /// No space. Reads work; writes work again when there is space.
    #[error("the disk that holds the data folder is full")]
    DiskFull,
    /// The disk failed. The writer stops after this and its successor checks the file.
    #[error("the disk that holds the data folder failed: {0}")]
    Io(#[source] SqliteError),
    /// The file system refused, outside of SQLite.
    #[error("{action}: {source}")]
    File {
        /// What was tried, with the path.
        action: String,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Too much waits, or another process holds the file. Try again.
    #[error("the store is busy")]
    Busy,
    /// The file is damaged.
    #[error("the data file is damaged: {0}; restore a backup")]
    Corrupt(String),
    /// The file was written by a newer version.
    #[error(
        "the data folder is of schema version {found} and this program knows {known}: use the newer program"
    )]
    Newer {
        /// The file's schema version.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// No writer runs at the moment; nothing was written.
    #[error("the store is restarting")]
    Unavailable,
    /// The store was closed for good.
    #[error("the store is closed")]
    Closed,
    /// The read took longer than its limit.
    #[error("the read took too long")]
    Timeout,
    /// A row with this key exists already.
    #[error("it exists already")]
    Duplicate(#[source] SqliteError),
    /// A foreign key or a check does not hold.
    #[error("the data breaks a rule of the schema: {0}")]
    Constraint(#[source] SqliteError),
    /// A query that must find a row found none.
    #[error("no such row")]
    NoRow,
    /// A value is not of the type that the code expects.
    #[error("column {column} does not hold {expected}")]
    Type {
        /// The column, from 0.
        column: usize,
        /// The type that was asked for.
        expected: &'static str,
    },
    /// A statement of a tenant does not name `?1`. A mistake of the program, found by its tests.
    #[error("the statement does not bind the tenant as ?1: {sql}")]
    Unscoped {
        /// The statement.
        sql: String,
    },
    /// The closure panicked; its changes were rolled back.
    #[error("the store's job crashed")]
    Panicked,
    /// Anything else that SQLite says.
    #[error("the store refused: {0}")]
    Sqlite(#[source] SqliteError),
}

impl DbError {
    /// Whether the connection that said this must not be used for another write.
    #[must_use]
    pub(super) const fn stops_the_writer(&self) -> bool {
        matches!(self, Self::Io(_) | Self::Corrupt(_))
    }

    /// An error of the file system with what was tried.
    pub(super) fn file(action: impl Into<String>, source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::DiskFull;
        }
        Self::File { action: action.into(), source: Arc::new(source) }
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        if matches!(error, rusqlite::Error::QueryReturnedNoRows) {
            return Self::NoRow;
        }
        let Some(rusqlite::ffi::Error { code, extended_code }) = error.sqlite_error().copied() else {
            return Self::Sqlite(SqliteError(Arc::new(error)));
        };
        let text = error.to_string();
        let source = SqliteError(Arc::new(error));
        match code {
            Code::DiskFull => Self::DiskFull,
            Code::SystemIoFailure if extended_code == IOERR_SHMSIZE => Self::DiskFull,
            Code::SystemIoFailure | Code::ReadOnly | Code::CannotOpen | Code::PermissionDenied => {
                Self::Io(source)
            }
            Code::DatabaseBusy | Code::DatabaseLocked => Self::Busy,
            Code::DatabaseCorrupt | Code::NotADatabase => Self::Corrupt(text),
            Code::OperationInterrupted => Self::Timeout,
            Code::ConstraintViolation if DUPLICATES.contains(&extended_code) => Self::Duplicate(source),
            Code::ConstraintViolation => Self::Constraint(source),
            _ => Self::Sqlite(source),
        }
    }
}
