//! A difference put into the workspace, or taken back: file by file, each whole or not at all.
//!
//! Before anything is written, every file has to be as one of the two commits has it. One that somebody changed
//! meanwhile is a conflict, and then nothing is written. Files that are as they shall be already are left alone, so what
//! was cut off is done again and does no harm.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use git2::{DiffFile, ObjectType, Oid, Repository};
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::{LINK, PROGRAM, WorkError, Workbench, diff, walk};
use crate::workspaces::files::{Kind, kind, open_file, open_folder};

/// A file as a commit has it: its mode and its content.
type Entry = (i32, Oid);

struct Step {
    path: String,
    from: Option<Entry>,
    to: Option<Entry>,
}

// === impl Workbench ===

impl Workbench {
    /// Makes the workspace what the second commit has, where that differs from the first. How many files that were.
    ///
    /// # Errors
    /// [`WorkError::Conflict`] when a file is as neither has it; then nothing was written. Others may come in the
    /// middle; then it can be done again.
    pub fn apply(&self, workspace: &Path, from: &str, to: &str) -> Result<usize, WorkError> {
        let repository = self.open()?;
        let steps = steps(&repository, from, to)?;
        let root = open_root(workspace)?;
        let (todo, conflicts) = sort(&root, &steps)?;
        if !conflicts.is_empty() {
            return Err(WorkError::Conflict(conflicts));
        }
        self.sync()?;
        // What goes first: a file may come where a folder was.
        for step in todo.iter().filter(|step| step.to.is_none()) {
            remove(&root, &step.path)?;
        }
        for step in &todo {
            if let Some((mode, id)) = step.to {
                write(&root, &step.path, mode, repository.find_blob(id)?.content())?;
            }
        }
        Ok(todo.len())
    }

    /// The files that [`Workbench::apply`] would refuse to write.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn conflicts(&self, workspace: &Path, from: &str, to: &str) -> Result<Vec<String>, WorkError> {
        let repository = self.open()?;
        let (steps, root) = (steps(&repository, from, to)?, open_root(workspace)?);
        Ok(sort(&root, &steps)?.1)
    }
}

fn open_root(workspace: &Path) -> Result<OwnedFd, WorkError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let root = rustix::fs::open(workspace, flags, Mode::empty());
    root.map_err(|error| WorkError::io(workspace.display())(error.into()))
}

/// What is to be done, and what is in its way.
fn sort<'s>(root: &OwnedFd, steps: &'s [Step]) -> Result<(Vec<&'s Step>, Vec<String>), WorkError> {
    let (mut todo, mut conflicts) = (Vec::new(), Vec::new());
    for step in steps {
        match present(root, &step.path)? {
            Present::Is(entry) if entry == step.to => {}
            Present::Is(entry) if entry == step.from => todo.push(step),
            Present::Is(_) | Present::Odd => conflicts.push(step.path.clone()),
        }
    }
    Ok((todo, conflicts))
}

fn steps(repository: &Repository, from: &str, to: &str) -> Result<Vec<Step>, WorkError> {
    let diff = diff::between(repository, from, to)?;
    let entry = |file: &DiffFile<'_>| {
        // An id of zeros stands for a file that is not there.
        (!file.id().is_zero()).then(|| (i32::try_from(u32::from(file.mode())).unwrap_or(0), file.id()))
    };
    let step = |delta: git2::DiffDelta<'_>| {
        let (old, new) = (delta.old_file(), delta.new_file());
        let (old_entry, new_entry) = match delta.status() {
            git2::Delta::Added => (None, entry(&new)),
            git2::Delta::Deleted => (entry(&old), None),
            _ => (entry(&old), entry(&new)),
        };
        let path = new.path_bytes().or_else(|| old.path_bytes());
        Ok(Step { path: diff::text(path)?, from: old_entry, to: new_entry })
    };
    diff.deltas().map(step).collect()
}

