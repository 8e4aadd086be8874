//! What the rest of the tree knows of one incarnation of a supervisor.
//!
//! Created with the supervisor actor and shared with its parent, with snapshots and with lookups
//! by path. The actor is the only writer of the table, so readers never wait for its mailbox:
//! a supervisor that is busy starting or stopping a child can still be looked at.

use std::sync::{Arc, OnceLock};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use ractor::ActorCell;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::child::{Args, KILL_GRACE, Live, StartContext, StartError, StartOutcome};
use super::handle::CALLS_QUEUED_MAX;
use super::intensity::RestartWindow;
use super::path::ActorPath;
use super::report::ReportKind;
use super::spec::{ChildSpec, SupervisorSpec};
use super::table::{ChildState, Seq, Table};
use super::tree::TreeHandle;

/// See the module.
pub(crate) struct Node {
    pub(crate) path: ActorPath,
    pub(crate) spec: Arc<SupervisorSpec>,
    /// The children of `spec`, or its template.
    pub(crate) declared: Vec<Arc<ChildSpec>>,
    pub(crate) tree: TreeHandle,
    pub(crate) scope: Option<Args>,
    pub(crate) since: Instant,
    pub(crate) cell: OnceLock<ActorCell>,
    pub(crate) table: Mutex<Table>,
    /// One permit per request in the mailbox.
    pub(crate) calls: Arc<Semaphore>,
}

// === impl Node ===

impl Node {
    pub(crate) fn new(
        spec: Arc<SupervisorSpec>,
        path: ActorPath,
        tree: TreeHandle,
        scope: Option<Args>,
    ) -> Self {
        let declared = spec.children.iter().cloned().map(Arc::new).collect();
        let table = Mutex::new(Table::new(RestartWindow::new(spec.intensity)));
        let (since, cell) = (Instant::now(), OnceLock::new());
        let calls = Arc::new(Semaphore::new(CALLS_QUEUED_MAX));
        Self { path, spec, declared, tree, scope, since, cell, table, calls }
    }

    /// The template of a dynamic supervisor.
    pub(crate) fn template(&self) -> Option<&Arc<ChildSpec>> {
        self.declared.first().filter(|_| self.spec.is_dynamic())
    }

    pub(crate) fn report(&self, child: &str, kind: ReportKind) {
        self.tree.report(self.path.child(child), kind);
    }

    /// The supervisor below this one that `id` names, if it runs.
    pub(crate) fn subtree(&self, id: &str) -> Option<Arc<Self>> {
        self.table.lock().find(id)?.1.state.live()?.node.clone()
    }

    /// Enters the next incarnation of a child: what to start, and what to tell it.
    pub(crate) fn begin_start(
        &self,
        seq: Seq,
        supervisor: ActorCell,
    ) -> Option<(Arc<ChildSpec>, StartContext)> {
        let mut table = self.table.lock();
        table.set(seq, ChildState::Starting);
        let child = table.get_mut(seq)?;
        child.incarnation += 1;
        let ctx = StartContext {
            path: self.path.child(&child.id),
            supervisor,
            incarnation: child.incarnation,
            args: child.args.clone().or_else(|| self.scope.clone()),
            scope: self.scope.clone(),
            tree: self.tree.clone(),
        };
        Some((child.spec.clone(), ctx))
    }

    /// Records how a start went. `Ok(None)`: there is nothing to run.
    pub(crate) fn finish_start(
        &self,
        seq: Seq,
        outcome: Result<StartOutcome, StartError>,
    ) -> Result<Option<ActorCell>, StartError> {
        let (state, result) = match outcome {
            Ok(StartOutcome::Started(started)) => {
                let cell = started.live.cell.clone();
                (ChildState::Running(started.live), Ok(Some(cell)))
            }
            Ok(StartOutcome::Ignored) => (ChildState::Stopped, Ok(None)),
            Err(error) => (ChildState::Stopped, Err(error)),
        };
        self.table.lock().set(seq, state);
        result
    }

    /// Ends what a supervisor that did not stop in order has left behind, all the way down.
    /// False if anything survived its kill.
    pub(crate) fn reap(&self) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let left: Vec<(Arc<str>, Live)> = {
                let table = self.table.lock();
                let live = |child: &super::table::Child| child.state.live().cloned();
                table.iter().filter_map(|(_, child)| Some((child.id.clone(), live(child)?))).collect()
            };
            for (_, live) in &left {
                live.cell.kill();
            }
            let mut all_ended = true;
            for (id, live) in &left {
                let ended = live.cell.wait(Some(KILL_GRACE)).await.is_ok();
                if !ended {
                    self.report(id, ReportKind::Leaked);
                }
                let below = match &live.node {
                    Some(node) => node.reap().await,
                    None => true,
                };
                all_ended &= ended && below;
            }
            all_ended
        })
    }
}
