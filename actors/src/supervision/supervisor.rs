//! The supervisor actor: hears exits and requests, asks the pure parts, performs the answer.
//!
//! Supervised by the supervisor above it, or by nobody if it is the root. When it crashes or is
//! killed, ractor kills its children and the supervisor above reaps what is left. It handles one
//! thing at a time, as OTP's does: a start or an ordered stop is waited for. A restart that fails
//! is tried again through the mailbox, so that requests get their turn in between.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, Message, SupervisionEvent};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::child::{Args, StartError};
use super::error::CallError;
use super::exit::Exit;
use super::handle::{ChildInfo, ChildrenCount};
use super::node::Node;
use super::report::ReportKind;
use super::spec::{ChildSpec, SupervisorSpec};
use super::stopping::StopJob;
use super::table::Seq;

/// The answer to most requests: the process of the child, if it has one now.
pub(crate) type Reply = oneshot::Sender<Result<Option<ActorCell>, CallError>>;

/// What a supervisor is asked, by handles and by itself.
pub(crate) enum SupervisorMsg {
    /// OTP's `start_child` with a specification.
    StartChild { spec: ChildSpec, reply: Reply },
    /// `start_child` of a dynamic supervisor.
    StartDynamic { id: Arc<str>, args: Option<Args>, reply: Reply },
    /// OTP's `terminate_child`.
    Terminate { id: Arc<str>, reply: Reply },
    /// OTP's `restart_child`: starts a child that does not run.
    RestartChild { id: Arc<str>, reply: Reply },
    /// OTP's `delete_child`.
    Delete { id: Arc<str>, reply: Reply },
    /// An operator's restart: stops the child if it runs and starts it with a fresh budget.
    Bounce { id: Arc<str>, reply: Reply },
    /// Lets the child finish what is queued, then keeps it down.
    Drain { id: Arc<str>, deadline: Duration, reply: Reply },
    /// Takes the child out of quarantine, or out of its wait.
    Release { id: Arc<str>, reply: Reply },
    /// OTP's `which_children`.
    Which { reply: oneshot::Sender<Vec<ChildInfo>> },
    /// OTP's `count_children`.
    Count { reply: oneshot::Sender<ChildrenCount> },
    /// The next attempt to restart a child whose restart failed.
    TryAgain { seq: Seq },
    /// A wait or a quarantine is over.
    Due { seq: Seq, incarnation: u64 },
    /// A child that was asked to stop should have ended by now.
    Overdue { seq: Seq, actor: ActorId },
    /// A child that was killed should have ended by now.
    Lost { seq: Seq, actor: ActorId },
}

/// What is in a supervisor's mailbox. A caller's permit travels with its request, so that the
/// number of queued requests is bounded even when callers stop waiting.
pub(crate) struct Mail {
    pub(crate) msg: SupervisorMsg,
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

impl Message for Mail {}

/// See the module.
pub(crate) struct Supervisor;

/// What the actor owns beside the shared node.
pub(crate) struct SupervisorState {
    pub(super) node: Arc<Node>,
    pub(super) myself: ActorRef<Mail>,
    /// Stops that the actor does not wait for; at most one per child.
    pub(super) jobs: HashMap<Seq, StopJob>,
}

/// Starts a supervisor and its children, all or none, linked to `parent` if there is one.
pub(crate) async fn start(node: Arc<Node>, parent: Option<ActorCell>) -> Result<ActorCell, StartError> {
    node.spec.check()?;
    let spawned = match parent {
        Some(parent) => Actor::spawn_linked(None, Supervisor, node, parent).await,
        None => Actor::spawn(None, Supervisor, node).await,
    };
    Ok(spawned?.0.get_cell())
}

impl Actor for Supervisor {
    type Msg = Mail;
    type State = SupervisorState;
    type Arguments = Arc<Node>;

    async fn pre_start(
        &self,
        myself: ActorRef<Mail>,
        node: Arc<Node>,
    ) -> Result<SupervisorState, ActorProcessingErr> {
        // The node is new, so its cell is not set yet.
        let _ = node.cell.set(myself.get_cell());
        let mut state = SupervisorState { node, myself, jobs: HashMap::new() };
        state.start_all().await?;
        Ok(state)
    }

