//! The lane: owner of the order of one thread's turns.
//!
//! Owns the queue; the ledger owns the truth. Supervised by its tenant's `sessions`
//! supervisor; a crash loses nothing, because the next lane reads the unfinished turns
//! back. Stops by itself only to sleep. Watches its turn: a turn that crashed or was
//! killed is settled here, and more crashes than the limit crash the lane as well, so
//! that its supervisor's backoff and quarantine apply to the session as a whole.

use std::collections::VecDeque;
use std::sync::Arc;

use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::directory::LaneEntry;
use super::factory::LaneKey;
use super::recovery::{Recovery, recover};
use super::slot::{LaneStatus, Slot};
use super::submission::{Submission, SubmitReply};
use super::turn::{Turn, TurnArgs, TurnMsg};
use super::{SessionDirectory, SessionShared};
use crate::ports::keep_ledger::LedgerError;
use crate::protocol::chat::Usage;
use crate::protocol::ids::TurnId;
use crate::protocol::journal::TurnLog;
use crate::protocol::turn::{
    Cause, OwnText, PendingTurn, Settlement, TurnAnswer, TurnFailure, TurnOverrides, TurnState, TurnWork,
};
use crate::supervision::exit::Exit;
use crate::supervision::intensity::RestartWindow;

#[derive(ractor_cluster_derive::RactorMessage)]
pub(super) enum LaneMsg {
    /// Read the unfinished turns back. The first message of every lane.
    Load,
    /// Take a message into the thread.
    Submit(Box<Submission>),
    /// The stop signal of this turn was raised, or it waits: see that it ends.
    Stop(TurnId),
    /// The grace of a stopped turn is over.
    KillTurn(TurnId),
    /// Nothing is started for the tenant any more: see that what runs ends.
    Hold,
    /// The tenant is not held any more: go on.
    Release,
    /// Rest was long enough: stop, if nothing waits.
    Sleep,
}

/// A turn that waits for its predecessors.
struct Waiting {
    turn: TurnId,
    attempt: u32,
    cause: Cause,
    overrides: TurnOverrides,
    slot: Slot,
}

/// The turn that runs.
struct Running {
    turn: TurnId,
    cell: ActorCell,
    /// Set when a person stopped it.
    stopped: bool,
    _slot: Slot,
}

pub(super) struct Lane;

pub(super) struct LaneArgs {
    pub(super) key: LaneKey,
    pub(super) directory: Arc<SessionDirectory>,
}

pub(super) struct LaneState {
    key: LaneKey,
    directory: Arc<SessionDirectory>,
    status: Arc<LaneStatus>,
    /// Turns that wait, in the order of their messages; bounded by `queue_per_thread`.
    queue: VecDeque<Waiting>,
    running: Option<Running>,
    /// Crashes of turns, bounded by `turn_crashes`.
    crashes: RestartWindow,
}

impl Actor for Lane {
    type Msg = LaneMsg;
    type State = LaneState;
    type Arguments = LaneArgs;

    async fn pre_start(
        &self,
        myself: ActorRef<LaneMsg>,
        args: LaneArgs,
    ) -> Result<LaneState, ActorProcessingErr> {
        // Reading the ledger is the first message, so that the supervisor is not kept waiting.
        myself.cast(LaneMsg::Load)?;
        let LaneArgs { key, directory } = args;
        let limits = &directory.shared().limits;
        let crashes = RestartWindow::new(limits.turn_crashes);
        let status = Arc::new(LaneStatus::new());
        let entry = LaneEntry::new(key.tenant.clone(), myself, Arc::clone(&status));
        directory.register(key.thread, entry);
        Ok(LaneState { key, directory, status, queue: VecDeque::new(), running: None, crashes })
    }

    async fn handle(
        &self,
        myself: ActorRef<LaneMsg>,
        msg: LaneMsg,
        state: &mut LaneState,
    ) -> Result<(), ActorProcessingErr> {
        match msg {
            LaneMsg::Load => state.on_load(&myself).await,
            LaneMsg::Submit(submission) => state.on_submit(&myself, submission).await,
            LaneMsg::Stop(turn) => state.on_stop(&myself, turn).await,
            LaneMsg::KillTurn(turn) => state.on_kill_turn(turn),
            LaneMsg::Hold => state.on_hold(&myself).await,
            LaneMsg::Release => state.run_next(&myself).await,
            LaneMsg::Sleep => state.on_sleep(&myself),
        }
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<LaneMsg>,
        event: SupervisionEvent,
        state: &mut LaneState,
    ) -> Result<(), ActorProcessingErr> {
        match Exit::of_event(&event) {
            Some((actor, exit)) => state.on_turn_ended(&myself, actor, exit).await,
            None => Ok(()),
        }
    }
}

// === impl LaneState ===

