//! Turns that ended without their actor: what the lane has to settle for them.

use std::collections::VecDeque;

use super::factory::LaneKey;
use crate::ports::keep_ledger::{KeepLedger, LedgerError};
use crate::protocol::chat::Usage;
use crate::protocol::ids::TurnId;
use crate::protocol::journal::TurnLog;
use crate::protocol::turn::{Settlement, TurnAnswer, TurnFailure, TurnState};

/// How a turn ended whose actor is gone, or never was.
struct Ending {
    turn: TurnId,
    state: TurnState,
    failure: TurnFailure,
}

/// Endings that are not in the ledger yet, in their order.
#[derive(Default)]
pub(super) struct Endings(VecDeque<Ending>);

impl Endings {
    pub(super) fn push(&mut self, turn: TurnId, state: TurnState, failure: TurnFailure) {
        self.0.push_back(Ending { turn, state, failure });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Settles them, each with the part of its answer that is in the log. What the store refuses stays.
    pub(super) async fn settle(&mut self, ledger: &dyn KeepLedger, key: &LaneKey) -> Result<(), LedgerError> {
        while let Some(ending) = self.0.front() {
            let pending = ledger.pending(&key.tenant, key.thread).await?;
            if let Some(turn) = pending.into_iter().find(|pending| pending.turn_id == ending.turn) {
                let settlement = Settlement {
                    tenant: key.tenant.clone(),
                    thread: key.thread,
                    turn_id: ending.turn,
                    state: ending.state,
                    answer: TurnAnswer { text: turn.partial, ..TurnAnswer::default() },
                    spent: Usage::default(),
                    tail: TurnLog::default(),
                    failure: Some(ending.failure.clone()),
                };
                match ledger.settle(settlement).await {
                    Ok(()) | Err(LedgerError::Fenced) => {}
                    Err(error) => return Err(error),
                }
            }
            self.0.pop_front();
        }
        Ok(())
    }
}
