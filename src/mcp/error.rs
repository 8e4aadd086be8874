//! Why a server is not added, changed or found.

use std::borrow::Cow;

use crate::db::DbError;
use crate::identity::KeyReused;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum McpError {
    /// A field is not what it must be.
    #[error("{why}")]
    Field {
        /// Its path.
        field: Cow<'static, str>,
        /// What it must be.
        why: &'static str,
    },
    /// Another server has this name, or one that differs in `-` and `_` only.
    #[error("another server has this name")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are {0} servers already, and no more can run")]
    TooMany(usize),
    /// It was changed since the caller read it.
    #[error("the server was changed by somebody else; read it again")]
    Stale,
    /// There is none.
    #[error("no such server")]
    NotFound,
    /// The workspace does not exist.
    #[error("there is no such workspace")]
    NoWorkspace,
    /// What was to be accepted is not what the server says now.
    #[error("`{0}` is not what the server offers now; look at its tools again")]
    OtherTool(String),
    /// The text to import is not the JSON that other products have.
    #[error("this is not the `mcpServers` JSON of other products: {0}")]
    NotMcpServers(&'static str),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl McpError {
    pub(super) fn field(field: impl Into<Cow<'static, str>>, why: &'static str) -> Self {
        Self::Field { field: field.into(), why }
    }
}

impl From<DbError> for McpError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Duplicate(_) => Self::NameTaken,
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}
