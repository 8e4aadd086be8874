//! The supervision tree as rows.

use capuchin_actors::supervision::report::{Report, ReportKind};
use capuchin_actors::supervision::spec::ChildKind;
use capuchin_actors::supervision::{ActorPath, NodeState, NodeView, SnapshotLimits, TreeHandle};
use jiff::Timestamp;

use super::{rfc3339, span};
use crate::http::AppState;
use crate::web::view::pages::{CrashView, RowAction, TreeRow, TreeView};

/// Crash reports that are listed.
const REPORTS_MAX: usize = 20;
/// Levels that are open at first.
const OPEN_LEVELS: usize = 2;

const RESTART: RowAction = RowAction { word: "restart", label: "Restart", confirm: false };
const STOP: RowAction = RowAction { word: "stop", label: "Stop", confirm: false };
const RELEASE: RowAction = RowAction { word: "release", label: "Release", confirm: false };

/// The tree as it is now. Without `may_operate` there are no buttons.
pub(in crate::web) fn tree(state: &AppState, may_operate: bool) -> TreeView {
    let now_ms = Timestamp::now().as_millisecond();
    let mut rows = Vec::new();
    if let Some(root) = snapshot(state) {
        add(&mut rows, &root, Place { level: 1, position: 1, siblings: 1 }, now_ms, may_operate);
    }
    let reports = state.tree.get().map(TreeHandle::reports).unwrap_or_default();
    TreeView { rows, reports: reports.iter().rev().filter_map(crash).take(REPORTS_MAX).collect() }
}

/// Whether something stands below this path, so that its name is typed before it is touched.
pub(in crate::web) fn is_supervisor(state: &AppState, path: &ActorPath) -> bool {
    fn find<'a>(node: &'a NodeView, path: &ActorPath) -> Option<&'a NodeView> {
        if node.path == *path {
            return Some(node);
        }
        node.children.iter().find_map(|child| find(child, path))
    }
    let root = snapshot(state);
    root.as_ref().and_then(|root| find(root, path)).is_some_and(|node| node.kind == ChildKind::Supervisor)
}

fn snapshot(state: &AppState) -> Option<NodeView> {
    state.tree.get()?.snapshot(SnapshotLimits::default())
}

/// When a node entered its state, in milliseconds since 1970, to the second: the same at every look.
fn since(node: &NodeView, now_ms: i64) -> i64 {
    let since_ms = now_ms - i64::try_from(node.since_ms).unwrap_or(i64::MAX);
    (since_ms + 500).div_euclid(1_000) * 1_000
}

#[derive(Clone, Copy)]
struct Place {
    level: usize,
    position: usize,
    siblings: usize,
}

fn add(rows: &mut Vec<TreeRow>, node: &NodeView, place: Place, now_ms: i64, may_operate: bool) {
    rows.push(row(node, place, now_ms, may_operate));
    let siblings = node.children.len();
    for (index, child) in node.children.iter().enumerate() {
        add(
            rows,
            child,
            Place { level: place.level + 1, position: index + 1, siblings },
            now_ms,
            may_operate,
        );
    }
}

fn row(node: &NodeView, place: Place, now_ms: i64, may_operate: bool) -> TreeRow {
    let supervisor = node.kind == ChildKind::Supervisor;
    let since = since(node, now_ms);
    let hidden = node.children_total.saturating_sub(node.children.len());
    let mut kind = match &node.strategy {
        Some(strategy) => strategy.replace('_', " "),
        None if supervisor => "supervisor".to_owned(),
        None => "worker".to_owned(),
    };
    if hidden > 0 {
        kind.push_str(&format!(", {hidden} more that run"));
    }
    TreeRow {
        path: node.path.as_str().to_owned(),
        name: node.id.clone(),
        kind,
        state: node.state.as_str().to_owned(),
        level: place.level,
        position: place.position,
        siblings: place.siblings,
        children: node.children.len(),
        open: place.level <= OPEN_LEVELS || node.children.iter().any(is_unhealthy),
        recent: node.restarts_in_window as usize,
        limit: node.restarts_limit.unwrap_or(0) as usize,
        total: node.restarts_total,
        since: (node.state == NodeState::Running).then_some(since),
        uptime: span(now_ms - since),
        reason: node.last_exit.clone().unwrap_or_default(),
        actions: if may_operate { actions(node, supervisor, place.level == 1) } else { Vec::new() },
    }
}

fn is_unhealthy(node: &NodeView) -> bool {
    !matches!(node.state, NodeState::Running | NodeState::Stopped) || node.children.iter().any(is_unhealthy)
}

/// The root is nobody's child, so nothing can be done to it from inside.
fn actions(node: &NodeView, supervisor: bool, root: bool) -> Vec<RowAction> {
    let list: &[RowAction] = match node.state {
        _ if root => &[],
        NodeState::Quarantined | NodeState::Backoff => &[RELEASE, STOP],
        NodeState::Stopped => &[RESTART],
        NodeState::Running | NodeState::Starting | NodeState::Restarting => &[RESTART, STOP],
        NodeState::Stopping => &[],
    };
    list.iter()
        .map(|action| RowAction { confirm: supervisor && action.word != RELEASE.word, ..*action })
        .collect()
}

/// Reports that tell of something going wrong.
fn crash(report: &Report) -> Option<CrashView> {
    let (reason, outcome) = match &report.kind {
        ReportKind::Ended { exit } => (exit.clone(), "ended"),
        ReportKind::StartFailed { error } => (error.clone(), "did not start"),
        ReportKind::Quarantined { reason } => (reason.clone(), "quarantined"),
        ReportKind::GaveUp { child, exit } => (format!("{child}: {exit}"), "its supervisor gave up"),
        ReportKind::ShutdownOverdue => ("did not stop in time".to_owned(), "killed"),
        ReportKind::Leaked => ("did not end even when killed".to_owned(), "left behind"),
        _ => return None,
    };
    Some(CrashView {
        path: report.path.as_str().to_owned(),
        at: rfc3339(report.at.as_millisecond()),
        reason,
        outcome: outcome.to_owned(),
    })
}
