//! A database file that is only looked at: the own one while the daemon works, or a copy of it.
//!
//! Nothing here changes the file, its log or its folder. A file without a log is opened as one that nobody
//! changes; a copy with a log beside it is copied once more to a private folder, because SQLite would write
//! an index of the log next to it; a file with such an index is live, and is read as the daemon's readers do.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::error::DbError;
use super::scope::{Read, System, SystemRead, Tenant, TenantRead};
use crate::protocol::ids::TenantId;

/// See the module. One connection; blocks.
pub struct Archive {
    conn: Connection,
    /// Where the copy is, when one was needed. Removed with the archive.
    _copy: Option<PrivateFolder>,
}

struct PrivateFolder(PathBuf);

// === impl Archive ===

impl Archive {
    /// Opens a file for reading. `scratch` is where a private folder may be made.
    ///
    /// # Errors
    /// [`DbError::File`] when there is no such file or it cannot be read, [`DbError::Corrupt`] when it is no database.
    pub fn open(path: &Path, scratch: &Path) -> Result<Self, DbError> {
        let readable = |error| DbError::file(format!("read {}", path.display()), error);
        let file = fs::metadata(path).map_err(readable)?;
        if !file.is_file() {
            return Err(readable(std::io::ErrorKind::InvalidInput.into()));
        }
        fs::File::open(path).map_err(readable)?;
        if beside(path, "-shm").exists() {
            return Self::over(open(path, "mode=ro")?, None);
        }
        if fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len()) == 0 {
            return Self::over(open(path, "mode=ro&immutable=1")?, None);
        }
        let folder = PrivateFolder::new(scratch)?;
        let copy = folder.0.join("copy.db");
        for suffix in ["", "-wal"] {
            fs::copy(beside(path, suffix), beside(&copy, suffix)).map_err(readable)?;
        }
        Self::over(open(&copy, "mode=ro")?, Some(folder))
    }

    /// Works on one moment of the file.
    ///
    /// # Errors
    /// What the statements or `work` answer.
    pub fn read<T, E: From<DbError>>(
        &self,
        work: impl FnOnce(&SystemRead<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _moment = self.conn.unchecked_transaction().map_err(DbError::from)?;
        work(&Read::new(&self.conn, System))
    }

    /// The same for one tenant.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub fn read_tenant<T, E: From<DbError>>(
        &self,
        tenant: &TenantId,
        work: impl FnOnce(&TenantRead<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let _moment = self.conn.unchecked_transaction().map_err(DbError::from)?;
        work(&Read::new(&self.conn, Tenant(tenant.clone())))
    }

    fn over(conn: Connection, copy: Option<PrivateFolder>) -> Result<Self, DbError> {
        // What the file says about itself is not trusted: no statement of its schema runs.
        conn.pragma_update(None, "trusted_schema", false)?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
        Ok(Self { conn, _copy: copy })
    }
}

/// A connection by URI, because only a URI can say that nobody changes the file.
fn open(path: &Path, how: &str) -> Result<Connection, DbError> {
    let path = std::path::absolute(path).map_err(|e| DbError::file(format!("find {}", path.display()), e))?;
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02x}")),
        }
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let conn = Connection::open_with_flags(format!("{uri}?{how}"), flags)?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(conn)
}

/// `capuchin.db` and `-wal`: `capuchin.db-wal`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

// === impl PrivateFolder ===

impl PrivateFolder {
    fn new(inside: &Path) -> Result<Self, DbError> {
        let path = inside.join(format!("capuchin-{}", uuid::Uuid::now_v7().simple()));
        let failed = |error| DbError::file(format!("make the folder {}", path.display()), error);
        DirBuilder::new().mode(0o700).create(&path).map_err(failed)?;
        Ok(Self(path))
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "a private copy could not be removed");
        }
    }
}
