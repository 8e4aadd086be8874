//! The private repository of an experiment, and the folders that iterations work in.
//!
//! | file | what |
//! |---|---|
//! | `walk` | a folder on the disk as a tree |
//! | `diff` | what two trees differ in |
//! | `apply` | a difference put into the workspace, or taken back |
//!
//! The repository is bare and below the home's data folder. Nothing in it runs: no hook, no filter, no attribute of
//! a project means anything here, and the `.git` of a person is neither read nor written. All calls block.
//!
//! **Invariant:** what is judged, measured and put into the workspace is the tree that was taken in, never the folder in
//! which a model worked.

mod apply;
mod diff;
mod walk;

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid, Repository, RepositoryInitOptions, Signature, Time};

use crate::config::home::prepare_folder;
use walk::{Rules, Walk};

/// Most files of a workspace.
pub const FILES_MAX: usize = 20_000;
/// Most bytes of them together: 256 MiB.
pub const BYTES_MAX: u64 = 256 << 20;
/// Most bytes of one: 32 MiB.
const FILE_BYTES_MAX: u64 = 32 << 20;
/// Most folders in each other.
const DEPTH_MAX: usize = 64;
const LINK: i32 = 0o120_000;
const PROGRAM: i32 = 0o100_755;
const FILE: i32 = 0o100_644;

/// Why the files of an experiment cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The system says no.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The repository says no.
    #[error("the repository of the experiment: {0}")]
    Git(#[from] git2::Error),
    /// There is more than an experiment takes.
    #[error("{0}; name what is not needed in .gitignore, or use a smaller workspace")]
    TooLarge(String),
    /// A name that is no UTF-8, or a thing that is neither a file nor a link.
    #[error("{0} is no file, no folder and no link with a name in UTF-8")]
    Odd(String),
    /// The workspace is not as it was any more.
    #[error("changed in the workspace meanwhile: {}", .0.join(", "))]
    Conflict(Vec<String>),
    /// It broke in the middle.
    #[error("the work was cut off")]
    CutOff,
}

impl WorkError {
    fn io(path: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_string();
        move |source| Self::Io { path, source }
    }
}

/// The files of one experiment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Workbench {
    folder: PathBuf,
}

// === impl Workbench ===

