//! One job of the writer: a closure, its outcome, and who waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::error::DbError;
use super::scope::{Beside, Hook, Scope, Tx};

/// A job as the writer sees it.
pub(super) trait Job: Send {
    /// Does the work inside the open transaction.
    fn run(&mut self, conn: &Connection, beside: Beside<'_>) -> Ran;

    /// Tells whoever waits: its own outcome after a good commit, else why there was none.
    fn answer(&mut self, commit: Result<(), &DbError>);

    /// Runs what waited for the commit.
    fn after_commit(&mut self);
}

/// What came of a job's work.
pub(super) struct Ran {
    /// Whether its changes are wanted.
    pub(super) keep: bool,
    /// What its statements saw of the disk.
    pub(super) trouble: Option<DbError>,
}

/// A closure on its way to the writer.
pub(super) struct WriteJob<S, F, T, E> {
    pub(super) scope: Option<S>,
    pub(super) work: Option<F>,
    pub(super) reply: Option<oneshot::Sender<Result<T, E>>>,
    pub(super) outcome: Option<Result<T, E>>,
    pub(super) hooks: Vec<Hook>,
}

// === impl WriteJob ===

impl<S, F, T, E> WriteJob<S, F, T, E> {
    pub(super) fn new(scope: S, work: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        let job = Self {
            scope: Some(scope),
            work: Some(work),
            reply: Some(reply),
            outcome: None,
            hooks: Vec::new(),
        };
        (job, answer)
    }
}

impl<S, F, T, E> Job for WriteJob<S, F, T, E>
where
    S: Scope + Send,
    F: FnOnce(&mut Tx<'_, S>) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, conn: &Connection, beside: Beside<'_>) -> Ran {
        let (Some(scope), Some(work)) = (self.scope.take(), self.work.take()) else {
            return Ran { keep: false, trouble: None };
        };
        let mut tx = Tx::new(conn, scope, beside);
        // The closure may leave its own captures torn, and nobody sees them again.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut tx)))
            .unwrap_or_else(|_| Err(DbError::Panicked.into()));
        let (hooks, trouble) = tx.finish();
        let keep = outcome.is_ok() && trouble.is_none();
        if keep {
            self.hooks = hooks;
        }
        self.outcome = Some(match (&trouble, outcome) {
            (Some(trouble), Ok(_)) => Err(trouble.clone().into()),
            (_, outcome) => outcome,
        });
        Ran { keep, trouble }
    }

    fn answer(&mut self, commit: Result<(), &DbError>) {
        let Some(reply) = self.reply.take() else { return };
        let outcome = match commit {
            Ok(()) => self.outcome.take().unwrap_or_else(|| Err(DbError::Unavailable.into())),
            Err(error) => Err(error.clone().into()),
        };
        // silent-ok: the caller went away; its write is durable all the same.
        let _ = reply.send(outcome);
    }

    fn after_commit(&mut self) {
        for hook in self.hooks.drain(..) {
            if catch_unwind(AssertUnwindSafe(hook)).is_err() {
                tracing::error!("a hook of a committed job crashed");
            }
        }
    }
}