impl LaneState {
    /// Reads the unfinished turns of the thread, ends those that cannot go on and queues the others.
    async fn on_load(&mut self, myself: &ActorRef<LaneMsg>) -> Result<(), ActorProcessingErr> {
        let pending = self.shared().ports.ledger.pending(&self.key.tenant, self.key.thread).await?;
        for turn in pending {
            match recover(&turn, self.shared().limits.attempts_max) {
                Recovery::Run { attempt } => self.enqueue_recovered(turn, attempt),
                Recovery::End(failure) => self.settle_for(&turn, TurnState::Interrupted, failure).await?,
            }
        }
        self.run_next(myself).await
    }

    fn shared(&self) -> &Arc<SessionShared> {
        self.directory.shared()
    }

    fn enqueue_recovered(&mut self, turn: PendingTurn, attempt: u32) {
        if let Some(slot) = self.status.take(usize::MAX, None) {
            let PendingTurn { turn_id: turn, cause, overrides, .. } = turn;
            self.queue.push_back(Waiting { turn, attempt, cause, overrides, slot });
        }
    }

    /// Accepts a message. When nothing runs and no key may make it a repetition, the turn starts
    /// while the message is still on its way to the disk; its gate keeps the answer behind it.
    async fn on_submit(
        &mut self,
        myself: &ActorRef<LaneMsg>,
        mut submission: Box<Submission>,
    ) -> Result<(), ActorProcessingErr> {
        let (Some((inbound, slot)), Some(reply)) = (submission.inbound.take(), submission.reply.take())
        else {
            return Ok(());
        };
        self.status.touch();
        let turn = TurnId::new();
        let (overrides, cause) = (inbound.overrides.clone(), inbound.cause());
        let free = self.running.is_none() && self.queue.is_empty() && !self.is_held();
        let at_once = free && inbound.idempotency_key.is_none();
        let content =
            at_once.then(|| OwnText { text: inbound.content.clone(), provenance: inbound.provenance });
        let commit = self.shared().ports.ledger.accept(inbound, turn, at_once);
        let outcome = if at_once {
            let (open, gate) = oneshot::channel();
            let work = self.work(turn, content, 1, (cause, overrides));
            self.start_turn(myself, work, Some(gate), slot).await?;
            let outcome = commit.await;
            match &outcome {
                Ok(_) => drop(open.send(())),
                Err(_) => drop(open),
            }
            outcome
        } else {
            let outcome = commit.await;
            if let Ok(accepted) = &outcome
                && !accepted.repeated
            {
                self.queue.push_back(Waiting { turn: accepted.turn_id, attempt: 1, cause, overrides, slot });
            }
            outcome
        };
        // silent-ok: a sender that gave up finds its message in the thread
        let _ = reply.send(SubmitReply::Outcome(outcome));
        self.run_next(myself).await
    }

    fn work(
        &self,
        turn: TurnId,
        content: Option<OwnText>,
        attempt: u32,
        (cause, overrides): (Cause, TurnOverrides),
    ) -> TurnWork {
        TurnWork {
            tenant: self.key.tenant.clone(),
            thread: self.key.thread,
            turn_id: turn,
            content,
            attempt,
            cause,
            overrides,
        }
    }

    fn is_held(&self) -> bool {
        self.shared().holds.reason(&self.key.tenant).is_some()
    }