impl Workbench {
    /// The files below this folder. Touches nothing.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn repository(&self) -> PathBuf {
        self.folder.join("repository.git")
    }

    /// The folder with this name.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn open(&self) -> Result<Repository, WorkError> {
        Ok(Repository::open_bare(self.repository())?)
    }

    /// Takes in the files of a workspace but for what its `.gitignore` leaves out; uncommitted ones, too. The commit.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn snapshot(&self, workspace: &Path) -> Result<String, WorkError> {
        let made = |error| WorkError::Io {
            path: self.folder.display().to_string(),
            source: io::Error::other(error),
        };
        prepare_folder(&self.folder).map_err(made)?;
        let mut options = RepositoryInitOptions::new();
        options.bare(true).external_template(false).mkpath(true);
        let repository = Repository::init_opts(self.repository(), &options)?;
        let tree = Walk::new(&repository, Rules::Disk).whole(workspace)?;
        let commit = commit(&repository, tree, None, "base")?;
        self.sync()?;
        Ok(commit.to_string())
    }

    /// Makes a fresh folder with the files of a commit.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn checkout(&self, commit: &str, name: &str) -> Result<PathBuf, WorkError> {
        let (repository, folder) = (self.open()?, self.path(name));
        self.remove(name)?;
        let made =
            |error| WorkError::Io { path: folder.display().to_string(), source: io::Error::other(error) };
        prepare_folder(&folder).map_err(made)?;
        let tree = repository.find_commit(Oid::from_str(commit)?)?.tree()?;
        write_tree(&repository, &tree, &folder)?;
        Ok(folder)
    }

    /// Takes in a folder as it is now, as a commit behind this one. What the `.gitignore` files *of that commit* leave
    /// out is left out, whatever the folder has made of them.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn take_in(&self, name: &str, parent: &str) -> Result<String, WorkError> {
        let repository = self.open()?;
        let parent = repository.find_commit(Oid::from_str(parent)?)?;
        let rules = Rules::Tree(parent.tree()?);
        let tree = Walk::new(&repository, rules).whole(&self.path(name))?;
        Ok(commit(&repository, tree, Some(&parent), name)?.to_string())
    }

    /// Whether a folder is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.path(name).is_dir()
    }

    /// Removes a folder with everything in it.
    ///
    /// # Errors
    /// [`WorkError`]; then some of it is still there.
    pub fn remove(&self, name: &str) -> Result<(), WorkError> {
        remove_all(&self.path(name)).map_err(WorkError::io(name))
    }

    /// Removes every folder that iterations worked in. The repository stays.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn sweep(&self) -> Result<(), WorkError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(WorkError::io(self.folder.display()))?,
        };
        for entry in entries {
            let path = entry.map_err(WorkError::io(self.folder.display()))?.path();
            if path != self.repository() {
                remove_all(&path).map_err(WorkError::io(path.display()))?;
            }
        }
        Ok(())
    }

    /// Removes all of it.
    ///
    /// # Errors
    /// [`WorkError`].
    pub fn destroy(&self) -> Result<(), WorkError> {
        remove_all(&self.folder).map_err(WorkError::io(self.folder.display()))
    }

    /// What was written is on the disk afterwards: it may be all that can put a workspace back.
    fn sync(&self) -> Result<(), WorkError> {
        let file = fs::File::open(self.repository()).map_err(WorkError::io("the repository"))?;
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(&file).map_err(|error| WorkError::io("the repository")(error.into()))?;
        file.sync_all().map_err(WorkError::io("the repository"))
    }
}

fn commit(
    repository: &Repository,
    tree: Oid,
    parent: Option<&git2::Commit<'_>>,
    name: &str,
) -> Result<Oid, WorkError> {
    let seconds = jiff::Timestamp::now().as_second();
    let by = Signature::new("capuchin", "capuchin@localhost", &Time::new(seconds, 0))?;
    let tree = repository.find_tree(tree)?;
    let parents: Vec<&git2::Commit<'_>> = parent.into_iter().collect();
    let commit = repository.commit(None, &by, &by, name, &tree, &parents)?;
    repository.reference(&format!("refs/capuchin/{name}"), commit, true, name)?;
    Ok(commit)
}

/// Writes the files of a tree into a folder that is new and ours.
fn write_tree(repository: &Repository, tree: &git2::Tree<'_>, folder: &Path) -> Result<(), WorkError> {
    for entry in tree {
        let path = folder.join(entry.name()?);
        let failed = WorkError::io(path.display());
        match entry.kind() {
            Some(ObjectType::Tree) => {
                fs::create_dir(&path).map_err(failed)?;
                write_tree(repository, &repository.find_tree(entry.id())?, &path)?;
            }
            Some(ObjectType::Blob) => {
                let blob = repository.find_blob(entry.id())?;
                write_blob(blob.content(), entry.filemode(), &path).map_err(failed)?;
            }
            _ => return Err(WorkError::Odd(path.display().to_string())),
        }
    }
    Ok(())
}

fn write_blob(content: &[u8], mode: i32, path: &Path) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::ffi::OsStrExt as _;
    if mode == LINK {
        return symlink(std::ffi::OsStr::from_bytes(content), path);
    }
    let mode = if mode == PROGRAM { 0o755 } else { 0o644 };
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content)
}

/// Removes what is there, also where a program took its own permissions away.
fn remove_all(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_up(path, 0)?;
            fs::remove_dir_all(path)
        }
        removed => removed,
    }
}

fn open_up(folder: &Path, depth: usize) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    if depth > DEPTH_MAX {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path(), depth + 1)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
