//! Why something about models is not done.

use crate::db::DbError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// A field is not what it must be.
    #[error("`{field}` {why}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What it must be.
        why: String,
    },
    /// No backend of this name has this provider.
    #[error("no such backend")]
    NotFound,
    /// The store said no.
    #[error(transparent)]
    Store(#[from] DbError),
}
