//! Files below a folder that people edit, reached by handle.
//!
//! Every name is one component, opened below the handle of its folder and never through a symbolic link, so no
//! name and no link leads anywhere else. Pipes and devices are not read. Calls block: they are for threads
//! that may.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::db::fingerprint;

const FILE_MODE: Mode = Mode::from_raw_mode(0o600);
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o700);

/// See the module.
#[derive(Debug)]
pub struct Folder(OwnedFd);

/// A file as it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileText {
    /// Its text, up to the limit of the reader. What is no UTF-8 is U+FFFD.
    pub text: String,
    /// How long the file is, in bytes.
    pub bytes: u64,
    /// When it was changed last, in milliseconds since 1970.
    pub modified_ms: i64,
}

// === impl FileText ===

impl FileText {
    /// A number from 1 that stands for exactly this text: people edit files outside, so nothing counts their changes.
    #[must_use]
    pub fn version(&self) -> i64 {
        /// A version fits into a number of JavaScript.
        const VERSION_BITS: u32 = 53;
        let print = fingerprint(&[self.text.as_bytes(), &self.bytes.to_le_bytes()]);
        let first = print.first_chunk::<8>().map_or(1, |bytes| u64::from_le_bytes(*bytes));
        i64::try_from(first >> (u64::BITS - VERSION_BITS)).unwrap_or(1).max(1)
    }
}

// === impl Folder ===

impl Folder {
    /// The folder with this path; `None` when there is none. The last component may not be a link.
    ///
    /// # Errors
    /// What the system says; also for what is no folder.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        found(rustix::fs::open(path, folder_flags(), Mode::empty()).map(Self))
    }

    /// The same, made with its parents when it is missing.
    ///
    /// # Errors
    /// What the system says.
    pub fn open_or_make(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE.as_raw_mode()).create(path)?;
        Self::open(path)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// A folder in this one; `None` when there is none.
    ///
    /// # Errors
    /// What the system says; also for what is no folder, or no name.
    pub fn below(&self, name: &str) -> io::Result<Option<Self>> {
        found(rustix::fs::openat(&self.0, component(name)?, folder_flags(), Mode::empty()).map(Self))
    }

    /// The same, made when it is missing.
    ///
    /// # Errors
    /// What the system says; also for what is no folder, or no name.
    pub fn below_or_make(&self, name: &str) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.0, component(name)?, FOLDER_MODE) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        self.below(name)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// A file with at most `bytes_max` bytes of its text; `None` when there is none.
    ///
    /// # Errors
    /// What the system says; also for what is no plain file, or no name.
    pub fn read(&self, name: &str, bytes_max: usize) -> io::Result<Option<FileText>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let opened = rustix::fs::openat(&self.0, component(name)?, flags, Mode::empty());
        let Some(file) = found(opened.map(File::from))? else { return Ok(None) };
        let about = rustix::fs::fstat(&file)?;
        if FileType::from_raw_mode(about.st_mode) != FileType::RegularFile {
            return Err(io::Error::other("is no plain file"));
        }
        let mut bytes = Vec::new();
        file.take(bytes_max as u64).read_to_end(&mut bytes)?;
        Ok(Some(FileText {
            text: String::from_utf8_lossy(whole_characters(&bytes)).into_owned(),
            bytes: u64::try_from(about.st_size).unwrap_or(0),
            modified_ms: modified_ms(&about),
        }))
    }

    /// Puts this content in the place of a file, whole or not at all.
    ///
    /// # Errors
    /// What the system says; then the file is as it was.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> io::Result<()> {
        let name = component(name)?;
        let draft = format!(".{name}.new");
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // What an earlier life left.
        self.unlink(&draft)?;
        let mut file = File::from(rustix::fs::openat(&self.0, &*draft, flags, FILE_MODE)?);
        let written = file.write_all(content.as_ref()).and_then(|()| file.sync_all());
        if let Err(error) = written {
            self.unlink(&draft)?;
            return Err(error);
        }
        rustix::fs::renameat(&self.0, &*draft, &self.0, name)?;
        Ok(rustix::fs::fsync(&self.0)?)
    }

    /// Removes a file, if there is one.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        self.unlink(component(name)?)
    }

    /// Removes a folder that has nothing in it any more, if there is one.
    ///
    /// # Errors
    /// What the system says.
    pub fn remove_empty(&self, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.0, component(name)?, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Names in this folder, in their order, at most so many. What begins with a dot or is no UTF-8 is left out.
    ///
    /// # Errors
    /// What the system says.
    pub fn names(&self, max: usize) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().to_str()
                && !name.starts_with('.')
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        names.truncate(max);
        Ok(names)
    }

    /// Files in this folder and those below, with their lengths, in the order of their paths: so deep, and so many at
    /// the most. What begins with a dot, a link, and what is no plain file is left out.
    ///
    /// # Errors
    /// What the system says.
    pub fn files(&self, depth_max: usize, max: usize) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        for name in self.names(usize::MAX)? {
            if files.len() >= max {
                break;
            }
            let about = rustix::fs::statat(&self.0, &*name, AtFlags::SYMLINK_NOFOLLOW)?;
            match FileType::from_raw_mode(about.st_mode) {
                FileType::RegularFile => files.push((name, u64::try_from(about.st_size).unwrap_or(0))),
                FileType::Directory if depth_max > 0 => {
                    let Some(below) = self.below(&name)? else { continue };
                    let found = below.files(depth_max - 1, max - files.len())?;
                    files.extend(found.into_iter().map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
                }
                _ => {}
            }
        }
        Ok(files)
    }

    /// Gives something in this folder another name. A folder takes the place of an empty one only.
    ///
    /// # Errors
    /// What the system says.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        rustix::fs::renameat(&self.0, component(from)?, &self.0, component(to)?)?;
        Ok(rustix::fs::fsync(&self.0)?)
    }

    /// Removes a file, a link, or a folder with everything in it. No link is followed.
    ///
    /// # Errors
    /// What the system says; then a part may be gone.
    pub fn remove_tree(&self, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.0, component(name)?, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(error) => return Err(error.into()),
        }
        let Some(below) = self.below(name)? else { return Ok(()) };
        for entry in Dir::read_from(&below.0)? {
            let entry = entry?;
            match entry.file_name().to_str() {
                Ok("." | "..") => {}
                Ok(name) => below.remove_tree(name)?,
                Err(_) => return Err(io::Error::other("has a file whose name is no UTF-8")),
            }
        }
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// One name, not a path.
fn component(name: &str) -> io::Result<&str> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(name)
}

fn found<T>(opened: Result<T, Errno>) -> io::Result<Option<T>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(Errno::NOENT) => Ok(None),
        Err(Errno::LOOP) => Err(io::Error::other("is a symbolic link, and links are not followed")),
        Err(error) => Err(error.into()),
    }
}

/// The bytes without a character that the limit cut in the middle.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()).unwrap_or(bytes),
        _ => bytes,
    }
}

#[allow(
    clippy::unnecessary_fallible_conversions,
    clippy::useless_conversion,
    reason = "its width is the platform's"
)]
fn modified_ms(about: &rustix::fs::Stat) -> i64 {
    let nanos = i64::try_from(about.st_mtime_nsec).unwrap_or(0);
    about.st_mtime.saturating_mul(1_000).saturating_add(nanos / 1_000_000)
}

#[cfg(test)]
mod tests;
