//! Why an agent file is not read or written.

use std::io;

use super::FILE_BYTES_MAX;
use crate::assistants::AssistantError;
use crate::db::DbError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is longer than a file may be.
    #[error("has at most {FILE_BYTES_MAX} bytes")]
    TooLong,
    /// It was changed since the caller read it.
    #[error("the file was changed by somebody else; read it again")]
    Stale,
    /// The assistant is not there.
    #[error(transparent)]
    Assistant(#[from] AssistantError),
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// What was used.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The store said no.
    #[error(transparent)]
    Store(#[from] DbError),
}
