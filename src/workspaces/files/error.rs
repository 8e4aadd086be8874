//! Why a file of a workspace is not read or changed, in words from which a person or a model can do better.

use std::io;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The text is no path.
    #[error("the path {0}")]
    NoPath(&'static str),
    /// The path leads elsewhere.
    #[error("{0} is outside the workspace; files are named relative to the workspace, such as notes/a.md")]
    Outside(String),
    /// The path means the workspace itself.
    #[error("the workspace itself is a folder; list_files shows it")]
    Workspace,
    /// Nothing has this name.
    #[error("there is no {0} in the workspace")]
    Missing(String),
    /// A folder where a file is meant.
    #[error("{0} is a folder; list_files shows it")]
    IsFolder(String),
    /// A file where a folder is meant.
    #[error("{0} is not a folder")]
    NoFolder(String),
    /// A folder that has something in it.
    #[error("{0} is a folder with something in it")]
    NotEmpty(String),
    /// A device, a pipe or a socket.
    #[error("{0} is not a plain file")]
    NotPlain(String),
    /// A symbolic link.
    #[error("{0} is a symbolic link, and links are not followed; name the file itself")]
    Link(String),
    /// The system's permissions.
    #[error("the permissions of {0} do not allow it")]
    Denied(String),
    /// More than the reader takes.
    #[error("{path} is larger than {kib_max} KiB, the most that is taken here")]
    TooLarge {
        /// Which.
        path: String,
        /// The limit.
        kib_max: u64,
    },
    /// It is not what the caller saw.
    #[error("{0} has changed since it was read; read it again and repeat the change")]
    Changed(String),
    /// What the system says.
    #[error("{path}: {source}")]
    Broken {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl FileError {
    pub(super) fn broken(path: &(impl ToString + ?Sized), source: impl Into<io::Error>) -> Self {
        Self::Broken { path: path.to_string(), source: source.into() }
    }
}
