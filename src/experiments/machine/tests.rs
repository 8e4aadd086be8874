//! Every event in every state, and the ways that people go.

use super::{Effect, Event, Judgement, Machine};
use crate::experiments::experiment::{Answer, Reason, State};

const EVENTS: [Event; 15] = [
    Event::Start,
    Event::IdeasReady,
    Event::Judged(Judgement::Accept { gate: true }),
    Event::Judged(Judgement::Accept { gate: false }),
    Event::Judged(Judgement::Continue),
    Event::Judged(Judgement::Reject),
    Event::Answered(Answer::Accept),
    Event::Answered(Answer::Reject),
    Event::Answered(Answer::Continue),
    Event::Applied,
    Event::Conflict,
    Event::Cancel,
    Event::Stop,
    Event::Fail(Reason::Timeout),
    Event::Fail(Reason::Crash),
];

fn at(state: State) -> Machine {
    Machine { state, iteration: 1, iterations_max: 3, stopping: false }
}

/// The transitions of the seeds, and no other.
fn may(from: State, to: State) -> bool {
    use State::*;
    let allowed: &[State] = match from {
        Created => &[Running, Cancelled],
        Running => &[Evaluating, Cancelled, Halted, Accepted, Rejected],
        Evaluating => &[AwaitingHuman, Running, Accepted, Rejected, Halted, Cancelled],
        AwaitingHuman => &[Running, Accepted, Rejected, Halted, Cancelled],
        Accepted | Rejected | Cancelled | Halted => &[],
    };
    from == to || allowed.contains(&to)
}

#[test]
fn every_event_in_every_state_leads_where_it_may_lead() {
    for state in State::ALL {
        for event in EVENTS {
            for stopping in [false, true] {
                for iteration in [1, 3] {
                    let before = Machine { iteration, stopping, ..at(*state) };
                    let (after, effects) = before.next(event);
                    assert!(may(*state, after.state), "{state:?} {event:?} → {:?}", after.state);
                    let finishes = effects.iter().any(|effect| matches!(effect, Effect::Finish(_)));
                    let ended = after.state.is_terminal() && !state.is_terminal();
                    assert_eq!(finishes, ended, "{state:?} {event:?}: what ends says why");
                    if state.is_terminal() {
                        assert!(effects.is_empty() && after == before, "{state:?} {event:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_start_leads_through_a_round_to_the_gate_and_into_the_workspace() {
    let (machine, effects) = at(State::Created).next(Event::Start);
    assert_eq!((machine.state, effects), (State::Running, vec![Effect::BeginRound]));
    let (machine, effects) = machine.next(Event::IdeasReady);
    assert_eq!((machine.state, effects), (State::Evaluating, vec![Effect::Evaluate]));
    let (machine, effects) = machine.next(Event::Judged(Judgement::Accept { gate: true }));
    assert_eq!((machine.state, effects), (State::AwaitingHuman, vec![Effect::AskPerson]));
    let (machine, effects) = machine.next(Event::Answered(Answer::Accept));
    assert_eq!((machine.state, effects), (State::AwaitingHuman, vec![Effect::Apply]));
    let (machine, effects) = machine.next(Event::Applied);
    assert_eq!((machine.state, effects), (State::Accepted, vec![Effect::Finish(Reason::None)]));
}

#[test]
fn the_last_iteration_is_the_last_and_the_one_before_is_not() {
    let goes_on = Event::Judged(Judgement::Continue);
    let (machine, _) = Machine { iteration: 2, ..at(State::Evaluating) }.next(goes_on);
    assert_eq!(machine.state, State::Running);
    let (machine, effects) = Machine { iteration: 3, ..at(State::Evaluating) }.next(goes_on);
    assert_eq!(machine.state, State::Rejected);
    assert_eq!(effects.last(), Some(&Effect::Finish(Reason::MaxIterations)));
}

#[test]
fn a_graceful_stop_waits_for_the_round_and_a_cancel_does_not() {
    let (machine, effects) = at(State::Running).next(Event::Stop);
    assert!(machine.stopping && effects.is_empty() && machine.state == State::Running);
    let (machine, _) = machine.next(Event::IdeasReady);
    let (machine, effects) = machine.next(Event::Judged(Judgement::Continue));
    assert_eq!((machine.state, effects.last()), (State::Halted, Some(&Effect::Finish(Reason::GracefulStop))));
    let (machine, effects) = at(State::Running).next(Event::Cancel);
    assert_eq!((machine.state, effects.first()), (State::Cancelled, Some(&Effect::StopWork)));
}

#[test]
fn what_changed_in_the_workspace_meanwhile_is_a_question_again() {
    let (machine, effects) = at(State::Evaluating).next(Event::Conflict);
    assert_eq!((machine.state, effects), (State::AwaitingHuman, vec![Effect::AskPerson]));
}
