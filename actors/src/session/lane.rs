//! The lane: owner of the order of one thread's turns.
//!
//! Owns the queue; the ledger owns the truth. Supervised by its tenant's `sessions`
//! supervisor; a crash loses nothing, because the next lane reads the unfinished turns
//! back. Stops by itself only to sleep. Watches its turn: a turn that crashed or was
//! killed is settled here, and more crashes than the limit crash the lane as well, so
//! that its supervisor's backoff and quarantine apply to the session as a whole. A store that
//! takes nothing is no crash: the lane asks it again, and says meanwhile why it takes nothing.

mod ends;
mod waking;

use std::collections::VecDeque;
use std::sync::Arc;

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;

use super::directory::LaneEntry;
use super::endings::Endings;
use super::factory::LaneKey;
use super::recovery::{Recovery, recover};
use super::retry::RetryDelay;
use super::slot::{LaneStatus, Slot};
use super::submission::{Submission, SubmitReply};
use super::turn::{Turn, TurnArgs, TurnMsg};
use super::{SessionDirectory, SessionShared};
use crate::ports::keep_ledger::{AcceptError, LedgerError};
use crate::ports::watch_session::{Refusal, Rest};
use crate::protocol::ids::TurnId;
use crate::protocol::turn::{Cause, OwnText, PendingTurn, TurnOverrides, TurnState, TurnWork};
use crate::supervision::exit::Exit;
use crate::supervision::intensity::RestartWindow;
use waking::Wakefulness;

