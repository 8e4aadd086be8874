//! Why a skill is not made, changed or found.

use std::io;

use super::SkillProblem;
use crate::db::DbError;
use crate::identity::KeyReused;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum SkillError {
    /// The text is no valid `SKILL.md`.
    #[error(transparent)]
    Invalid(#[from] SkillProblem),
    /// A file beside it has a bad path, or there are too many or too large ones.
    #[error("{0}")]
    Files(String),
    /// There is a skill with this name.
    #[error("there is a skill with this name already")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are {} skills, and no more are read; remove some first", super::SKILLS_MAX)]
    TooMany,
    /// It was changed since the caller read it.
    #[error("the skill was changed by somebody else; read it again")]
    Stale,
    /// There is none.
    #[error("no such skill")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
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
