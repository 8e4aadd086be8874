//! The state machine of an experiment: a pure function from where it is and what happened to where it is next and what
//! has to be done. It knows no clock, no store and no model; whoever drives it does what it says.

use super::experiment::{Answer, Reason, State};

/// Where an experiment is, as far as its next state is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Machine {
    /// The state.
    pub state: State,
    /// Iterations that began.
    pub iteration: u32,
    /// How many there may be.
    pub iterations_max: u32,
    /// Whether it ends after this round.
    pub stopping: bool,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Somebody started it.
    Start,
    /// The ideas of this round are there.
    IdeasReady,
    /// This round is judged.
    Judged(Judgement),
    /// A person said what they want, or did not in time, which is a no.
    Answered(Answer),
    /// The workspace has the accepted files, or needs none of them.
    Applied,
    /// The workspace has changed meanwhile: a person has to look.
    Conflict,
    /// Somebody wants it to end now.
    Cancel,
    /// Somebody wants it to end after what it does.
    Stop,
    /// It cannot go on.
    Fail(Reason),
}

/// What became of a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// One is good enough to end with.
    Accept {
        /// Whether a person is asked first.
        gate: bool,
    },
    /// None is, and it goes on.
    Continue,
    /// None is, and it makes no sense to go on.
    Reject,
}

/// What has to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// The next round begins.
    BeginRound,
    /// What the ideas left is measured.
    Evaluate,
    /// A person is asked.
    AskPerson,
    /// The accepted files go into the workspace.
    Apply,
    /// What runs is ended, with everything that it started.
    StopWork,
    /// What is not accepted is taken back.
    Rollback,
    /// It is over, for this reason.
    Finish(Reason),
}

// === impl Machine ===

impl Machine {
    /// What comes next. What cannot happen in this state changes nothing.
    #[must_use]
    pub fn next(self, event: Event) -> (Self, Vec<Effect>) {
        match (self.state, event) {
            (State::Created, Event::Start) => self.to(State::Running, vec![Effect::BeginRound]),
            (State::Created, Event::Cancel | Event::Stop) => {
                self.to(State::Cancelled, vec![Effect::Finish(Reason::UserCancel)])
            }
            (state, Event::Cancel) if state.is_live() => self.end(State::Cancelled, Reason::UserCancel),
            (state, Event::Fail(reason)) if state.is_live() => self.end(State::Halted, reason),
            (State::Running | State::Evaluating, Event::Stop) => {
                (Self { stopping: true, ..self }, Vec::new())
            }
            (State::AwaitingHuman, Event::Stop) => self.end(State::Halted, Reason::GracefulStop),
            (State::Running, Event::IdeasReady) => self.to(State::Evaluating, vec![Effect::Evaluate]),
            (State::Evaluating, Event::Judged(judgement)) => self.judged(judgement),
            (State::AwaitingHuman, Event::Answered(answer)) => match answer {
                Answer::Accept => (self, vec![Effect::Apply]),
                Answer::Reject => self.over(State::Rejected, Reason::None),
                Answer::Continue => self.go_on(),
            },
            (State::Evaluating | State::AwaitingHuman, Event::Applied) => {
                self.to(State::Accepted, vec![Effect::Finish(Reason::None)])
            }
            (State::Evaluating | State::AwaitingHuman, Event::Conflict) => {
                self.to(State::AwaitingHuman, vec![Effect::AskPerson])
            }
            _ => (self, Vec::new()),
        }
    }

    fn judged(self, judgement: Judgement) -> (Self, Vec<Effect>) {
        match judgement {
            Judgement::Accept { gate: true } => self.to(State::AwaitingHuman, vec![Effect::AskPerson]),
            Judgement::Accept { gate: false } => (self, vec![Effect::Apply]),
            Judgement::Reject => self.over(State::Rejected, Reason::None),
            Judgement::Continue => self.go_on(),
        }
    }

    fn go_on(self) -> (Self, Vec<Effect>) {
        if self.stopping {
            return self.over(State::Halted, Reason::GracefulStop);
        }
        if self.iteration >= self.iterations_max {
            return self.over(State::Rejected, Reason::MaxIterations);
        }
        self.to(State::Running, vec![Effect::Rollback, Effect::BeginRound])
    }

    fn over(self, state: State, reason: Reason) -> (Self, Vec<Effect>) {
        self.to(state, vec![Effect::Rollback, Effect::Finish(reason)])
    }

    fn end(self, state: State, reason: Reason) -> (Self, Vec<Effect>) {
        self.to(state, vec![Effect::StopWork, Effect::Rollback, Effect::Finish(reason)])
    }

    fn to(self, state: State, effects: Vec<Effect>) -> (Self, Vec<Effect>) {
        (Self { state, ..self }, effects)
    }
}

#[cfg(test)]
mod tests;
