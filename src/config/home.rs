//! The home: where a daemon keeps its settings, keys, data, cache and sockets.
//!
//! `--home DIR` (or `CAPUCHIN_HOME`) puts all five under one folder, so that several daemons live on
//! one machine; without it they are in the user's XDG folders. The folders hold the person's
//! conversations and the control socket, whose permission is the folder's mode: they are made 0700,
//! and a folder that another user could write to, or that is a symbolic link, is refused.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::protocol::ids::{TenantId, WorkspaceId};

const APP: &str = "capuchin";
const FOLDER_MODE: u32 = 0o700;
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// `sun_path` has 108 bytes with its final zero.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Where everything of one daemon is. Cheap enough to clone; the folders may not exist yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Home {
    /// Settings.
    pub config: PathBuf,
    /// What opens the data: never in the data folder, so that a copy of the data is of no use alone.
    pub keys: PathBuf,
    /// The database, and whatever must survive.
    pub data: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
    /// Sockets, lock and state of the running daemon.
    pub run: PathBuf,
    root: Option<PathBuf>,
}

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// There is no home folder of the user to put it in.
    #[error("no home folder is known for this user; give one with --home DIR")]
    Unknown(#[source] etcetera::HomeDirError),
    /// A folder is a symbolic link.
    #[error("{} is a symbolic link; give the folder that it points to with --home", .0.display())]
    Symlink(PathBuf),
    /// Something else is in its place.
    #[error("{} is not a folder; move it away or give another --home", .0.display())]
    NotAFolder(PathBuf),
    /// Others may write to a folder.
    #[error("{} can be written to by other users; run: chmod 700 {}", .0.display(), .0.display())]
    WritableByOthers(PathBuf),
    /// A folder belongs to somebody else.
    #[error("{} belongs to another user (uid {uid}); run capuchin as that user or give another --home", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// The path of the control socket does not fit into a socket address.
    #[error("{} is too long for a socket ({SOCKET_PATH_BYTES_MAX} bytes at most); give a shorter --home", .0.display())]
    PathTooLong(PathBuf),
    /// A folder could not be made or looked at.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

// === impl Home ===

impl Home {
    /// The home under this folder, or the user's own when there is none. Touches nothing.
    ///
    /// # Errors
    /// [`HomeError::Unknown`] when the user has no home folder, [`HomeError::Io`] when `root` is
    /// relative and the current folder is gone.
    pub fn locate(root: Option<&Path>) -> Result<Self, HomeError> {
        match root {
            Some(root) => std::path::absolute(root)
                .map(|root| Self::under(&root))
                .map_err(|source| HomeError::Io { path: root.to_owned(), source }),
            None => Self::of_user(),
        }
    }

    fn under(root: &Path) -> Self {
        Self {
            config: root.join("config"),
            keys: root.join("keys"),
            data: root.join("data"),
            cache: root.join("cache"),
            run: root.join("run"),
            root: Some(root.to_owned()),
        }
    }

    fn of_user() -> Result<Self, HomeError> {
        let base = etcetera::choose_base_strategy().map_err(HomeError::Unknown)?;
        let data = base.data_dir().join(APP);
        let run = base.runtime_dir().map_or_else(|| data.join("run"), |dir| dir.join(APP));
        let config = base.config_dir().join(APP);
        Ok(Self {
            keys: config.join("keys"),
            config,
            cache: base.cache_dir().join(APP),
            run,
            data,
            root: None,
        })
    }

    /// Makes the folders that are missing and refuses those that are not safe.
    ///
    /// # Errors
    /// The first folder that cannot be used, with what to do about it.
    pub fn prepare(&self) -> Result<(), HomeError> {
        let socket = self.control_socket();
        if socket.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
            return Err(HomeError::PathTooLong(socket));
        }
        self.folders().try_for_each(prepare_folder)
    }

    /// The folders, outermost first.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        let own = [&self.config, &self.keys, &self.data, &self.cache, &self.run];
        self.root.iter().chain(own).map(PathBuf::as_path)
    }

    /// Whether a daemon has ever kept data here.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.database().exists()
    }

    /// The folder that `--home` named.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// How a person names this home in a sentence.
    #[must_use]
    pub fn describe(&self) -> std::path::Display<'_> {
        self.root.as_deref().unwrap_or(&self.data).display()
    }

    /// The settings file.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The folder of our own certificates.
    #[must_use]
    pub fn certificates(&self) -> PathBuf {
        self.config.join("certificates")
    }

    /// The file that overrides the compiled-in supervision tree.
    #[must_use]
    pub fn supervision_file(&self) -> PathBuf {
        self.config.join("supervision.toml")
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.data.join("capuchin.db")
    }

    /// What people write for their assistants: one folder per assistant, named by its id.
    #[must_use]
    pub fn assistants(&self) -> PathBuf {
        self.data.join("assistants")
    }

    /// What assistants remember, when Markdown files keep it and no setting names another folder.
    #[must_use]
    pub fn memory(&self) -> PathBuf {
        self.data.join("memory")
    }

    /// Skills of every assistant of a tenant, each in a folder of its name.
    #[must_use]
    pub fn skills(&self, tenant: &TenantId) -> PathBuf {
        self.data.join("skills").join(tenant.as_str())
    }

    /// The files of all workspaces: programs may be given some below it, as they may be below that of experiments, and nowhere else of the daemon's own.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.data.join("files")
    }

    /// Records of running child processes, and their folders for temporary files.
    #[must_use]
    pub fn cages(&self) -> PathBuf {
        self.cache.join("cages")
    }

    /// The indexes of full text, a folder per tenant. They are made again from the database.
    #[must_use]
    pub fn search(&self) -> PathBuf {
        self.cache.join("search")
    }

    /// The folder of a workspace's files. It may not exist yet.
    #[must_use]
    pub fn workspace_folder(&self, tenant: &TenantId, workspace: WorkspaceId) -> PathBuf {
        self.files().join(tenant.as_str()).join(workspace.to_string())
    }

    /// The files of experiments: a folder per tenant, in it one per experiment.
    #[must_use]
    pub fn experiments(&self) -> PathBuf {
        self.data.join("experiments")
    }

    /// Folders of programs with an agent of their own: what they know of their sessions, and their logins.
    #[must_use]
    pub fn coders(&self) -> PathBuf {
        self.data.join("coders")
    }

    /// Transcripts of processes: one folder per tenant.
    #[must_use]
    pub fn processes(&self) -> PathBuf {
        self.data.join("processes")
    }

    /// The key of the vault, unless a setting names another file.
    #[must_use]
    pub fn vault_key_file(&self) -> PathBuf {
        self.keys.join("vault.key")
    }

    /// Keys of what is known about people, each destroyed when its person is forgotten.
    #[must_use]
    pub fn people_keys(&self) -> PathBuf {
        self.keys.join("people")
    }

    /// Heads of the audit trail, kept apart from the database so that who changes the one does not have the other.
    #[must_use]
    pub fn audit_anchors(&self) -> PathBuf {
        self.config.join("audit-anchors.jsonl")
    }

    /// The log of a daemon that runs in the background.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.data.join("capuchin.log")
    }

    /// The socket on which a running daemon takes commands of its owner.
    #[must_use]
    pub fn control_socket(&self) -> PathBuf {
        self.run.join("control.sock")
    }

    /// The file that a running daemon holds locked. It is in the data folder, because that is what
    /// two daemons must never share.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.data.join("daemon.lock")
    }

    /// What a running daemon says about itself.
    #[must_use]
    pub fn daemon_file(&self) -> PathBuf {
        self.run.join("daemon.json")
    }
}

