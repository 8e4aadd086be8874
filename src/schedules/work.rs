//! What a run has begun: a turn of an assistant, or an experiment. Its end is that of the run.

use crate::experiments::{Applied, Reason, State};
use crate::protocol::ids::{ExperimentId, ThreadId, TurnId};
use crate::protocol::turn::{TurnFailure, TurnState};

/// See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Work {
    /// A turn in a thread.
    Turn(ThreadId, TurnId),
    /// An experiment.
    Experiment(ExperimentId),
}

/// Work as far as its run is concerned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    Turn(SeenTurn),
    Experiment(SeenExperiment),
}

/// See [`Seen`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SeenTurn {
    pub(super) state: TurnState,
    /// Whether it waits for a person.
    pub(super) waiting: bool,
    pub(super) failure: Option<TurnFailure>,
    /// Whether an effect was begun whose answer is lost.
    pub(super) has_lost_effect: bool,
    /// The outcome of its last call and the answer of that, where the run is that call.
    pub(super) call: Option<(String, String)>,
}

/// See [`Seen`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct SeenExperiment {
    pub(super) state: State,
    pub(super) reason: Reason,
    /// What became of the files of the workspace.
    pub(super) applied: Applied,
    /// What came of it, in words.
    pub(super) summary: String,
}

// === impl Seen ===

impl Seen {
    /// Whether nothing of it goes on.
    pub(super) const fn is_over(&self) -> bool {
        match self {
            Self::Turn(turn) => turn.state.is_terminal(),
            Self::Experiment(experiment) => experiment.state.is_terminal(),
        }
    }

    /// Whether it waits for a person.
    pub(super) const fn waits(&self) -> bool {
        match self {
            Self::Turn(turn) => turn.waiting,
            Self::Experiment(experiment) => matches!(experiment.state, State::AwaitingHuman),
        }
    }
}

// === impl SeenTurn ===

impl SeenTurn {
    /// A turn of which no more is known.
    pub(super) const fn at(state: TurnState, waiting: bool) -> Self {
        Self { state, waiting, failure: None, has_lost_effect: false, call: None }
    }
}

// === impl SeenExperiment ===

impl SeenExperiment {
    /// An experiment of which no more is known.
    pub(super) const fn at(state: State) -> Self {
        Self { state, reason: Reason::None, applied: Applied::No, summary: String::new() }
    }
}
