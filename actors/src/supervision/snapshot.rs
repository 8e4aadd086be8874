//! The live tree as data: what runs, what does not, and why.
//!
//! Read from the shared tables, so a snapshot never waits for a supervisor. Of a dynamic
//! supervisor's children only some are listed, those in trouble first; all are counted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::node::Node;
use super::path::ActorPath;
use super::report::millis;
use super::spec::ChildKind;
use super::table::{Child, ChildState};

/// One node of a tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeView {
    /// Where it lives.
    pub path: ActorPath,
    /// Its id below its supervisor.
    pub id: String,
    /// Worker or supervisor.
    pub kind: ChildKind,
    /// How it restarts its children, if it supervises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// What it is doing.
    pub state: NodeState,
    /// Restarts within its window: of its children if it supervises, its own if it has a budget.
    pub restarts_in_window: u32,
    /// How many of those are tolerated; `None` where no limit is its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restarts_limit: Option<u32>,
    /// How often it was restarted since its supervisor started.
    pub restarts_total: u64,
    /// How it ended last, if it ever failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_exit: Option<String>,
    /// How long it has been in this state.
    pub since_ms: u64,
    /// When it is started next, if it waits for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try_in_ms: Option<u64>,
    /// Its children in start order, or some of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<NodeView>,
    /// How many children it has, listed or not.
    #[serde(default)]
    pub children_total: usize,
}

/// What a node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// Its start is being waited for.
    Starting,
    /// It runs.
    Running,
    /// It was asked to stop.
    Stopping,
    /// Its restart failed and is about to be tried again.
    Restarting,
    /// It waits for its next start.
    Backoff,
    /// It has spent its budget and stays down.
    Quarantined,
    /// It does not run.
    Stopped,
}

/// How much a snapshot lists.
#[derive(Clone, Copy, Debug)]
pub struct SnapshotLimits {
    /// How many children of one dynamic supervisor, at most.
    pub dynamic_children_max: usize,
}

// === impl NodeView ===

impl NodeView {
    /// A worker without a history that is just now in this state.
    pub fn worker(path: ActorPath, state: NodeState) -> Self {
        Self {
            id: path.id().to_owned(),
            path,
            kind: ChildKind::Worker,
            strategy: None,
            state,
            restarts_in_window: 0,
            restarts_limit: None,
            restarts_total: 0,
            last_exit: None,
            since_ms: 0,
            next_try_in_ms: None,
            children: Vec::new(),
            children_total: 0,
        }
    }
}

// === impl SnapshotLimits ===

impl Default for SnapshotLimits {
    /// 50 dynamic children per supervisor.
    fn default() -> Self {
        Self { dynamic_children_max: 50 }
    }
}

// === impl NodeState ===

impl NodeState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Restarting => "restarting",
            Self::Backoff => "backoff",
            Self::Quarantined => "quarantined",
            Self::Stopped => "stopped",
        }
    }
}

/// A child as copied out of a table, so that the lock is not held while the tree below is read.
struct Copied {
    view: NodeView,
    below: Option<Arc<Node>>,
    probe: Option<Arc<super::child::Probe>>,
}

/// The tree from `node` down.
pub(crate) fn node_view(node: &Arc<Node>, limits: SnapshotLimits) -> NodeView {
    let now = Instant::now();
    let mut view = NodeView {
        kind: ChildKind::Supervisor,
        since_ms: millis(now.duration_since(node.since)),
        ..NodeView::worker(node.path.clone(), NodeState::Running)
    };
    fill(&mut view, node, limits, now);
    view
}

/// Adds what a supervisor knows of itself and of its children.
fn fill(view: &mut NodeView, node: &Arc<Node>, limits: SnapshotLimits, now: Instant) {
    let (copied, total, restarts) = {
        let table = node.table.lock();
        let listed: Vec<&Child> = if node.spec.is_dynamic() {
            most_telling(table.iter().map(|(_, child)| child), limits.dynamic_children_max)
        } else {
            table.iter().map(|(_, child)| child).collect()
        };
        let copied: Vec<Copied> = listed.into_iter().map(|child| copy(node, child, now)).collect();
        (copied, table.len(), table.window.count(now))
    };
    view.strategy = Some(node.spec.strategy.as_str().to_owned());
    view.restarts_in_window = restarts;
    view.restarts_limit = Some(node.spec.intensity.restarts);
    view.children_total = total;
    view.children = copied.into_iter().map(|child| child.complete(limits, now)).collect();
}

/// At most `max` children: those that do not run first, then the newest; in start order.
fn most_telling<'a>(children: impl DoubleEndedIterator<Item = &'a Child>, max: usize) -> Vec<&'a Child> {
    let (mut troubled, mut healthy) = (Vec::new(), Vec::new());
    for child in children.rev() {
        let list = if matches!(child.state, ChildState::Running(_)) { &mut healthy } else { &mut troubled };
        if list.len() < max {
            list.push(child);
        }
    }
    let room = max - troubled.len();
    healthy.truncate(room);
    troubled.reverse();
    healthy.reverse();
    troubled.extend(healthy);
    troubled
}

fn copy(node: &Node, child: &Child, now: Instant) -> Copied {
    let (state, next_try_at) = state_of(&child.state);
    let trouble = child.trouble.as_deref();
    let budget = child.spec.budget.as_ref();
    let spending = trouble.and_then(|trouble| trouble.spending.as_ref());
    let view = NodeView {
        kind: child.spec.kind,
        restarts_in_window: spending.map_or(0, |spending| spending.count(now)),
        restarts_limit: budget.map(|budget| budget.limit.restarts),
        restarts_total: trouble.map_or(0, |trouble| trouble.restarts_total),
        last_exit: trouble.map(|trouble| trouble.last_exit.clone()).filter(|exit| !exit.is_empty()),
        since_ms: millis(now.saturating_duration_since(child.since)),
        next_try_in_ms: next_try_at.map(|at: Instant| millis(at.saturating_duration_since(now))),
        ..NodeView::worker(node.path.child(&child.id), state)
    };
    let live = child.state.live();
    Copied {
        view,
        below: live.and_then(|live| live.node.clone()),
        probe: live.and_then(|live| live.probe.clone()),
    }
}

fn state_of(state: &ChildState) -> (NodeState, Option<Instant>) {
    match state {
        ChildState::Starting => (NodeState::Starting, None),
        ChildState::Running(_) => (NodeState::Running, None),
        ChildState::Stopping(_) => (NodeState::Stopping, None),
        ChildState::Restarting => (NodeState::Restarting, None),
        ChildState::Backoff { until } => (NodeState::Backoff, Some(*until)),
        ChildState::Quarantined { until } => (NodeState::Quarantined, *until),
        ChildState::Stopped => (NodeState::Stopped, None),
    }
}

// === impl Copied ===

impl Copied {
    fn complete(self, limits: SnapshotLimits, now: Instant) -> NodeView {
        let mut view = self.view;
        if let Some(below) = &self.below {
            fill(&mut view, below, limits, now);
        } else if let Some(probe) = &self.probe {
            view.children = probe();
            view.children_total = view.children.len();
        }
        view
    }
}