/// What is at a path.
enum Present {
    /// A file, a link, or nothing.
    Is(Option<Entry>),
    /// A folder or something else, or a link on the way.
    Odd,
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn present(root: &OwnedFd, path: &str) -> Result<Present, WorkError> {
    let failed = |error: Errno| WorkError::io(path)(error.into());
    let (folder, name) = split(path);
    let at = match descend(root, folder, false) {
        Err(Errno::NOENT) => return Ok(Present::Is(None)),
        Err(Errno::NOTDIR | Errno::LOOP) => return Ok(Present::Odd),
        at => at.map_err(failed)?,
    };
    let hash = |bytes: &[u8]| Oid::hash_object(ObjectType::Blob, bytes);
    match kind(&at, name) {
        Err(Errno::NOENT) => Ok(Present::Is(None)),
        Err(error) => Err(failed(error)),
        Ok((Kind::Link, _)) => {
            let target = rustix::fs::readlinkat(&at, name, Vec::new()).map_err(failed)?;
            Ok(Present::Is(Some((LINK, hash(target.as_bytes())?))))
        }
        Ok((Kind::File, _)) => {
            let (content, mode) = walk::read(&at, name, path)?;
            Ok(Present::Is(Some((mode, hash(&content)?))))
        }
        Ok((Kind::Folder | Kind::Other, _)) => Ok(Present::Odd),
    }
}

/// The handle of a folder, without a link on the way.
fn descend(root: &OwnedFd, folder: &str, make: bool) -> Result<OwnedFd, Errno> {
    let mut at = root.try_clone().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    for name in folder.split('/').filter(|name| !name.is_empty()) {
        at = match open_folder(&at, name) {
            Err(Errno::NOENT) if make => match rustix::fs::mkdirat(&at, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => open_folder(&at, name)?,
                Err(error) => return Err(error),
            },
            opened => opened?,
        };
    }
    Ok(at)
}

/// Removes a file, and the folders that are empty without it.
fn remove(root: &OwnedFd, path: &str) -> Result<(), WorkError> {
    let failed = |error: Errno| WorkError::io(path)(error.into());
    let (mut folder, name) = split(path);
    let at = descend(root, folder, false).map_err(failed)?;
    rustix::fs::unlinkat(&at, name, AtFlags::empty()).map_err(failed)?;
    while !folder.is_empty() {
        let (above, name) = split(folder);
        let at = descend(root, above, false).map_err(failed)?;
        if rustix::fs::unlinkat(&at, name, AtFlags::REMOVEDIR).is_err() {
            break;
        }
        folder = above;
    }
    Ok(())
}

fn write(root: &OwnedFd, path: &str, mode: i32, content: &[u8]) -> Result<(), WorkError> {
    let failed = |error: Errno| WorkError::io(path)(error.into());
    let (folder, name) = split(path);
    let at = descend(root, folder, true).map_err(failed)?;
    let beside = format!(".capuchin-{:016x}.tmp", fastrand::u64(..));
    let written = if mode == LINK {
        rustix::fs::symlinkat(content, &at, beside.as_str()).map_err(failed)
    } else {
        write_beside(&at, (&beside, name), mode, content).map_err(WorkError::io(path))
    };
    let moved = written.and_then(|()| {
        rustix::fs::renameat(&at, beside.as_str(), &at, name).map_err(failed)?;
        rustix::fs::fsync(&at).map_err(failed)
    });
    moved.inspect_err(|_| {
        // silent-ok: what matters is the error before it
        let _ = rustix::fs::unlinkat(&at, beside.as_str(), AtFlags::empty());
    })
}

/// The new file, with the permissions of the one that it stands for, but for who may run it.
fn write_beside(
    at: &OwnedFd,
    (beside, name): (&str, &str),
    mode: i32,
    content: &[u8],
) -> std::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file = File::from(rustix::fs::openat(at, beside, flags, Mode::from_raw_mode(0o666))?);
    let like = match open_file(at, name) {
        Ok((_, stat)) => stat.st_mode,
        Err(_) => rustix::fs::fstat(&file)?.st_mode,
    };
    let plain = like & 0o666;
    let bits = if mode == PROGRAM { plain | ((plain & 0o444) >> 2) } else { plain };
    rustix::fs::fchmod(&file, Mode::from_raw_mode(bits))?;
    file.write_all(content)?;
    file.sync_all()
}
