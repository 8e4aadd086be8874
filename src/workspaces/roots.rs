//! Folders of people that a workspace may work in: existing ones of this user, and none that the system, the daemon or
//! a person's keys live in.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use crate::config::Home;

/// Longest path, in bytes.
const PATH_BYTES_MAX: usize = 4_096;
/// The system's own places, with everything below them.
const OF_SYSTEM: [&str; 17] = [
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/proc", "/run", "/sbin",
    "/snap", "/sys", "/usr", "/var", "/System",
];

/// Why a folder is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoRoot {
    /// Not from the root on, too long, or with characters that no text should have.
    #[error("must be an absolute path of at most 4,096 bytes without control characters")]
    NoPath,
    /// Nothing is there, or a file.
    #[error("must be a folder that exists")]
    NoFolder,
    /// Somebody else's.
    #[error("must belong to the user that capuchin runs as")]
    Foreign,
    /// The system's, or all of a person's.
    #[error("is too wide: name a folder of a project, not a disk, a home or a part of the system")]
    TooWide,
    /// A hidden one.
    #[error("is inside of a hidden folder, where programs keep keys and settings; name another one")]
    Hidden,
    /// The daemon's own.
    #[error("is where capuchin keeps its own files, or has them inside; name another one")]
    OfDaemon,
}

/// The folder as it is, without links on the way, if a workspace may work in it. Blocks.
pub(super) fn check(text: &str, home: &Home) -> Result<PathBuf, NoRoot> {
    let path = Path::new(text);
    if !path.is_absolute() || text.len() > PATH_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(NoRoot::NoPath);
    }
    let path = std::fs::canonicalize(path).map_err(|_| NoRoot::NoFolder)?;
    let found = std::fs::symlink_metadata(&path).map_err(|_| NoRoot::NoFolder)?;
    if !found.is_dir() || path.to_str().is_none() {
        return Err(NoRoot::NoFolder);
    }
    if is_too_wide(&path) {
        return Err(NoRoot::TooWide);
    }
    let own = home.folders().filter_map(|own| std::fs::canonicalize(own).ok());
    if own.into_iter().any(|own| own.starts_with(&path) || path.starts_with(&own)) {
        return Err(NoRoot::OfDaemon);
    }
    if path
        .components()
        .any(|part| matches!(part, Component::Normal(name) if name.as_encoded_bytes().starts_with(b".")))
    {
        return Err(NoRoot::Hidden);
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(NoRoot::Foreign);
    }
    Ok(path)
}

fn is_too_wide(path: &Path) -> bool {
    let is_top = path.components().count() <= 2;
    let of_system = OF_SYSTEM.iter().any(|own| path.starts_with(own));
    let above_homes = path.parent() == Some(Path::new("/home")) || path.parent() == Some(Path::new("/Users"));
    let user = etcetera::home_dir().ok().and_then(|home| std::fs::canonicalize(home).ok());
    is_top || of_system || above_homes || user.is_some_and(|home| home.starts_with(path))
}

#[cfg(test)]
mod tests;
