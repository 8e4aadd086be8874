//! `Carry`: work that waits in the store, of which one piece per lane is done at a time.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

use futures::future::BoxFuture;

/// What is to be done now.
pub struct Due<C: Carry> {
    /// The next piece of each lane that has one and is not busy.
    pub jobs: Vec<(C::Lane, C::Job)>,
    /// Time until the next piece is due; `None` when nothing waits.
    pub next: Option<Duration>,
}

/// What waits could not be read, for people. It is asked again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct CarryError(pub String);

/// See the module.
pub trait Carry: Send + Sync + Sized + 'static {
    /// What is done in order: pieces of one lane never overlap.
    type Lane: Clone + Eq + Hash + Debug + Send + Sync + 'static;
    /// One piece of work.
    type Job: Send + 'static;

    /// What is due and in no busy lane.
    fn due(&self, busy: &HashSet<Self::Lane>) -> BoxFuture<'static, Result<Due<Self>, CarryError>>;

    /// Does one piece and writes down what came of it, however it ends. It may be dropped at any point; what was not
    /// written down is due again.
    fn carry(&self, job: Self::Job) -> BoxFuture<'static, ()>;

    /// Resolves once `due` may have another answer. A change between two calls counts for the second.
    fn changed(&self) -> BoxFuture<'static, ()>;
}
