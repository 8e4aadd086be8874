//! Why a workspace or a thread is not made, changed or found.

use super::files::FileError;
use super::roots::NoRoot;
use crate::config::home::HomeError;
use crate::db::DbError;
use crate::identity::KeyReused;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// A field is empty, too long, or has control characters.
    #[error("has {chars_min} to {chars_max} characters and no control characters")]
    Field {
        /// Its name.
        field: &'static str,
        /// Its fewest characters.
        chars_min: usize,
        /// Its most characters.
        chars_max: usize,
    },
    /// The workspace or the assistant that a field names does not exist.
    #[error("names nothing that exists")]
    Unknown {
        /// The field's name.
        field: &'static str,
    },
    /// Globs that mean nothing, or too many of them.
    #[error("is a list of up to 50 globs of 1 to 200 bytes, below the folder of the workspace")]
    Globs,
    /// Another workspace has this name.
    #[error("another workspace has this name")]
    NameTaken,
    /// It was changed since the caller read it.
    #[error("it was changed by somebody else; read it again")]
    Stale,
    /// The default workspace stays.
    #[error("the default workspace cannot be deleted")]
    IsDefault,
    /// There is none that this caller can see.
    #[error("no such workspace or thread")]
    NotFound,
    /// A folder that no workspace works in.
    #[error(transparent)]
    Root(#[from] NoRoot),
    /// Its folder is not there, or not safe to use.
    #[error(transparent)]
    Folder(#[from] HomeError),
    /// A file of it.
    #[error(transparent)]
    File(#[from] FileError),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl From<DbError> for WorkspaceError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Duplicate(_) => Self::NameTaken,
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// A text of `chars_min` to `chars_max` characters without control characters, trimmed.
pub(super) fn checked(
    field: &'static str,
    text: &str,
    (chars_min, chars_max): (usize, usize),
) -> Result<String, WorkspaceError> {
    let text = text.trim();
    let fits = (chars_min..=chars_max).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(WorkspaceError::Field { field, chars_min, chars_max })
}
