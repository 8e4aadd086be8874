//! Files of a workspace that a person wants found: which these are, and what is in them.
//!
//! The workspace names them by globs. The walk goes by handles, so no link is followed; it leaves out names that begin with a
//! dot and what a `.gitignore` leaves out. Calls block.

use std::os::fd::OwnedFd;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::error::WorkspaceError;
use super::files::{
    FileError, Folder, Ignored, Kind, WorkspacePath, joined, kind, names, open_file, open_folder,
};

/// Globs of a workspace at the most.
pub const GLOBS_MAX: usize = 50;
/// Longest glob, in bytes.
const GLOB_BYTES_MAX: usize = 200;
/// Files of a workspace that are found at the most; those that come first by their names.
pub const OPTED_FILES_MAX: usize = 20_000;
/// Largest file that is found, in bytes.
pub const OPTED_BYTES_MAX: u64 = 1 << 20;
/// Names that a walk looks at.
const NAMES_MAX: usize = 200_000;
/// Folders below each other that are looked into.
const DEPTH_MAX: usize = 32;

/// A file that shall be found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptedFile {
    /// From the workspace's folder on.
    pub path: String,
    /// A word that is another when the file is.
    pub state: String,
    /// When it was changed, in milliseconds since 1970.
    pub modified_ms: i64,
}

/// Globs as they are kept: trimmed, each once.
///
/// # Errors
/// [`WorkspaceError::Globs`].
pub(super) fn globs(wanted: Vec<String>) -> Result<Vec<String>, WorkspaceError> {
    let mut kept: Vec<String> = Vec::new();
    for glob in wanted {
        let glob = glob.trim().trim_start_matches("./").to_owned();
        let leads_out = glob.starts_with('/') || glob.split('/').any(|name| name == "..");
        if glob.is_empty() || glob.len() > GLOB_BYTES_MAX || leads_out || compiled(&glob).is_none() {
            return Err(WorkspaceError::Globs);
        }
        if !kept.contains(&glob) {
            kept.push(glob);
        }
    }
    if kept.len() > GLOBS_MAX { Err(WorkspaceError::Globs) } else { Ok(kept) }
}

/// What these globs mean of a folder, in the order of the names.
///
/// # Errors
/// [`FileError`] when the folder cannot be read; what is below it and cannot be, is left out.
pub(super) fn files(folder: &Folder, globs: &[String]) -> Result<Vec<OptedFile>, FileError> {
    let mut set = GlobSetBuilder::new();
    globs.iter().filter_map(|glob| compiled(glob)).for_each(|glob| {
        set.add(glob);
    });
    // silent-ok: each of them was compiled alone when it was taken
    let globs = set.build().unwrap_or_else(|_| GlobSet::empty());
    let mut walk = Walk { globs, ignored: Ignored::default(), names_left: NAMES_MAX, found: Vec::new() };
    walk.folder(&folder.folder(&WorkspacePath::root())?, "", 0);
    Ok(walk.found)
}

/// Whether these globs mean a file with this path.
pub(super) fn means(globs: &[String], path: &str) -> bool {
    let hidden = path.split('/').any(|name| name.starts_with('.'));
    !hidden
        && globs.iter().filter_map(|glob| compiled(glob)).any(|glob| glob.compile_matcher().is_match(path))
}

/// The text of a file; `None` for one that is gone, too large, or no text.
pub(super) fn text(folder: &Folder, path: &WorkspacePath) -> Option<String> {
    // silent-ok: what cannot be read is not found
    let (bytes, _) = folder.content(path, OPTED_BYTES_MAX).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then_some(text)
}

struct Walk {
    globs: GlobSet,
    ignored: Ignored,
    names_left: usize,
    found: Vec<OptedFile>,
}

// === impl Walk ===

impl Walk {
    fn folder(&mut self, at: &OwnedFd, path: &str, depth: usize) {
        // silent-ok: a folder that may not be read has nothing to find
        let Ok(names) = names(at, self.names_left) else { return };
        self.ignored.enter(at, path);
        for name in names {
            self.names_left = self.names_left.saturating_sub(1);
            if self.names_left == 0 || self.found.len() >= OPTED_FILES_MAX {
                break;
            }
            self.name(at, &name, joined(path, &name), depth);
        }
        self.ignored.leave();
    }

    fn name(&mut self, at: &OwnedFd, name: &str, path: String, depth: usize) {
        // silent-ok: it has gone since its name was read
        let Ok((kind, bytes)) = kind(at, name) else { return };
        if name.starts_with('.') || self.ignored.leaves_out(&path, kind == Kind::Folder) {
            return;
        }
        match kind {
            Kind::Folder if depth + 1 < DEPTH_MAX => {
                if let Ok(below) = open_folder(at, name) {
                    self.folder(&below, &path, depth + 1);
                }
            }
            Kind::File if bytes <= OPTED_BYTES_MAX && self.globs.is_match(&path) => {
                // silent-ok: as above
                let Ok((_, stat)) = open_file(at, name) else { return };
                let modified_ms = stat.st_mtime.saturating_mul(1_000);
                let state = format!("{}-{}-{}.{}", stat.st_ino, bytes, stat.st_ctime, stat.st_ctime_nsec);
                self.found.push(OptedFile { path, state, modified_ms });
            }
            _ => {}
        }
    }
}

fn compiled(glob: &str) -> Option<globset::Glob> {
    // By its name anywhere, or by its path if it has a slash.
    let anywhere = if glob.contains('/') { glob.to_owned() } else { format!("**/{glob}") };
    // silent-ok: what is no glob is refused when it is set
    GlobBuilder::new(&anywhere).literal_separator(true).build().ok()
}

#[cfg(test)]
mod tests;
