//! The agentic loop as a pure state machine: idle → compacting → streaming → awaiting_approval → executing_tools → …
//! → finalizing.
//!
//! The machine knows which calls there are, what they do to the world, and how often; it knows no model, no tool and no
//! store. Whoever drives it does what [`Do`] says and tells it what [`Happened`]. Calls that only read are made
//! together; every other one is made alone, in the order of the model, judged when it is its turn: after what came
//! before it was read.

mod repetition;

use std::collections::VecDeque;

use crate::policy::ToolClass;

pub use repetition::{REPEATS_MAX, Repetition, SIGHTINGS_MAX};

/// Calls that are made at a time.
pub const PARALLEL_MAX: usize = 8;
/// Calls of one round that are looked at; further ones are dropped before they are kept.
pub const CALLS_PER_ROUND_MAX: usize = 32;

/// Where the loop is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Nothing has begun.
    Idle,
    /// The conversation is being made to fit.
    Compacting,
    /// A model speaks.
    Streaming,
    /// Calls are judged, and a person may be asked.
    AwaitingApproval,
    /// Calls are made.
    ExecutingTools,
    /// The answer is there.
    Finalizing,
}

/// A call as far as the loop is concerned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Unique in the turn.
    pub id: String,
    /// What is called with what: equal for equal calls.
    pub key: u64,
    /// What it does to the world; `None` when it cannot be done at all.
    pub class: Option<ToolClass>,
}

/// The answer of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The call's [`Call::key`].
    pub key: u64,
    /// Equal for equal answers.
    pub digest: u64,
}

/// What became of what the loop wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happened {
    /// The turn is there.
    Begun {
        /// Rounds that are kept already; 0 for a new turn.
        rounds: u32,
        /// Calls of the last one that have no answer.
        open: Vec<Call>,
        /// Calls of this turn that have one, oldest first.
        past: Vec<Answer>,
    },
    /// The conversation fits into the model.
    Fits,
    /// The model has spoken, and wants these calls.
    Said(Vec<Call>),
    /// The calls were judged; so many questions wait for a person.
    Judged {
        /// Questions that wait.
        questions: usize,
    },
    /// Every question is decided.
    Decided,
    /// The calls have answers, whatever they are.
    Answered(Vec<Answer>),
}

/// What to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Do {
    /// See that the conversation fits into the model.
    Fit,
    /// Ask the model.
    CallModel {
        /// 1, 2, …
        round: u32,
        /// Whether it may call tools.
        tools: bool,
    },
    /// Judge these calls, which may be made together.
    Judge(Vec<String>),
    /// Wait for a person.
    Wait,
    /// Make the judged calls.
    Run,
    /// Answer this call with a note that the same call has had the same answer before.
    Note(String),
    /// Nothing more: what the model said last is the answer.
    Finish,
}

/// The loop. See the module.
#[derive(Clone, Debug)]
pub struct Agent {
    phase: Phase,
    round: u32,
    rounds_max: u32,
    queue: VecDeque<Call>,
    repetition: Repetition,
}

// === impl Agent ===

impl Agent {
    /// A loop of at most `rounds_max` rounds with tools. After them the model is asked once more, without tools.
    #[must_use]
    pub fn new(rounds_max: u32) -> Self {
        Self {
            phase: Phase::Idle,
            round: 0,
            rounds_max,
            queue: VecDeque::new(),
            repetition: Repetition::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether the model may call tools in the present round.
    #[must_use]
    pub fn has_tools(&self) -> bool {
        self.round <= self.rounds_max && !self.repetition.is_stuck()
    }

    /// What follows. What does not fit its phase changes nothing and ends the loop: that is a fault of the driver.
    #[must_use]
    pub fn next(mut self, happened: Happened) -> (Self, Do) {
        let next = match (self.phase, happened) {
            (Phase::Idle, Happened::Begun { rounds, open, past }) => {
                past.into_iter().for_each(|answer| self.repetition.answered(answer));
                self.round = rounds;
                self.queue = open.into();
                self.next_calls()
            }
            (Phase::Compacting, Happened::Fits) => {
                self.phase = Phase::Streaming;
                self.round += 1;
                Do::CallModel { round: self.round, tools: self.has_tools() }
            }
            (Phase::Streaming, Happened::Said(calls)) => {
                self.queue = if self.has_tools() { calls.into() } else { VecDeque::new() };
                if self.queue.is_empty() { self.finish() } else { self.next_calls() }
            }
            (Phase::AwaitingApproval, Happened::Judged { questions: 1.. }) => Do::Wait,
            (Phase::AwaitingApproval, Happened::Judged { questions: 0 } | Happened::Decided) => {
                self.phase = Phase::ExecutingTools;
                Do::Run
            }
            (Phase::ExecutingTools, Happened::Answered(answers)) => {
                answers.into_iter().for_each(|answer| self.repetition.answered(answer));
                self.next_calls()
            }
            _ => self.finish(),
        };
        (self, next)
    }

    /// The next calls that may be made together, or the next round when there are none.
    fn next_calls(&mut self) -> Do {
        let Some(first) = self.queue.pop_front() else {
            self.phase = Phase::Compacting;
            return Do::Fit;
        };
        if self.repetition.is_repeated(first.key) {
            self.phase = Phase::ExecutingTools;
            return Do::Note(first.id);
        }
        self.phase = Phase::AwaitingApproval;
        let mut together = vec![first];
        while together.len() < PARALLEL_MAX
            && together.last().is_some_and(is_harmless)
            && let Some(next) =
                self.queue.pop_front_if(|next| is_harmless(next) && !self.repetition.is_repeated(next.key))
        {
            together.push(next);
        }
        Do::Judge(together.into_iter().map(|call| call.id).collect())
    }

    const fn finish(&mut self) -> Do {
        self.phase = Phase::Finalizing;
        Do::Finish
    }
}

/// Whether a call may be made beside others.
fn is_harmless(call: &Call) -> bool {
    matches!(call.class, Some(ToolClass::ReadOnly) | None)
}

#[cfg(test)]
mod tests;
