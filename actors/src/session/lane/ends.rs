//! How turns end: by themselves, by a stop, by a crash.

use ractor::{ActorId, ActorProcessingErr, ActorRef};
use tokio::time::Instant;

use super::{LaneMsg, LaneState};
use crate::protocol::ids::TurnId;
use crate::protocol::turn::{TurnFailure, TurnState};
use crate::supervision::exit::Exit;

// === impl LaneState ===

impl LaneState {
    pub(super) async fn on_turn_ended(
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
                self.endings.push(running.turn, TurnState::Stopped, failure);
            }
            Exit::Killed => {
                let failure = TurnFailure::new("killed", "the turn was killed; send the message again", true);
                self.endings.push(running.turn, TurnState::Failed, failure);
            }
            Exit::Failed(error) => self.on_turn_crashed(running.turn, &error).await?,
        }
        drop(running);
        self.go_on(myself).await
    }

    async fn on_turn_crashed(&mut self, turn: TurnId, error: &str) -> Result<(), ActorProcessingErr> {
        tracing::error!(thread = %self.key.thread, %turn, error, "a turn crashed");
        let message =
            "the turn crashed and was ended; nothing that you wrote is lost, and the next message works";
        self.endings.push(turn, TurnState::Failed, TurnFailure::new("crashed", message, true));
        if !self.crashes.record(Instant::now()) {
            self.settle_endings().await?;
            return Err(format!("its turns keep crashing, the last time with: {error}").into());
        }
        Ok(())
    }

    pub(super) async fn on_stop(
        &mut self,
        myself: &ActorRef<LaneMsg>,
        turn: TurnId,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(running) = self.running.as_mut().filter(|running| running.turn == turn) {
            running.stopped = true;
            let grace = self.directory.shared().limits.stop_grace;
            drop(myself.send_after(grace, move || LaneMsg::KillTurn(turn)));
        } else if let Some(place) = self.queue.iter().position(|waiting| waiting.turn == turn) {
            self.queue.remove(place);
            let failure = TurnFailure::new("stopped", "stopped before it began", false);
            self.endings.push(turn, TurnState::Stopped, failure);
            return self.go_on(myself).await;
        }
        Ok(())
    }

    pub(super) async fn on_hold(&mut self, myself: &ActorRef<LaneMsg>) -> Result<(), ActorProcessingErr> {
        match self.running.as_ref().map(|running| running.turn) {
            Some(turn) => self.on_stop(myself, turn).await,
            None => Ok(()),
        }
    }

    pub(super) fn on_kill_turn(&mut self, turn: TurnId) -> Result<(), ActorProcessingErr> {
        if let Some(running) = self.running.as_ref().filter(|running| running.turn == turn) {
            tracing::warn!(thread = %self.key.thread, %turn, "a stopped turn did not end in time and is killed");
            running.cell.kill();
        }
        Ok(())
    }
}
