//! How a lane wakes and rests, and who hears of it.
//!
//! A lane that nobody writes to and that has nothing to resume is up, but not awake: that begins with its first message or
//! its first turn. Who refuses it then is asked again with the next one.

use std::sync::Arc;

use ractor::{ActorProcessingErr, ActorRef};

use super::{LaneMsg, LaneState};
use crate::ports::keep_ledger::LedgerError;
use crate::ports::watch_session::{Refusal, Rest, WatchSession};
use crate::protocol::turn::{TurnFailure, TurnState};

/// What whoever watches sessions has heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wakefulness {
    /// Nothing.
    Asleep,
    /// That it is awake.
    Awake,
    /// That it is about to rest.
    Resting(Rest),
}

// === impl LaneState ===

impl LaneState {
    fn watch(&self) -> Arc<dyn WatchSession> {
        Arc::clone(&self.shared().ports.watch)
    }

    /// Wakes, if nobody is against it. Asks nobody when it is awake already.
    pub(super) async fn wake(&mut self) -> Result<(), Refusal> {
        if self.wakefulness == Wakefulness::Awake {
            return Ok(());
        }
        let watch = self.watch();
        watch.starting(&self.key.tenant, self.key.thread).await?;
        self.wakefulness = Wakefulness::Awake;
        watch.started(&self.key.tenant, self.key.thread);
        Ok(())
    }

    /// Wakes for the turns that an earlier life left. When somebody is against it they end, so that nobody waits for them.
    pub(super) async fn wake_for_waiting(&mut self) -> Result<bool, LedgerError> {
        let Err(Refusal { reason }) = self.wake().await else { return Ok(true) };
        tracing::warn!(thread = %self.key.thread, reason, "a session was not woken, and its turns are ended");
        for waiting in self.queue.drain(..) {
            let failure = TurnFailure::new("refused", reason.clone(), true);
            self.endings.push(waiting.turn, TurnState::Failed, failure);
        }
        self.settle_endings().await?;
        Ok(false)
    }

    pub(super) fn on_sleep(&mut self, myself: &ActorRef<LaneMsg>) -> Result<(), ActorProcessingErr> {
        if self.running.is_none()
            && self.queue.is_empty()
            && self.endings.is_empty()
            && self.status.waiting() == 0
        {
            self.lie_down(Rest::Idle);
            self.directory.forget(self.key.thread, myself);
            myself.stop(None);
        }
        Ok(())
    }

    /// Is about to rest. The first reason counts.
    pub(super) fn lie_down(&mut self, why: Rest) {
        if self.wakefulness == Wakefulness::Awake {
            self.watch().stopping(&self.key.tenant, self.key.thread, why);
            self.wakefulness = Wakefulness::Resting(why);
        }
    }

    /// Is gone, however that came.
    pub(super) fn gone(&self) {
        let why = match self.wakefulness {
            Wakefulness::Asleep => return,
            Wakefulness::Awake => Rest::Crashed,
            Wakefulness::Resting(why) => why,
        };
        self.watch().stopped(&self.key.tenant, self.key.thread, why);
    }
}
