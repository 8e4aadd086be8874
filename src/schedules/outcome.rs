//! What a run does next in the light of its turn: a pure function.

use super::policies::Policies;
use super::run::{Run, RunState};
use crate::protocol::turn::{TurnFailure, TurnState};

/// How long a turn that was told to stop may take for it: two minutes, in milliseconds. After that nobody knows what it does.
pub(super) const STOP_WITHIN_MS: i64 = 120_000;

/// A turn as far as its run is concerned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    pub(super) state: TurnState,
    /// Whether it waits for a person.
    pub(super) waiting: bool,
    pub(super) failure: Option<TurnFailure>,
    /// Whether an effect was begun whose answer is lost.
    pub(super) has_lost_effect: bool,
    /// The outcome of its last call and the answer of that, where the run is that call.
    pub(super) call: Option<(String, String)>,
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// Nothing changes before this time.
    Wait { until_ms: i64 },
    /// It waits for a person; its clock stands.
    Park,
    /// The person has decided; so long it may work on.
    Unpark { deadline_ms: i64 },
    /// Its turn is told to stop, and it ends as this.
    Stop { ending: RunState, reason: String, deadline_ms: i64 },
    /// It has ended; whether another try may help.
    End { state: RunState, reason: String, retry: bool },
}

/// What follows for a run whose turn is this; `None` when the turn is gone.
pub(super) fn next(run: &Run, seen: Option<&Seen>, policies: &Policies, now_ms: i64) -> Next {
    let Some(seen) = seen else {
        return end(RunState::Unknown, "its turn is gone, with the thread that it was in", false);
    };
    if seen.state.is_terminal() {
        return ended(run, seen);
    }
    if let Some(ending) = run.ending {
        let text = "its turn was told to stop and did not end in time; what it still does is not known";
        return match now_ms < run.deadline_ms {
            true => Next::Wait { until_ms: run.deadline_ms },
            false if ending == RunState::Replaced => end(RunState::Replaced, text, false),
            false => end(RunState::Unknown, text, false),
        };
    }
    match (run.state, seen.waiting) {
        (RunState::Parked, true) => Next::Wait { until_ms: i64::MAX },
        (_, true) => Next::Park,
        (RunState::Parked, false) => {
            let waited_ms = now_ms.saturating_sub(run.parked_ms.unwrap_or(now_ms)).max(0);
            Next::Unpark { deadline_ms: run.deadline_ms.saturating_add(waited_ms) }
        }
        _ if now_ms >= run.deadline_ms => Next::Stop {
            ending: RunState::TimedOut,
            reason: format!("it took longer than {}", super::words::span(policies.timeout_s)),
            deadline_ms: now_ms.saturating_add(STOP_WITHIN_MS),
        },
        _ => Next::Wait { until_ms: run.deadline_ms },
    }
}

/// The end of a run whose turn has ended.
fn ended(run: &Run, seen: &Seen) -> Next {
    if seen.has_lost_effect {
        let text = "a tool was begun before the daemon ended, and its answer is lost: it may have happened or not, and is not \
                    done again by itself";
        return end(RunState::Unknown, text, false);
    }
    let said = seen.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
    match (seen.state, run.ending) {
        (TurnState::Done, _) => match &seen.call {
            Some((outcome, answer)) if outcome == "denied" => end(RunState::Failed, answer, false),
            Some((outcome, answer)) if outcome != "done" => end(RunState::Failed, answer, true),
            _ => end(RunState::Done, "", false),
        },
        (_, Some(ending)) => end(ending, &run.reason, ending == RunState::TimedOut),
        (TurnState::Stopped, None) => {
            end(RunState::Cancelled, &format!("somebody stopped it: {said}"), false)
        }
        (TurnState::Interrupted, None) => end(RunState::Failed, &said, true),
        (TurnState::Failed | TurnState::Queued | TurnState::Running, None) => {
            end(RunState::Failed, &said, seen.failure.as_ref().is_some_and(|failure| failure.retryable))
        }
    }
}

fn end(state: RunState, reason: &str, retry: bool) -> Next {
    Next::End { state, reason: reason.to_owned(), retry }
}
