//! One child: the contract of those who start it, and starting and stopping one incarnation.
//!
//! Starting is synchronous, as in OTP: the supervisor waits until the child runs or has failed,
//! so a start must be short; slow work belongs behind it. Stopping is asking, waiting for a
//! bounded time, then killing. A child that survives even that has a handler that never yields,
//! which nothing in the process can end; it is reported as leaked and left behind.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use ractor::{ActorCell, SpawnErr};
use tokio_util::sync::CancellationToken;

use super::exit::{SHUTDOWN, bounded};
use super::node::Node;
use super::path::ActorPath;
use super::snapshot::NodeView;
use super::spec::{ChildSpec, Shutdown, SpecError};
use super::tree::TreeHandle;

/// How long a killed child may take to end before it counts as leaked.
pub const KILL_GRACE: Duration = Duration::from_secs(2);

/// What the caller of `start_child` passes to the child's factory, on every restart again.
pub type Args = Arc<dyn Any + Send + Sync>;

/// An error of any type.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Starts incarnations of one kind of child.
pub trait StartChild: Send + Sync + 'static {
    /// Starts one incarnation, linked to `ctx.supervisor` (`Actor::spawn_linked`), and returns
    /// when it runs. Must not wait for the supervisor that called it.
    fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>>;
}

/// What a child is told when it starts.
#[derive(Clone)]
pub struct StartContext {
    /// Where it lives.
    pub path: ActorPath,
    /// The supervisor to link to.
    pub supervisor: ActorCell,
    /// 1 for the first start, one more for each attempt after it.
    pub incarnation: u64,
    /// The arguments of this child if it was started on demand, else those of `scope`.
    pub args: Option<Args>,
    /// The arguments of the nearest enclosing subtree that was started on demand.
    pub scope: Option<Args>,
    /// The whole tree, to reach siblings by path later; not to be waited for during the start.
    pub tree: TreeHandle,
}

/// What a successful start returns.
pub enum StartOutcome {
    /// The child runs.
    Started(Started),
    /// There is nothing to run now; not an error.
    Ignored,
}

/// A running child.
pub struct Started {
    pub(crate) live: Live,
}

/// Sub-nodes that a child shows of itself in snapshots. Must be quick and must not block.
pub type Probe = Arc<dyn Fn() -> Vec<NodeView> + Send + Sync>;

/// Why a child did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It said so.
    #[error("{0}")]
    Failed(#[source] BoxError),
    /// Its start function panicked.
    #[error("the start panicked: {0}")]
    Panicked(String),
    /// It took longer than its start timeout.
    #[error("not started within {0:?}")]
    TimedOut(Duration),
    /// It is a supervisor, and one of its children did not start.
    #[error("child `{id}` failed to start: {source}")]
    Child {
        /// Which child.
        id: Arc<str>,
        /// Why.
        source: Box<StartError>,
    },
    /// It is a supervisor with an invalid specification.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

/// The process of a running child, as its supervisor keeps it.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) cell: ActorCell,
    pub(crate) cancel: Option<CancellationToken>,
    pub(crate) node: Option<Arc<Node>>,
    pub(crate) probe: Option<Arc<Probe>>,
}

/// How a stop went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// It ended when asked.
    Gracefully,
    /// It was killed as its spec says.
    Brutally,
    /// It had to be killed because it did not end in time.
    Overdue,
    /// It did not even end when killed.
    Leaked,
}

// === impl Started ===

impl Started {
    /// A child that runs as `cell`.
    pub fn new(cell: ActorCell) -> Self {
        Self { live: Live { cell, cancel: None, node: None, probe: None } }
    }

    /// A token that is cancelled just before the child is asked to stop, so that a handler that
    /// is busy can notice: ractor delivers a stop only between messages.
    #[must_use]
    pub fn with_cancel(mut self, cancel: CancellationToken) -> Self {
        self.live.cancel = Some(cancel);
        self
    }

    /// Sub-nodes to show in snapshots.
    #[must_use]
    pub fn with_probe(mut self, probe: Probe) -> Self {
        self.live.probe = Some(Arc::new(probe));
        self
    }

    /// The child's process.
    pub fn cell(&self) -> &ActorCell {
        &self.live.cell
    }

    pub(crate) fn with_node(mut self, node: Arc<Node>) -> Self {
        self.live.node = Some(node);
        self
    }
}

impl From<Started> for StartOutcome {
    fn from(started: Started) -> Self {
        Self::Started(started)
    }
}

// === impl StartError ===

impl StartError {
    /// The start failed with this error.
    pub fn failed(error: impl Into<BoxError>) -> Self {
        Self::Failed(error.into())
    }
}

impl From<SpawnErr> for StartError {
    fn from(error: SpawnErr) -> Self {
        match error {
            SpawnErr::StartupFailed(inner) => {
                inner.downcast::<Self>().map_or_else(Self::Failed, |inner| *inner)
            }
            other => Self::Failed(Box::new(other)),
        }
    }
}

// === impl Live ===

impl Live {
    /// Asks for an orderly end.
    pub(crate) fn ask_to_stop(&self) {
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
        }
        self.cell.stop(Some(SHUTDOWN.to_owned()));
    }

    /// Kills it and, if it supervises, whatever it leaves behind. False if anything survived.
    pub(crate) async fn kill(&self) -> bool {
        self.cell.kill();
        let ended = self.cell.wait(Some(KILL_GRACE)).await.is_ok();
        match &self.node {
            Some(node) => node.reap().await && ended,
            None => ended,
        }
    }

    /// Stops it as `shutdown` says and waits for the end.
    pub(crate) async fn stop(&self, shutdown: Shutdown) -> Stopped {
        let by_spec = match shutdown {
            Shutdown::Brutal => Stopped::Brutally,
            Shutdown::After(deadline) => {
                self.ask_to_stop();
                if self.cell.wait(Some(deadline)).await.is_ok() {
                    return Stopped::Gracefully;
                }
                Stopped::Overdue
            }
            Shutdown::Infinity => {
                self.ask_to_stop();
                // silent-ok: without a deadline the wait cannot time out.
                let _ = self.cell.wait(None).await;
                return Stopped::Gracefully;
            }
        };
        if self.kill().await { by_spec } else { Stopped::Leaked }
    }
}

/// Starts one incarnation. A panic and a start that takes too long are errors like any other.
pub(crate) async fn start_one(spec: &ChildSpec, ctx: StartContext) -> Result<StartOutcome, StartError> {
    let start = AssertUnwindSafe(async { spec.start.start(ctx).await }).catch_unwind();
    let outcome = match spec.start_timeout {
        None => start.await,
        Some(limit) => match tokio::time::timeout(limit, start).await {
            Ok(outcome) => outcome,
            Err(_) => return Err(StartError::TimedOut(limit)),
        },
    };
    outcome.unwrap_or_else(|panic| Err(StartError::Panicked(panic_text(&*panic))))
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    bounded(text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message"))
}
