//! The folder of one tenant's indexes: the one that serves, named in the file `current`, and the one that is made.
//! Everything here may be deleted at any time. Calls block.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::error::SearchError;
use super::schema::VERSION;

/// Names the index that serves.
const CURRENT: &str = "current";

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct IndexHome {
    folder: PathBuf,
}

// === impl IndexHome ===

impl IndexHome {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder of the index that serves, if there is one.
    pub(super) fn current(&self) -> Option<PathBuf> {
        let name = fs::read_to_string(self.folder.join(CURRENT)).ok()?;
        let name = name.trim();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        is_name.then(|| self.folder.join(name)).filter(|folder| folder.is_dir())
    }

    /// Whether an index in this folder is of this version.
    pub(super) fn is_of_this_version(folder: &Path) -> bool {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(&format!("v{VERSION}-"))
    }

    /// A new, empty folder for an index of this version.
    pub(super) fn fresh(&self) -> Result<PathBuf, SearchError> {
        let folder = self.folder.join(format!("v{VERSION}-{}", Uuid::now_v7().simple()));
        fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
        Ok(folder)
    }

    /// Makes this index the one that serves. Either the old name or the new one survives a crash.
    pub(super) fn set_current(&self, folder: &Path) -> Result<(), SearchError> {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let (file, fresh) = (self.folder.join(CURRENT), self.folder.join("current.new"));
        let write = || {
            let mut to = fs::File::create(&fresh)?;
            to.write_all(name.as_bytes())?;
            to.sync_all()?;
            fs::rename(&fresh, &file)?;
            fs::File::open(&self.folder)?.sync_all()
        };
        write().map_err(|source| failed(&file, source))
    }

    /// Removes every index but this one. What cannot be removed stays until the next time.
    pub(super) fn keep_only(&self, kept: Option<&Path>) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir()
                && kept != Some(path.as_path())
                && let Err(error) = fs::remove_dir_all(&path)
                && error.kind() != ErrorKind::NotFound
            {
                tracing::warn!(%error, folder = %path.display(), "an old index could not be removed");
            }
        }
    }
}

impl IndexHome {
    /// Whether this index is known to be of another version.
    #[cfg(test)]
    pub(super) fn serves_another_version(&self) -> bool {
        self.current().is_some_and(|folder| !Self::is_of_this_version(&folder))
    }
}

fn failed(folder: &Path, source: io::Error) -> SearchError {
    SearchError::Folder { folder: folder.to_owned(), source }
}
