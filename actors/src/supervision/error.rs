//! Why a call to a supervisor is refused.

use std::time::Duration;

use ractor::ActorCell;

use super::child::StartError;
use super::spec::SpecError;

/// Why a call to a supervisor is refused. Each variant is a decision that the caller can take.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// No such child, or no such supervisor on the path.
    #[error("no such child")]
    NotFound,
    /// It runs already; this is its process.
    #[error("already started")]
    AlreadyStarted(ActorCell),
    /// It is known but does not run: restart or delete it instead.
    #[error("already present")]
    AlreadyPresent,
    /// It runs, so it can be neither deleted nor restarted as a stopped child.
    #[error("running")]
    Running,
    /// It is about to be started again.
    #[error("restarting")]
    Restarting,
    /// It is being stopped.
    #[error("stopping")]
    Stopping,
    /// It has spent its restart budget and stays down until it is released.
    #[error("quarantined: {reason}")]
    Quarantined {
        /// How it ended last.
        reason: String,
        /// When the timer releases it, if there is one.
        retry_in: Option<Duration>,
    },
    /// It is not in quarantine.
    #[error("not quarantined")]
    NotQuarantined,
    /// The supervisor has as many children as it accepts.
    #[error("the supervisor accepts at most {0} children")]
    MaxChildren(usize),
    /// The specification of the child is invalid.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The child did not start.
    #[error(transparent)]
    Start(StartError),
    /// Children of a simple_one_for_one supervisor have no specification of their own.
    #[error("not possible under simple_one_for_one")]
    SimpleOneForOne,
    /// Only children of a simple_one_for_one supervisor are started from arguments.
    #[error("only possible under simple_one_for_one")]
    NotDynamic,
    /// The root is nobody's child: shut the tree down instead.
    #[error("the root is nobody's child")]
    IsRoot,
    /// The child survived its kill and was left behind.
    #[error("the child did not end even when killed")]
    Leaked,
    /// Too many requests wait for the supervisor already.
    #[error("the supervisor is busy")]
    Busy,
    /// The supervisor ended before it answered.
    #[error("the supervisor is gone")]
    Gone,
    /// The supervisor did not answer in time. The request may still be carried out.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
}