#[derive(ractor_cluster_derive::RactorMessage)]
pub(super) enum LaneMsg {
    /// Do what is to be done next: the first message of every lane, and the one after the store refused.
    GoOn,
    /// Take a message into the thread.
    Submit(Box<Submission>),
    /// The stop signal of this turn was raised, or it waits: see that it ends.
    Stop(TurnId),
    /// The grace of a stopped turn is over.
    KillTurn(TurnId),
    /// Nothing is started for the tenant any more: see that what runs ends.
    Hold,
    /// The tenant is not held any more.
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

/// Why the next step was not made.
enum Halt {
    /// The store refused; it is asked again.
    Store(LedgerError),
    /// Nothing that waiting mends.
    Fault(ActorProcessingErr),
}

impl From<LedgerError> for Halt {
    fn from(error: LedgerError) -> Self {
        Self::Store(error)
    }
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
    /// Whether the unfinished turns of earlier lives were read back. Nothing is taken in before.
    loaded: bool,
    /// Whether whoever watches sessions has heard of it.
    wakefulness: Wakefulness,
    /// Turns that ended and are not settled. None begins before they are.
    endings: Endings,
    retry_delay: RetryDelay,
    /// Whether a `GoOn` is under way.
    retries: bool,
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
        myself.cast(LaneMsg::GoOn)?;
        let LaneArgs { key, directory } = args;
        let limits = &directory.shared().limits;
        let crashes = RestartWindow::new(limits.turn_crashes);
        let status = Arc::new(LaneStatus::new());
        let entry = LaneEntry::new(key.tenant.clone(), myself, Arc::clone(&status));
        directory.register(key.thread, entry);
        Ok(LaneState {
            key,
            directory,
            status,
            queue: VecDeque::new(),
            running: None,
            loaded: false,
            wakefulness: Wakefulness::Asleep,
            endings: Endings::default(),
            retry_delay: RetryDelay::new(),
            retries: true,
            crashes,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<LaneMsg>,
        msg: LaneMsg,
        state: &mut LaneState,
    ) -> Result<(), ActorProcessingErr> {
        match msg {
            LaneMsg::GoOn => state.on_go_on(&myself).await,
            LaneMsg::Submit(submission) => state.on_submit(&myself, submission).await,
            LaneMsg::Stop(turn) => state.on_stop(&myself, turn).await,
            LaneMsg::KillTurn(turn) => state.on_kill_turn(turn),
            LaneMsg::Hold => state.on_hold(&myself).await,
            LaneMsg::Release => state.go_on(&myself).await,
            LaneMsg::Sleep => state.on_sleep(&myself),
        }
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<LaneMsg>,
        state: &mut LaneState,
    ) -> Result<(), ActorProcessingErr> {
        state.lie_down(Rest::Stopped);
        Ok(())
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
    async fn on_go_on(&mut self, myself: &ActorRef<LaneMsg>) -> Result<(), ActorProcessingErr> {
        self.retries = false;
        self.go_on(myself).await
    }

    /// Makes the next steps; when the store refuses one, it is made later.
    async fn go_on(&mut self, myself: &ActorRef<LaneMsg>) -> Result<(), ActorProcessingErr> {
        match self.next_steps(myself).await {
            Ok(()) => self.retry_delay.reset(),
            Err(Halt::Fault(error)) => return Err(error),
            Err(Halt::Store(_)) if self.retries => {}
            Err(Halt::Store(error)) => {
                tracing::warn!(thread = %self.key.thread, %error, "the store is asked again");
                self.retries = true;
                drop(myself.send_after(self.retry_delay.next(), || LaneMsg::GoOn));
            }
        }
        Ok(())
    }

    /// Reads what earlier lives left, settles what ended, and begins the next turn that waits, if none runs.
    async fn next_steps(&mut self, myself: &ActorRef<LaneMsg>) -> Result<(), Halt> {
        self.load().await?;
        self.settle_endings().await?;
        while self.running.is_none() && !self.is_held() {
            if self.queue.is_empty() || !self.wake_for_waiting().await? {
                break;
            }
            let Some(next) = self.queue.front() else { break };
            let begun = self.shared().ports.ledger.begin(&self.key.tenant, next.turn, next.attempt).await;
            if let Err(error @ (LedgerError::DiskFull | LedgerError::Unavailable)) = begun {
                return Err(error.into());
            }
            let Some(next) = self.queue.pop_front() else { break };
            // Fenced: it ended meanwhile, for instance by a stop.
            if begun.is_ok() {
                let work = self.work(next.turn, None, next.attempt, (next.cause, next.overrides));
                self.start_turn(myself, work, None, next.slot).await.map_err(Halt::Fault)?;
            }
        }
        Ok(())
    }

    /// Reads the unfinished turns of the thread, ends those that cannot go on and queues the others. Once.
    async fn load(&mut self) -> Result<(), LedgerError> {
        if self.loaded {
            return Ok(());
        }
        for turn in self.shared().ports.ledger.pending(&self.key.tenant, self.key.thread).await? {
            match recover(&turn, self.shared().limits.attempts_max) {
                Recovery::Run { attempt } => self.enqueue_recovered(turn, attempt),
                Recovery::End(failure) => self.endings.push(turn.turn_id, TurnState::Interrupted, failure),
            }
        }
        self.loaded = true;
        Ok(())
    }

    async fn settle_endings(&mut self) -> Result<(), LedgerError> {
        let ledger = Arc::clone(&self.shared().ports.ledger);
        self.endings.settle(&*ledger, &self.key).await
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
        if let Err(error) = self.load().await {
            // silent-ok: a sender that gave up knows nothing of it, and nothing was taken in
            let _ = reply.send(SubmitReply::Outcome(Err(AcceptError::Ledger(error))));
            return Ok(());
        }
        if let Err(Refusal { reason }) = self.wake().await {
            // silent-ok: as above
            let _ = reply.send(SubmitReply::Outcome(Err(AcceptError::Refused { reason })));
            return Ok(());
        }
        let turn = TurnId::new();
        let (overrides, cause) = (inbound.overrides.clone(), inbound.cause());
        let idle = self.running.is_none() && self.queue.is_empty() && self.endings.is_empty();
        let free = idle && !self.is_held();
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
        self.go_on(myself).await
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
}

impl Drop for LaneState {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            self.directory.shared().stops.forget(running.turn);
        }
        self.directory.forget_status(self.key.thread, &self.status);
        self.gone();
    }
}