    /// Begins the next turn that waits, if none runs.
    async fn run_next(&mut self, myself: &ActorRef<LaneMsg>) -> Result<(), ActorProcessingErr> {
        while self.running.is_none() && !self.is_held() {
            let Some(next) = self.queue.pop_front() else { break };
            let begun = self.shared().ports.ledger.begin(&self.key.tenant, next.turn, next.attempt).await;
            match begun {
                Ok(()) => {
                    let work = self.work(next.turn, None, next.attempt, (next.cause, next.overrides));
                    self.start_turn(myself, work, None, next.slot).await?;
                }
                // Ended meanwhile, for instance by a stop.
                Err(LedgerError::Fenced) => {}
                Err(error @ (LedgerError::DiskFull | LedgerError::Unavailable)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn start_turn(
        &mut self,
        myself: &ActorRef<LaneMsg>,
        work: TurnWork,
        gate: Option<oneshot::Receiver<()>>,
        slot: Slot,
    ) -> Result<(), ActorProcessingErr> {
        let turn = work.turn_id;
        let stop = self.shared().stops.register(&self.key.tenant, turn);
        // Held between the look before and the registration: whoever holds cannot have seen this turn.
        if self.is_held() {
            stop.cancel();
        }
        let args = TurnArgs { work, shared: Arc::clone(self.shared()), gate, stop };
        let (actor, _join): (ActorRef<TurnMsg>, _) =
            Actor::spawn_linked(None, Turn, args, myself.get_cell()).await?;
        self.running = Some(Running { turn, cell: actor.get_cell(), stopped: false, _slot: slot });
        self.status.set_running(true);
        Ok(())
    }

    async fn on_turn_ended(
        &mut self,
        myself: &ActorRef<LaneMsg>,
        actor: ActorId,
        exit: Exit,
    ) -> Result<(), ActorProcessingErr> {
        let Some(running) = self.running.take_if(|running| running.cell.get_id() == actor) else {
            return Ok(());
        };
        self.shared().stops.forget(running.turn);
        self.status.set_running(false);
        match exit {
            Exit::Normal | Exit::Shutdown(_) => {}
            Exit::Killed if running.stopped => {
                let failure = self.shared().holds.stopped(&self.key.tenant);
                self.settle_dead(running.turn, TurnState::Stopped, failure).await?;
            }
            Exit::Killed => {
                let failure = TurnFailure::new("killed", "the turn was killed; send the message again", true);
                self.settle_dead(running.turn, TurnState::Failed, failure).await?;
            }
            Exit::Failed(error) => self.on_turn_crashed(running.turn, &error).await?,
        }
        drop(running);
        self.run_next(myself).await
    }

    async fn on_turn_crashed(&mut self, turn: TurnId, error: &str) -> Result<(), ActorProcessingErr> {
        tracing::error!(thread = %self.key.thread, %turn, error, "a turn crashed");
        let message =
            "the turn crashed and was ended; nothing that you wrote is lost, and the next message works";
        self.settle_dead(turn, TurnState::Failed, TurnFailure::new("crashed", message, true)).await?;
        if !self.crashes.record(Instant::now()) {
            return Err(format!("its turns keep crashing, the last time with: {error}").into());
        }
        Ok(())
    }

    /// Settles a turn whose actor is gone, with the part of its answer that is in the log.
    async fn settle_dead(
        &self,
        turn: TurnId,
        state: TurnState,
        failure: TurnFailure,
    ) -> Result<(), LedgerError> {
        let pending = self.shared().ports.ledger.pending(&self.key.tenant, self.key.thread).await?;
        match pending.into_iter().find(|pending| pending.turn_id == turn) {
            Some(pending) => self.settle_for(&pending, state, failure).await,
            None => Ok(()),
        }
    }

    async fn settle_for(
        &self,
        turn: &PendingTurn,
        state: TurnState,
        failure: TurnFailure,
    ) -> Result<(), LedgerError> {
        let settlement = Settlement {
            tenant: self.key.tenant.clone(),
            thread: self.key.thread,
            turn_id: turn.turn_id,
            state,
            answer: TurnAnswer { text: turn.partial.clone(), ..TurnAnswer::default() },
            spent: Usage::default(),
            tail: TurnLog::default(),
            failure: Some(failure),
        };
        match self.shared().ports.ledger.settle(settlement).await {
            Ok(()) | Err(LedgerError::Fenced) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn on_stop(&mut self, myself: &ActorRef<LaneMsg>, turn: TurnId) -> Result<(), ActorProcessingErr> {
        if let Some(running) = self.running.as_mut().filter(|running| running.turn == turn) {
            running.stopped = true;
            let grace = self.directory.shared().limits.stop_grace;
            drop(myself.send_after(grace, move || LaneMsg::KillTurn(turn)));
        } else if let Some(place) = self.queue.iter().position(|waiting| waiting.turn == turn) {
            self.queue.remove(place);
            let failure = TurnFailure::new("stopped", "stopped before it began", false);
            self.settle_dead(turn, TurnState::Stopped, failure).await?;
        }
        Ok(())
    }

    async fn on_hold(&mut self, myself: &ActorRef<LaneMsg>) -> Result<(), ActorProcessingErr> {
        match self.running.as_ref().map(|running| running.turn) {
            Some(turn) => self.on_stop(myself, turn).await,
            None => Ok(()),
        }
    }

    fn on_kill_turn(&mut self, turn: TurnId) -> Result<(), ActorProcessingErr> {
        if let Some(running) = self.running.as_ref().filter(|running| running.turn == turn) {
            tracing::warn!(thread = %self.key.thread, %turn, "a stopped turn did not end in time and is killed");
            running.cell.kill();
        }
        Ok(())
    }

    fn on_sleep(&mut self, myself: &ActorRef<LaneMsg>) -> Result<(), ActorProcessingErr> {
        if self.running.is_none() && self.queue.is_empty() && self.status.waiting() == 0 {
            self.directory.forget(self.key.thread, myself);
            myself.stop(None);
        }
        Ok(())
    }
}

impl Drop for LaneState {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            self.directory.shared().stops.forget(running.turn);
        }
        self.directory.forget_status(self.key.thread, &self.status);
    }
}