    async fn handle(
        &self,
        _: ActorRef<Mail>,
        Mail { msg, permit }: Mail,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        match msg {
            SupervisorMsg::StartChild { spec, reply } => state.on_start_child(spec, reply).await,
            SupervisorMsg::StartDynamic { id, args, reply } => state.on_start_dynamic(id, args, reply).await,
            SupervisorMsg::Terminate { id, reply } => state.on_terminate(&id, reply).await,
            SupervisorMsg::RestartChild { id, reply } => state.on_restart_child(&id, reply).await,
            SupervisorMsg::Delete { id, reply } => state.on_delete(&id, reply),
            SupervisorMsg::Bounce { id, reply } => state.on_bounce(&id, reply).await,
            SupervisorMsg::Drain { id, deadline, reply } => state.on_drain(&id, deadline, reply),
            SupervisorMsg::Release { id, reply } => state.on_release(&id, reply).await,
            SupervisorMsg::Which { reply } => state.on_which(reply),
            SupervisorMsg::Count { reply } => state.on_count(reply),
            SupervisorMsg::TryAgain { seq } => state.on_try_again(seq).await,
            SupervisorMsg::Due { seq, incarnation } => state.on_due(seq, incarnation).await,
            SupervisorMsg::Overdue { seq, actor } => state.on_overdue(seq, actor),
            SupervisorMsg::Lost { seq, actor } => state.on_lost(seq, &actor).await,
        }
        drop(permit);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _: ActorRef<Mail>,
        event: SupervisionEvent,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        let ended = Exit::of_event(&event);
        // The event owns the state of the child that ended. It goes first, so that whatever that
        // state holds (a socket, a file, a lock) is free when the next incarnation starts. A state
        // that panics while it is dropped is the child's fault and must not cost the supervisor.
        if catch_unwind(AssertUnwindSafe(|| drop(event))).is_err() {
            tracing::error!(path = state.node.path.as_str(), "the state of an ended child panicked in drop");
        }
        if let Some((actor, exit)) = ended {
            state.on_exit(&actor, &exit).await;
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _: ActorRef<Mail>,
        state: &mut SupervisorState,
    ) -> Result<(), ActorProcessingErr> {
        state.stop_all().await;
        state.node.table.lock().in_order = true;
        state.node.tree.report(state.node.path.clone(), ReportKind::SupervisorEnded);
        Ok(())
    }
}

// === impl SupervisorState ===

impl SupervisorState {
    /// Starts the declared children in order. When one fails, those that run are stopped in
    /// reverse order and the supervisor does not start.
    async fn start_all(&mut self) -> Result<(), StartError> {
        if self.node.spec.is_dynamic() {
            return Ok(());
        }
        for spec in self.node.declared.clone() {
            let seq = self.node.table.lock().add(spec.id.clone(), spec.clone(), None);
            match self.start_slot(seq).await {
                Ok(_) => {}
                Err(source) => {
                    self.stop_all().await;
                    return Err(StartError::Child { id: spec.id.clone(), source: Box::new(source) });
                }
            }
        }
        Ok(())
    }

    /// Starts the next incarnation of a child and waits until it runs or has failed.
    /// A child that has nothing to run leaves the table if its kind is not kept without a process.
    pub(super) async fn start_slot(&mut self, seq: Seq) -> Result<Option<ActorCell>, StartError> {
        let Some((spec, ctx)) = self.node.begin_start(seq, self.myself.get_cell()) else {
            return Ok(None);
        };
        let outcome = super::child::start_one(&spec, ctx).await;
        if matches!(outcome, Err(StartError::TimedOut(_) | StartError::Panicked(_))) {
            self.kill_strays();
        }
        let started = self.node.finish_start(seq, outcome);
        if matches!(started, Ok(None)) && self.forgets(&spec) {
            self.node.table.lock().remove(seq);
        }
        started
    }

    /// Kills what a start that was cut off may have left linked without anybody knowing.
    fn kill_strays(&self) {
        let linked = self.myself.get_children();
        let table = self.node.table.lock();
        for stray in linked.into_iter().filter(|cell| !table.knows(&cell.get_id())) {
            stray.kill();
        }
    }

    /// Whether a child that has no process leaves the table.
    pub(super) fn forgets(&self, spec: &ChildSpec) -> bool {
        self.is_dynamic() || spec.restart == super::spec::Restart::Temporary
    }

    pub(super) fn spec(&self) -> &SupervisorSpec {
        &self.node.spec
    }

    pub(super) fn is_dynamic(&self) -> bool {
        self.node.spec.is_dynamic()
    }

    /// Sends a message to this supervisor itself. When its mailbox is closed it is ending, and
    /// nothing needs to be done any more.
    pub(super) fn tell_myself(&self, msg: SupervisorMsg) {
        // silent-ok: see above.
        let _ = self.myself.send_message(Mail { msg, permit: None });
    }

    pub(super) fn tell_myself_after(&self, delay: Duration, msg: SupervisorMsg) {
        // The timer's task ends with the delay; a message that comes too late is recognised.
        drop(self.myself.send_after(delay, move || Mail { msg, permit: None }));
    }
}
