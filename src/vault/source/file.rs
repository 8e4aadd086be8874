//! The key file: `vault.key`, and `vault.key.new` while the key changes.
//!
//! Made with O_EXCL and mode 0600 as `….part` and synced before it gets its name, and with its folder before anybody relies on
//! it: under those two names is a whole key or nothing, whenever the machine stops. A file that is a symbolic link, belongs to somebody else or can be read by others is refused, as is such a folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Found, SourceError, TEXT_BYTES_MAX, from_text, new_key, to_text};
use crate::config::home::check_folder;
use crate::vault::keys::{RootId, RootKey};

const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
const OPEN_TO_OTHERS: u32 = 0o077;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct KeyFile {
    path: PathBuf,
    new: PathBuf,
}

// === impl KeyFile ===

impl KeyFile {
    pub(super) fn new(path: PathBuf) -> Self {
        let new = beside(&path, ".new");
        Self { path, new }
    }

    /// The key of this id, in its place or beside it.
    pub(super) fn find(&self, id: RootId) -> Result<Found, SourceError> {
        let mut found = Found::Missing;
        for path in [&self.path, &self.new] {
            match read(path)? {
                Some(key) if key.id == id => return Ok(Found::Key(key)),
                Some(_) => found = Found::Wrong,
                None => {}
            }
        }
        Ok(found)
    }

    /// The key that is there, else a new one.
    pub(super) fn begin(&self) -> Result<RootKey, SourceError> {
        if let Some(key) = read(&self.path)? {
            return Ok(key);
        }
        remove(&part(&self.path))?;
        let key = new_key()?;
        write(&self.path, &to_text(&key))?;
        Ok(key)
    }

    /// Writes a coming key beside the present one. What an earlier change left there is gone then.
    pub(super) fn keep(&self, text: &str) -> Result<(), SourceError> {
        remove(&self.new)?;
        remove(&part(&self.new))?;
        write(&self.new, text)
    }

    /// Makes the key beside the present one the present one, if it is this. Half a key that a killed daemon left is removed.
    pub(super) fn settle(&self, id: RootId) -> Result<(), SourceError> {
        remove(&part(&self.new))?;
        if read(&self.new)?.is_none_or(|key| key.id != id) {
            return Ok(());
        }
        fs::rename(&self.new, &self.path).map_err(of(&self.path))?;
        sync_folder(&self.path)
    }

    /// Removes this key wherever it is.
    pub(super) fn forget(&self, id: RootId) -> Result<(), SourceError> {
        for path in [&self.path, &self.new] {
            if read(path)?.is_some_and(|key| key.id == id) {
                remove(path)?;
            }
        }
        Ok(())
    }
}

/// The key in a file, or `None` where there is no file.
fn read(path: &Path) -> Result<Option<RootKey>, SourceError> {
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(refused(path, "is a symbolic link; put the key file itself there"));
        }
        Err(error) => return Err(of(path)(error)),
    };
    // Of the file that is open, not of whatever has its name by now.
    let found = file.metadata().map_err(of(path))?;
    if !found.is_file() {
        return Err(refused(path, "is not a file"));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(refused(path, "belongs to another user"));
    }
    if found.permissions().mode() & OPEN_TO_OTHERS != 0 {
        return Err(refused(
            path,
            "can be read by other users; whoever could read it may have the key: run chmod 600 on it, and `capuchin vault rotate --root`",
        ));
    }
    check_parent(path)?;
    // As large as it may become, so that no part of the key is left behind by growing.
    let mut text = Zeroizing::new(Vec::with_capacity(TEXT_BYTES_MAX as usize));
    file.take(TEXT_BYTES_MAX).read_to_end(&mut text).map_err(of(path))?;
    from_text(&text).map(Some).ok_or_else(|| SourceError::NotAKey { place: path.display().to_string() })
}

fn write(path: &Path, text: &str) -> Result<(), SourceError> {
    if let Some(folder) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, FOLDER_MODE);
        builder.recursive(true).create(folder).map_err(of(folder))?;
    }
    check_parent(path)?;
    let part = part(path);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&part).map_err(of(&part))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(of(&part))?;
    fs::rename(&part, path).map_err(of(path))?;
    sync_folder(path)
}

/// Where a key is until it is whole.
fn part(path: &Path) -> PathBuf {
    beside(path, ".part")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(path: &Path) -> Result<(), SourceError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(of(path)(error)),
    }
}

/// The folder is the person's own and nobody else looks into it.
fn check_parent(path: &Path) -> Result<(), SourceError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let found = check_folder(folder).map_err(|_| {
        refused(folder, "is a symbolic link, belongs to another user, or can be written to by others")
    })?;
    if found.permissions().mode() & OPEN_TO_OTHERS != 0 {
        return Err(refused(folder, "can be read by other users; run chmod 700 on it"));
    }
    Ok(())
}

fn sync_folder(path: &Path) -> Result<(), SourceError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(of(folder))
}

fn refused(path: &Path, why: &'static str) -> SourceError {
    SourceError::Unsafe { path: path.to_owned(), why }
}

fn of(path: &Path) -> impl Fn(io::Error) -> SourceError {
    let path = path.to_owned();
    move |source| SourceError::Io { path: path.clone(), source: Arc::new(source) }
}
