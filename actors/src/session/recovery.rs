//! What becomes of a turn that an earlier life left unfinished. Pure.

use crate::protocol::turn::{PendingTurn, TurnFailure, TurnState};

/// The outcome for one turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recovery {
    /// Begin it, as this attempt.
    Run {
        /// Number of the begin, 1 for the first.
        attempt: u32,
    },
    /// End it with this reason and keep what was visible.
    End(TurnFailure),
}

/// Decides: a queued turn runs; a running one runs again only if nobody saw any of its
/// answer yet, so that no text is ever doubled, and only `attempts_max` times in all. A begin that ended
/// while the turn waited for a person does not count: a question may outlive many restarts.
#[must_use]
pub fn recover(turn: &PendingTurn, attempts_max: u32) -> Recovery {
    let tried = turn.attempt.saturating_sub(turn.waits);
    if tried >= attempts_max {
        let message =
            format!("this turn was interrupted {tried} times and is not tried again; send it again");
        return Recovery::End(TurnFailure::new("interrupted", message, true));
    }
    match (turn.state, turn.visible) {
        (TurnState::Queued, _) | (TurnState::Running, false) => Recovery::Run { attempt: turn.attempt + 1 },
        (TurnState::Running, true) => Recovery::End(TurnFailure::new(
            "interrupted",
            "the session was restarted while it answered; what had arrived is kept, send the message again for a whole answer",
            true,
        )),
        (TurnState::Done | TurnState::Failed | TurnState::Stopped | TurnState::Interrupted, _) => {
            Recovery::End(TurnFailure::new("interrupted", "the turn had ended already", false))
        }
    }
}
