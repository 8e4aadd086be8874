//! Why a question is not asked, decided or used.

use crate::db::DbError;
use crate::identity::KeyReused;
use crate::policy::PolicyError;

use super::approval::Approval;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// There is nothing to approve.
    #[error("names at least one action")]
    Empty,
    /// Too much for a person to read.
    #[error(
        "is longer than {} bytes when it is shown, too long for a person to judge",
        super::SHOWN_BYTES_MAX
    )]
    TooLong,
    /// The reason, or the explanation, is too long or has control characters.
    #[error("has at most 500 characters on one line")]
    Text {
        /// Which field.
        field: &'static str,
    },
    /// Too many wait.
    #[error("{} questions wait already; decide some of them first", super::APPROVALS_PENDING_MAX)]
    TooMany,
    /// It was decided, or expired.
    #[error("{}", decided(.0))]
    Decided(Box<Approval>),
    /// The program that caused it cannot decide it.
    #[error("this token caused the question and cannot decide it; a person has to")]
    Own,
    /// A lasting decision changes the policy.
    #[error("`allow_always` changes the policy, which needs the scope `admin`; `allow` is for this once")]
    NeedsAdmin,
    /// It belongs to no thread.
    #[error("belongs to no conversation, so it cannot be allowed for one")]
    NoThread,
    /// It is not allowed, was used, or is about something else.
    #[error("the action was not approved as it would be done")]
    NotApproved,
    /// There is none.
    #[error("no such approval")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The rule that it would make is refused.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl From<DbError> for ApprovalError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

fn decided(approval: &Approval) -> String {
    let how = approval.state.as_str();
    match (&approval.decided_by, approval.reason.as_str()) {
        (Some(by), "") => format!("it was {how} by {by} already"),
        (Some(by), reason) => format!("it was {how} by {by} already: {reason}"),
        (None, _) => format!("it has {how}: nobody decided in time, so it was denied"),
    }
}
