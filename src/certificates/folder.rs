//! The folder of certificates: private, and every file written as a whole.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{CertificateError, Kind};

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn cert(&self, kind: Kind, name: &str) -> PathBuf {
        self.0.join(kind.word()).join(format!("{name}.pem"))
    }

    pub(super) fn key(&self, kind: Kind, name: &str) -> PathBuf {
        self.0.join(kind.word()).join(format!("{name}.key"))
    }

    pub(super) fn issued(&self) -> PathBuf {
        self.0.join("issued.jsonl")
    }

    pub(super) fn revoked(&self) -> PathBuf {
        self.0.join("revoked.jsonl")
    }

    /// The names of all certificates of a kind, in order.
    pub(super) fn names(&self, kind: Kind) -> Result<Vec<String>, CertificateError> {
        let folder = self.0.join(kind.word());
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(CertificateError::Io { path: folder, source }),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| CertificateError::Io { path: folder.clone(), source })?;
            let name = entry.file_name();
            names.extend(name.to_str().and_then(|name| name.strip_suffix(".pem")).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Makes the folder of a kind.
    pub(super) fn prepare(&self, kind: Kind) -> Result<(), CertificateError> {
        let path = self.0.join(kind.word());
        let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&path);
        made.map_err(|source| CertificateError::Io { path, source })
    }

    pub(super) fn read(&self, path: &Path) -> Result<String, CertificateError> {
        fs::read_to_string(path).map_err(|source| CertificateError::Io { path: path.to_owned(), source })
    }

    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), CertificateError> {
        write_private(path, bytes)
    }

    /// Adds a line of JSON to a list.
    pub(super) fn append(&self, path: &Path, line: &impl Serialize) -> Result<(), CertificateError> {
        let add = || {
            let mut text = serde_json::to_string(line)?;
            text.push('\n');
            let mut file = OpenOptions::new().append(true).create(true).mode(FILE_MODE).open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        add().map_err(|source| CertificateError::Io { path: path.to_owned(), source })
    }

    pub(super) fn remove(&self, kind: Kind, name: &str) -> Result<(), CertificateError> {
        self.remove_key(kind, name)?;
        remove_if_there(&self.cert(kind, name))
    }

    pub(super) fn remove_key(&self, kind: Kind, name: &str) -> Result<(), CertificateError> {
        remove_if_there(&self.key(kind, name))
    }
}

/// A new file beside the old one, then in its place.
pub(super) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), CertificateError> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    remove_if_there(&draft)?;
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|source| CertificateError::Io { path: path.to_owned(), source })
}

fn remove_if_there(path: &Path) -> Result<(), CertificateError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(CertificateError::Io { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}
