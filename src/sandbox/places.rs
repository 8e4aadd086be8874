//! Which places of the file system a child is given, and which never.

use std::path::{Path, PathBuf};

use super::error::SandboxError;
use super::plan::{Access, Place};
use super::profile::Profile;

/// Places of the system's own making: a cage has its own.
const SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What the daemon keeps for itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden {
    /// Never in sight.
    folders: Vec<PathBuf>,
    /// Below those, and yet to be given: where workspaces are.
    shared: Vec<PathBuf>,
}

// === impl Hidden ===

impl Hidden {
    pub(super) fn new(folders: Vec<PathBuf>, shared: Vec<PathBuf>) -> Self {
        Self { folders, shared }
    }

    /// The places of this profile, outermost first. `masks`: whether a hidden folder below a given one can be covered.
    pub(super) fn resolve(&self, profile: &Profile, masks: bool) -> Result<Vec<Place>, SandboxError> {
        let mut places = Vec::new();
        let given = profile.write.iter().map(|path| (path, Access::Write));
        for (path, access) in given.chain(profile.read.iter().map(|path| (path, Access::Read))) {
            let path = real(path)?;
            if self.holds(&path) {
                return Err(refused(&path, "it is where the daemon keeps its own data"));
            }
            let below = self.folders().filter(|folder| folder.starts_with(&path));
            for folder in below {
                if !masks {
                    return Err(refused(&path, "the daemon's own data is below it"));
                }
                push(&mut places, folder, Access::Hidden);
            }
            push(&mut places, path, access);
        }
        places.sort_by_key(|place: &Place| place.path.components().count());
        Ok(places)
    }

    /// Whether this is the daemon's own.
    fn holds(&self, path: &Path) -> bool {
        let shared = |folder: &Path| {
            self.shared
                .iter()
                .map(|shared| existing(shared))
                .any(|shared| shared.starts_with(folder) && path.starts_with(&shared) && path != shared)
        };
        self.folders().any(|folder| path.starts_with(&folder) && !shared(&folder))
    }

    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        self.folders.iter().map(|folder| existing(folder))
    }
}

fn push(places: &mut Vec<Place>, path: PathBuf, access: Access) {
    if places.iter().all(|place| place.path != path) {
        places.push(Place { path, access });
    }
}

/// A working folder must be one of the places, or below one.
pub(super) fn working_folder(cwd: &Path, places: &[Place]) -> Result<PathBuf, SandboxError> {
    let real = cwd.canonicalize().map_err(|source| unreadable(cwd, source))?;
    let mut around: Vec<&Place> = places.iter().filter(|place| real.starts_with(&place.path)).collect();
    around.sort_by_key(|place| place.path.components().count());
    match around.last() {
        Some(place) if place.access != Access::Hidden => Ok(real),
        _ => Err(refused(cwd, "the working folder is not among the folders of the program")),
    }
}

/// The path without links in it. A link in the last place is refused: somebody could have put it there.
fn real(path: &Path) -> Result<PathBuf, SandboxError> {
    let found = std::fs::symlink_metadata(path).map_err(|source| unreadable(path, source))?;
    if found.is_symlink() {
        return Err(refused(path, "it is a symbolic link"));
    }
    let path = path.canonicalize().map_err(|source| unreadable(path, source))?;
    if path == Path::new("/") {
        return Err(refused(&path, "it is everything"));
    }
    if SYSTEM.iter().any(|system| path.starts_with(system)) {
        return Err(refused(&path, "it belongs to the system"));
    }
    Ok(path)
}

/// The path without links, as far as it exists.
fn existing(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn refused(path: &Path, why: &'static str) -> SandboxError {
    SandboxError::Path { path: path.to_owned(), why }
}

fn unreadable(path: &Path, source: std::io::Error) -> SandboxError {
    SandboxError::Unreadable { path: path.to_owned(), source }
}
