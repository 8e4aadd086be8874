//! Why a rule is not made, and why an action is not judged.

use crate::db::DbError;

/// A pattern that means nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadPattern {
    /// It has no character.
    #[error("a pattern is not empty; leave the field out to match everything")]
    Empty,
    /// It is longer than [`PATTERN_CHARS_MAX`](super::PATTERN_CHARS_MAX).
    #[error("a pattern has at most {} characters", super::PATTERN_CHARS_MAX)]
    Long,
    /// It has a control character.
    #[error("a pattern has no control characters")]
    Control,
    /// It ends with a lone `\`.
    #[error("`\\` stands before the character that it makes literal")]
    Escape,
    /// It has a `.` or `..` segment.
    #[error("a path pattern has no `.` and no `..`")]
    Dots,
    /// It starts with `~`.
    #[error("`~` is not known here; write the absolute path")]
    Home,
    /// It is no host.
    #[error("a host is a name, an address, `*.name` or `*`; other letters are written in punycode")]
    Host,
}

/// An action that cannot be judged, and is denied for that.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Malformed {
    /// An empty or overlong path, or one with control characters.
    #[error("the path is empty, too long, or has control characters")]
    Path,
    /// A path that starts with `~`.
    #[error("the path starts with `~`, which means different things to different programs")]
    Home,
    /// A relative path that leaves a workspace whose place is not known.
    #[error("the path leaves the workspace")]
    Escapes,
    /// No host.
    #[error("the host is no name and no address in its usual spelling")]
    Host,
    /// A word that is empty, overlong, or has control characters.
    #[error("`{0}` is empty, too long, or has control characters")]
    Word(&'static str),
}

/// Why a policy is not changed or read.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A field of a rule is wrong.
    #[error("{why}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The tenant has as many rules as it may have.
    #[error("there are {} rules already; remove one first", super::RULES_MAX)]
    TooMany,
    /// It was changed since the caller read it.
    #[error("the policy was changed by somebody else; read it again")]
    Stale,
    /// There is no such rule.
    #[error("no such rule")]
    NotFound,
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl From<DbError> for PolicyError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}
