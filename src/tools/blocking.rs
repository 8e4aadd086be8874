//! Work on a thread of its own, which notices that nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::ToolError;

/// Says when work that looks at many things must end.
#[derive(Clone)]
pub(super) struct Stop {
    gone: Arc<AtomicBool>,
    deadline: Instant,
}

/// Tells the thread when the future that waits for it is dropped.
struct Waiting(Arc<AtomicBool>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Stop {
    /// One that ends after this time.
    pub(super) fn after(time: Duration) -> Self {
        Self { gone: Arc::default(), deadline: Instant::now() + time }
    }

    /// Whether to end now.
    pub(super) fn is_due(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }
}

/// Runs this on a thread that may block. `time` is for the work to keep by looking at its [`Stop`].
pub(super) fn blocking<T: Send + 'static>(
    time: Duration,
    work: impl FnOnce(&Stop) -> Result<T, ToolError> + Send + 'static,
) -> BoxFuture<'static, Result<T, ToolError>> {
    async move {
        let stop = Stop::after(time);
        let _waiting = Waiting(Arc::clone(&stop.gone));
        let done = tokio::task::spawn_blocking(move || work(&stop)).await;
        done.unwrap_or_else(|_| Err(ToolError::Failed("the tool itself broke".to_owned())))
    }
    .boxed()
}
