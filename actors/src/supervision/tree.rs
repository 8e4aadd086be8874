//! A running tree: the root supervisor, its handle, and the end of both.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use ractor::ActorCell;

use super::child::StartError;
use super::error::CallError;
use super::exit::SHUTDOWN;
use super::handle::SupervisorHandle;
use super::node::Node;
use super::path::ActorPath;
use super::report::{Report, ReportKind, Reports, Subscriber};
use super::snapshot::{NodeView, SnapshotLimits, node_view};
use super::spec::SupervisorSpec;
use super::supervisor::{self, SupervisorMsg};
use super::table::SelfEnd;

/// A tree, for looking and for operations by path. Cheap to clone.
#[derive(Clone)]
pub struct TreeHandle {
    shared: Arc<Shared>,
}

struct Shared {
    reports: Reports,
    /// Set while the root runs.
    root: Mutex<Option<Arc<Node>>>,
}

/// A tree that runs. Whoever holds it decides when it ends and hears why it did.
#[derive(Debug)]
pub struct RunningTree {
    handle: TreeHandle,
    root: ActorCell,
    node: Arc<Node>,
}

/// Why a tree ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeEnd {
    /// It was asked to.
    Stopped,
    /// The root decided so; [`SelfEnd::GaveUp`] is the failure of the whole.
    Itself(SelfEnd),
    /// The root was killed or crashed. Its children were ended without order.
    Crashed,
}

// === impl RunningTree ===

impl RunningTree {
    /// Starts a root supervisor with the path `id` and its children, all or none.
    /// Every report of the tree is told to `subscribers`.
    pub async fn start(
        id: &str,
        spec: SupervisorSpec,
        subscribers: Vec<Subscriber>,
    ) -> Result<Self, StartError> {
        let shared = Arc::new(Shared { reports: Reports::new(subscribers), root: Mutex::new(None) });
        let handle = TreeHandle { shared };
        let node = Arc::new(Node::new(Arc::new(spec), ActorPath::root(id), handle.clone(), None));
        // Children may look their siblings up as soon as they run.
        *handle.shared.root.lock() = Some(node.clone());
        match supervisor::start(node.clone(), None).await {
            Ok(root) => Ok(Self { handle, root, node }),
            Err(error) => {
                *handle.shared.root.lock() = None;
                Err(error)
            }
        }
    }

    /// For looking at the tree and for operations.
    pub fn handle(&self) -> &TreeHandle {
        &self.handle
    }

    /// The root supervisor's actor.
    pub fn root(&self) -> &ActorCell {
        &self.root
    }

    /// Waits for the end of the root, however it comes, and leaves no child behind.
    pub async fn ended(&self) -> TreeEnd {
        // silent-ok: without a deadline the wait cannot time out.
        let _ = self.root.wait(None).await;
        self.node.reap().await;
        *self.handle.shared.root.lock() = None;
        let (by_itself, in_order) = {
            let table = self.node.table.lock();
            (table.end.clone(), table.in_order)
        };
        match by_itself {
            Some(end) => TreeEnd::Itself(end),
            None if in_order => TreeEnd::Stopped,
            None => TreeEnd::Crashed,
        }
    }

    /// Stops all children in order, then the root. After `deadline` whatever is left is killed;
    /// false tells that this was necessary.
    pub async fn shutdown(&self, deadline: Duration) -> bool {
        self.root.stop(Some(SHUTDOWN.to_owned()));
        let in_time = self.root.wait(Some(deadline)).await.is_ok();
        if !in_time {
            self.root.kill();
        }
        self.ended().await;
        in_time
    }
}

// === impl TreeHandle ===

impl TreeHandle {
    /// The supervisor at `path`; whether there is one shows with the first call.
    pub fn supervisor(&self, path: &ActorPath) -> SupervisorHandle {
        SupervisorHandle::new(self.clone(), path.clone())
    }

    /// The tree as it is now; `None` when it has ended. Does not wait for any supervisor.
    pub fn snapshot(&self, limits: SnapshotLimits) -> Option<NodeView> {
        let root = self.shared.root.lock().clone()?;
        Some(node_view(&root, limits))
    }

    /// The last reports, oldest first.
    pub fn reports(&self) -> Vec<Report> {
        self.shared.reports.last()
    }

    /// Restarts the child at `path`: stops it in order if it runs, and starts it with its whole
    /// budget. Counts against nothing.
    pub async fn restart(&self, path: &ActorPath) -> Result<(), CallError> {
        let (parent, id) = self.parent(path)?;
        parent.ask(|reply| SupervisorMsg::Bounce { id, reply }).await.map(drop)
    }

    /// Stops the child at `path` and keeps it down until it is restarted. A dynamic child is
    /// forgotten.
    pub async fn stop(&self, path: &ActorPath) -> Result<(), CallError> {
        let (parent, id) = self.parent(path)?;
        parent.ask(|reply| SupervisorMsg::Terminate { id, reply }).await.map(drop)
    }

    /// Lets the child at `path` finish what is queued, for at most `deadline`, then keeps it down.
    pub async fn drain(&self, path: &ActorPath, deadline: Duration) -> Result<(), CallError> {
        let (parent, id) = self.parent(path)?;
        let parent = parent.with_timeout(deadline.saturating_add(super::handle::CALL_TIMEOUT_DEFAULT));
        parent.ask(|reply| SupervisorMsg::Drain { id, deadline, reply }).await.map(drop)
    }

    /// Takes the child at `path` out of quarantine, or out of its wait, and starts it with its
    /// whole budget.
    pub async fn release(&self, path: &ActorPath) -> Result<(), CallError> {
        let (parent, id) = self.parent(path)?;
        parent.ask(|reply| SupervisorMsg::Release { id, reply }).await.map(drop)
    }

    fn parent(&self, path: &ActorPath) -> Result<(SupervisorHandle, Arc<str>), CallError> {
        let parent = path.parent().ok_or(CallError::IsRoot)?;
        Ok((self.supervisor(&parent), Arc::from(path.id())))
    }

    /// The live supervisor at `path`, found by walking down from the root.
    pub(crate) fn node(&self, path: &ActorPath) -> Option<Arc<Node>> {
        let mut node = self.shared.root.lock().clone()?;
        let mut ids = path.segments();
        if ids.next() != Some(node.path.as_str()) {
            return None;
        }
        for id in ids {
            node = node.subtree(id)?;
        }
        Some(node)
    }

    pub(crate) fn report(&self, path: ActorPath, kind: ReportKind) {
        self.shared.reports.tell(path, kind);
    }
}

impl fmt::Debug for TreeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeHandle").finish_non_exhaustive()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("path", &self.path).finish_non_exhaustive()
    }
}
