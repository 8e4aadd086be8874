//! The handle of a workspace's folder, and everything that is opened below it.
//!
//! Every name is opened with `O_NOFOLLOW` from the handle of the folder before it. What is not a plain file
//! or a folder (a device, a pipe, a socket) is refused. A file is replaced, never written into: a reader sees
//! the old content or the new one, and another name of the same file (a hard link) keeps the old.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{FileError, Stamp, WorkspacePath};

const FOLDER_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// A pipe without a writer must not keep anybody waiting.
const FILE_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);
const NEW_FILE_FLAGS: OFlags =
    OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::EXCL).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Of new files and folders, less the daemon's umask.
const FILE_MODE: u32 = 0o666;
const FOLDER_MODE: u32 = 0o777;

/// The open folder of a workspace.
#[derive(Debug)]
pub struct Folder {
    root: OwnedFd,
}

/// What a name is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Other,
}

/// A name in a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its size.
    pub bytes: u64,
    /// When its content changed, in milliseconds since 1970.
    pub modified_ms: i64,
}

// === impl Folder ===

impl Folder {
    /// Opens the folder of a workspace.
    ///
    /// # Errors
    /// [`FileError::Broken`]: it is not there, or is no folder.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let failed = |error| FileError::broken("the folder of the workspace", error);
        Ok(Self { root: rustix::fs::open(path, FOLDER_FLAGS, Mode::empty()).map_err(failed)? })
    }

    /// A folder of the workspace.
    pub(crate) fn folder(&self, path: &WorkspacePath) -> Result<OwnedFd, FileError> {
        self.descend(path.names(), open_folder)
    }

    /// The names in a folder, in their order; at most so many, and whether there are more.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn entries(&self, path: &WorkspacePath, most: usize) -> Result<(Vec<Entry>, bool), FileError> {
        let at = self.folder(path)?;
        let failed = |error| FileError::broken(path, error);
        let mut entries = Vec::new();
        for entry in Dir::read_from(&at).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            // silent-ok: what has gone since its name was read is not there
            let Ok(stat) = stat(&at, name) else { continue };
            if matches!(name, "." | "..") {
                continue;
            }
            if entries.len() >= most {
                return Ok((sorted(entries), true));
            }
            let (kind, bytes) = (kind_of(&stat), size(&stat));
            entries.push(Entry { name: name.to_owned(), kind, bytes, modified_ms: modified_ms(&stat) });
        }
        Ok((sorted(entries), false))
    }

    /// Opens a file for reading, with its state.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn file(&self, path: &WorkspacePath) -> Result<(File, u64, Stamp), FileError> {
        let (folders, name) = path.split().ok_or(FileError::Workspace)?;
        let parent = self.descend(folders, open_folder)?;
        let (file, stat) = open_file(&parent, name).map_err(|error| refusal(&parent, name, path, error))?;
        plain(&stat, path)?;
        Ok((file, size(&stat), Stamp::of(&stat)))
    }

    /// The whole content of a file of `bytes_max` bytes at the most, and the state that was read.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn content(&self, path: &WorkspacePath, bytes_max: u64) -> Result<(Vec<u8>, Stamp), FileError> {
        let (file, _, stamp) = self.file(path)?;
        let content = read_up_to(file, bytes_max).map_err(|error| FileError::broken(path, error))?;
        let too_large = || FileError::TooLarge { path: path.to_string(), kib_max: bytes_max >> 10 };
        Ok((content.ok_or_else(too_large)?, stamp))
    }

    /// The state of a file; `None` where there is none, and a new one may be made.
    ///
    /// # Errors
    /// [`FileError`]; also for what is no plain file.
    pub fn stamp(&self, path: &WorkspacePath) -> Result<Option<Stamp>, FileError> {
        let (folders, name) = path.split().ok_or(FileError::Workspace)?;
        let parent = match self.descend(folders, open_folder) {
            Err(FileError::Missing(_)) => return Ok(None),
            parent => parent?,
        };
        match stat(&parent, name) {
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(refusal(&parent, name, path, error)),
            Ok(stat) => plain(&stat, path).map(|()| Some(Stamp::of(&stat))),
        }
    }

    /// Puts this content in the place of a file, with the permissions of the old one, and makes the folders
    /// that are missing. It is there whole or not at all.
    ///
    /// # Errors
    /// [`FileError`]; then the file is as it was.
    pub fn replace(&self, path: &WorkspacePath, content: &[u8]) -> Result<Stamp, FileError> {
        let (folders, name) = path.split().ok_or(FileError::Workspace)?;
        let parent = self.descend(folders, open_or_make_folder)?;
        let old = match stat(&parent, name) {
            Ok(stat) => plain(&stat, path).map(|()| Some(Mode::from_raw_mode(stat.st_mode & 0o777)))?,
            Err(Errno::NOENT) => None,
            Err(error) => return Err(refusal(&parent, name, path, error)),
        };
        let beside = format!(".capuchin-{:016x}.tmp", fastrand::u64(..));
        let written = write_new(&parent, &beside, old, content).and_then(|file| {
            rustix::fs::renameat(&parent, beside.as_str(), &parent, name)?;
            rustix::fs::fsync(&parent)?;
            Ok(Stamp::of(&rustix::fs::fstat(&file)?))
        });
        written.map_err(|error| {
            // silent-ok: what matters is the error before it
            let _ = rustix::fs::unlinkat(&parent, beside.as_str(), AtFlags::empty());
            FileError::broken(path, error)
        })
    }

    /// Removes a file, a link (never what it leads to), or a folder with nothing in it.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn remove(&self, path: &WorkspacePath) -> Result<(), FileError> {
        let (folders, name) = path.split().ok_or(FileError::Workspace)?;
        let parent = self.descend(folders, open_folder)?;
        let refused = |error| match error {
            Errno::NOTEMPTY | Errno::EXIST => FileError::NotEmpty(path.to_string()),
            error => refusal(&parent, name, path, error),
        };
        let found = stat(&parent, name).map_err(refused)?;
        let is_folder = kind_of(&found) == Kind::Folder;
        let flags = if is_folder { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        rustix::fs::unlinkat(&parent, name, flags).map_err(refused)
    }

    fn descend(
        &self,
        names: &[String],
        open: impl Fn(&OwnedFd, &str) -> Result<OwnedFd, Errno>,
    ) -> Result<OwnedFd, FileError> {
        let mut at = self.root.try_clone().map_err(|error| FileError::broken("the workspace", error))?;
        for (depth, name) in names.iter().enumerate() {
            let so_far = || names.get(..=depth).unwrap_or_default().join("/");
            at = open(&at, name).map_err(|error| refusal(&at, name, &so_far(), error))?;
        }
        Ok(at)
    }
}

