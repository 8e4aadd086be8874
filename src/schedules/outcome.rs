//! What a run does next in the light of its work: a pure function.

use super::policies::Policies;
use super::run::{Run, RunState};
use super::work::{Seen, SeenExperiment, SeenTurn};
use crate::experiments::{Applied, Reason, State};
use crate::protocol::turn::TurnState;

/// How long work that was told to stop may take for it: two minutes, in milliseconds. After that nobody knows what it does.
pub(super) const STOP_WITHIN_MS: i64 = 120_000;

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// Nothing changes before this time.
    Wait { until_ms: i64 },
    /// It waits for a person; its clock stands.
    Park,
    /// The person has decided; so long it may work on.
    Unpark { deadline_ms: i64 },
    /// Its work is told to stop, and it ends as this.
    Stop { ending: RunState, reason: String, deadline_ms: i64 },
    /// It has ended; whether another try may help.
    End { state: RunState, reason: String, retry: bool },
}

/// What follows for a run whose work is this; `None` when the work is gone.
pub(super) fn next(run: &Run, seen: Option<&Seen>, policies: &Policies, now_ms: i64) -> Next {
    let Some(seen) = seen else {
        let text = match run.experiment {
            Some(_) => "its experiment was deleted",
            None => "its turn is gone, with the thread that it was in",
        };
        return end(RunState::Unknown, text, false);
    };
    if seen.is_over() {
        return match seen {
            Seen::Turn(turn) => turn_ended(run, turn),
            Seen::Experiment(experiment) => experiment_ended(run, experiment),
        };
    }
    if let Some(ending) = run.ending {
        let text = "it was told to stop and did not end in time; what it still does is not known";
        return match now_ms < run.deadline_ms {
            true => Next::Wait { until_ms: run.deadline_ms },
            false if ending == RunState::Replaced => end(RunState::Replaced, text, false),
            false => end(RunState::Unknown, text, false),
        };
    }
    match (run.state, seen.waits()) {
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
fn turn_ended(run: &Run, seen: &SeenTurn) -> Next {
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

/// The end of a run whose experiment is over. One that found nothing better did what it should.
fn experiment_ended(run: &Run, seen: &SeenExperiment) -> Next {
    let said = |what: &str| match seen.summary.is_empty() {
        true => what.to_owned(),
        false => format!("{what}: {}", seen.summary),
    };
    match (seen.state, run.ending) {
        (State::Accepted, _) => end(RunState::Done, &said("accepted"), false),
        _ if seen.applied == Applied::Applying => {
            let text = "it ended while files of the workspace were written: some may be there and some not";
            end(RunState::Unknown, text, false)
        }
        (_, Some(ending)) => end(ending, &run.reason, ending == RunState::TimedOut),
        (State::Rejected, None) => end(RunState::Done, &said("nothing was better"), false),
        (State::Cancelled, None) => end(RunState::Cancelled, &said("somebody ended the experiment"), false),
        (_, None) => match seen.reason {
            Reason::Timeout => end(RunState::TimedOut, &said("the time of the experiment was over"), true),
            Reason::GracefulStop => end(RunState::Cancelled, &said("the experiment was stopped"), false),
            Reason::Crash | Reason::InitFailed | Reason::PrepFailed | Reason::QueryFailed => {
                end(RunState::Failed, &said(seen.reason.as_str()), true)
            }
            Reason::None
            | Reason::UserCancel
            | Reason::MaxIterations
            | Reason::ScopeViolation
            | Reason::StrategyCrashed => end(RunState::Failed, &said(seen.reason.as_str()), false),
        },
    }
}

fn end(state: RunState, reason: &str, retry: bool) -> Next {
    Next::End { state, reason: reason.to_owned(), retry }
}