/// Whether this folder is safe to keep private things in.
///
/// # Errors
/// What is wrong with it.
pub fn check_folder(path: &Path) -> Result<Metadata, HomeError> {
    let found =
        std::fs::symlink_metadata(path).map_err(|source| HomeError::Io { path: path.to_owned(), source })?;
    if found.is_symlink() {
        return Err(HomeError::Symlink(path.to_owned()));
    }
    if !found.is_dir() {
        return Err(HomeError::NotAFolder(path.to_owned()));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(HomeError::Foreign { path: path.to_owned(), uid: found.uid() });
    }
    if found.permissions().mode() & WRITABLE_BY_OTHERS != 0 {
        return Err(HomeError::WritableByOthers(path.to_owned()));
    }
    Ok(found)
}

/// Makes a private folder with those above it, where it is missing.
///
/// # Errors
/// As [`check_folder`], and when it cannot be made.
pub fn prepare_folder(path: &Path) -> Result<(), HomeError> {
    let missing = std::fs::symlink_metadata(path).is_err_and(|e| e.kind() == io::ErrorKind::NotFound);
    if missing {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(path)
            .map_err(|source| HomeError::Io { path: path.to_owned(), source })?;
    }
    check_folder(path).map(|_| ())
}

#[cfg(test)]
mod tests;