/// Opens a folder of this folder.
pub(crate) fn open_folder(at: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(at, name, FOLDER_FLAGS, Mode::empty())
}

/// Opens what has this name in this folder, whatever it is but a link.
pub(crate) fn open_file(at: &OwnedFd, name: &str) -> Result<(File, Stat), Errno> {
    let file = rustix::fs::openat(at, name, FILE_FLAGS, Mode::empty())?;
    let stat = rustix::fs::fstat(&file)?;
    Ok((File::from(file), stat))
}

/// What a name is, and its size.
pub(crate) fn kind(at: &OwnedFd, name: &str) -> Result<(Kind, u64), Errno> {
    stat(at, name).map(|stat| (kind_of(&stat), size(&stat)))
}

/// Everything of a reader, if it is not more than this.
pub(crate) fn read_up_to(reader: impl io::Read, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = reader.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((u64::try_from(read).unwrap_or(u64::MAX) <= bytes_max).then_some(bytes))
}

fn open_or_make_folder(at: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    match open_folder(at, name) {
        Err(Errno::NOENT) => match rustix::fs::mkdirat(at, name, Mode::from_raw_mode(FOLDER_MODE)) {
            Ok(()) | Err(Errno::EXIST) => open_folder(at, name),
            Err(error) => Err(error),
        },
        opened => opened,
    }
}

fn stat(at: &OwnedFd, name: &str) -> Result<Stat, Errno> {
    rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW)
}

fn kind_of(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Symlink => Kind::Link,
        _ => Kind::Other,
    }
}

fn plain(stat: &Stat, path: &WorkspacePath) -> Result<(), FileError> {
    match kind_of(stat) {
        Kind::File => Ok(()),
        Kind::Folder => Err(FileError::IsFolder(path.to_string())),
        Kind::Link => Err(FileError::Link(path.to_string())),
        Kind::Other => Err(FileError::NotPlain(path.to_string())),
    }
}

fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

#[allow(
    clippy::unnecessary_fallible_conversions,
    clippy::useless_conversion,
    reason = "widths are the platform's"
)]
fn modified_ms(stat: &Stat) -> i64 {
    let nanos = i64::try_from(stat.st_mtime_nsec).unwrap_or(0);
    stat.st_mtime.saturating_mul(1_000).saturating_add(nanos / 1_000_000)
}

fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    entries
}

fn write_new(parent: &OwnedFd, name: &str, mode: Option<Mode>, content: &[u8]) -> io::Result<File> {
    let new = Mode::from_raw_mode(FILE_MODE);
    let mut file = File::from(rustix::fs::openat(parent, name, NEW_FILE_FLAGS, mode.unwrap_or(new))?);
    if let Some(mode) = mode {
        rustix::fs::fchmod(&file, mode)?;
    }
    file.write_all(content)?;
    file.sync_all()?;
    Ok(file)
}

/// Why a name could not be opened.
fn refusal(at: &OwnedFd, name: &str, path: &impl ToString, error: Errno) -> FileError {
    let (found, path) = (stat(at, name).map(|stat| kind_of(&stat)), path.to_string());
    match (error, found) {
        (_, Ok(Kind::Link)) => FileError::Link(path),
        (Errno::NOENT, _) => FileError::Missing(path),
        (Errno::NOTDIR, _) => FileError::NoFolder(path),
        (Errno::ACCESS | Errno::PERM, _) => FileError::Denied(path),
        (Errno::NXIO, _) => FileError::NotPlain(path),
        (error, _) => FileError::broken(&path, error),
    }
}
