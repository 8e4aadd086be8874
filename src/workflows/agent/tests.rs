//! The loop in tables: what it does next, whatever happens.

use super::*;

const ROUNDS: u32 = 3;

fn call(id: &str, class: ToolClass) -> Call {
    Call { id: id.to_owned(), key: u64::from(id.as_bytes()[0]), class: Some(class) }
}

fn begun() -> Happened {
    Happened::Begun { rounds: 0, open: Vec::new(), past: Vec::new() }
}

fn answers(ids: &[&str], digest: u64) -> Happened {
    let answer = |id: &&str| Answer { key: u64::from(id.as_bytes()[0]), digest };
    Happened::Answered(ids.iter().map(answer).collect())
}

/// What is done after each of these, in order.
fn play(mut agent: Agent, story: impl IntoIterator<Item = Happened>) -> (Agent, Vec<Do>) {
    let mut done = Vec::new();
    for happened in story {
        let (next, what) = agent.next(happened);
        agent = next;
        done.push(what);
    }
    (agent, done)
}

fn judge(ids: &[&str]) -> Do {
    Do::Judge(ids.iter().map(|&id| id.to_owned()).collect())
}

#[test]
fn an_answer_without_calls_ends_the_turn() {
    let (agent, done) = play(Agent::new(ROUNDS), [begun(), Happened::Fits, Happened::Said(Vec::new())]);
    assert_eq!(done, [Do::Fit, Do::CallModel { round: 1, tools: true }, Do::Finish]);
    assert_eq!(agent.phase(), Phase::Finalizing);
}

#[test]
fn reads_go_together_and_effects_alone_in_the_order_of_the_model() {
    use ToolClass::{Effectful, Idempotent, ReadOnly};
    let calls = vec![
        call("a", ReadOnly),
        call("b", ReadOnly),
        call("c", Effectful),
        call("d", Idempotent),
        call("e", ReadOnly),
    ];
    let (_, done) = play(
        Agent::new(ROUNDS),
        [
            begun(),
            Happened::Fits,
            Happened::Said(calls),
            Happened::Judged { questions: 0 },
            answers(&["a", "b"], 1),
            Happened::Judged { questions: 1 },
            Happened::Decided,
            answers(&["c"], 1),
            Happened::Judged { questions: 0 },
            answers(&["d"], 1),
            Happened::Judged { questions: 0 },
            answers(&["e"], 1),
            Happened::Fits,
        ],
    );
    let wanted = [
        Do::Fit,
        Do::CallModel { round: 1, tools: true },
        judge(&["a", "b"]),
        Do::Run,
        judge(&["c"]),
        Do::Wait,
        Do::Run,
        judge(&["d"]),
        Do::Run,
        judge(&["e"]),
        Do::Run,
        Do::Fit,
        Do::CallModel { round: 2, tools: true },
    ];
    assert_eq!(done, wanted);
}

#[test]
fn no_more_than_the_limit_is_made_at_a_time() {
    let many: Vec<Call> = (0..=PARALLEL_MAX)
        .map(|n| Call {
            id: n.to_string(),
            key: u64::try_from(n).expect("small"),
            class: Some(ToolClass::ReadOnly),
        })
        .collect();
    let (agent, done) = play(
        Agent::new(ROUNDS),
        [begun(), Happened::Fits, Happened::Said(many), Happened::Judged { questions: 0 }],
    );
    assert!(matches!(&done[2], Do::Judge(first) if first.len() == PARALLEL_MAX));
    let (_, next) = agent.next(Happened::Answered(Vec::new()));
    assert!(matches!(next, Do::Judge(rest) if rest.len() == 1));
}

#[test]
fn a_resumed_turn_ends_its_open_calls_before_it_asks_again() {
    let open = vec![call("a", ToolClass::Effectful)];
    let begun = Happened::Begun { rounds: 2, open, past: Vec::new() };
    let story = [begun, Happened::Judged { questions: 0 }, answers(&["a"], 1), Happened::Fits];
    let (_, done) = play(Agent::new(ROUNDS), story);
    assert_eq!(done, [judge(&["a"]), Do::Run, Do::Fit, Do::CallModel { round: 3, tools: true }]);
}

#[test]
fn after_the_last_round_the_model_answers_without_tools_whatever_it_wants() {
    let begun = Happened::Begun { rounds: ROUNDS, open: Vec::new(), past: Vec::new() };
    let wants = Happened::Said(vec![call("a", ToolClass::ReadOnly)]);
    let (_, done) = play(Agent::new(ROUNDS), [begun, Happened::Fits, wants]);
    assert_eq!(done, [Do::Fit, Do::CallModel { round: ROUNDS + 1, tools: false }, Do::Finish]);
}

#[test]
fn the_same_call_with_the_same_answer_is_noted_the_third_time_and_ends_tools_after_the_fifth() {
    let mut agent = Agent::new(100);
    let mut told = Vec::new();
    let (next, _) = agent.next(begun());
    agent = next;
    loop {
        let (next, what) = agent.next(Happened::Fits);
        agent = next;
        if what == (Do::CallModel { round: agent.round, tools: false }) {
            break;
        }
        let (next, what) = agent.next(Happened::Said(vec![call("a", ToolClass::ReadOnly)]));
        told.push(what.clone());
        agent = next;
        if what == judge(&["a"]) {
            agent = agent.next(Happened::Judged { questions: 0 }).0;
        }
        agent = agent.next(answers(&["a"], 7)).0;
    }
    let note = || Do::Note("a".to_owned());
    assert_eq!(told, [judge(&["a"]), judge(&["a"]), note(), note(), note()]);
}

#[test]
fn a_call_whose_answer_changes_may_be_made_as_often_as_there_are_rounds() {
    let mut repetition = Repetition::default();
    for digest in 0..20 {
        repetition.answered(Answer { key: 1, digest });
        assert!(!repetition.is_repeated(1) && !repetition.is_stuck());
    }
}

#[test]
fn what_was_called_before_a_crash_still_counts() {
    let past = vec![Answer { key: u64::from(b'a'), digest: 1 }; 2];
    let begun = Happened::Begun { rounds: 2, open: vec![call("a", ToolClass::ReadOnly)], past };
    let (_, done) = play(Agent::new(ROUNDS), [begun]);
    assert_eq!(done, [Do::Note("a".to_owned())]);
}

#[test]
fn what_does_not_fit_ends_the_loop() {
    for wrong in [Happened::Fits, Happened::Decided, Happened::Said(Vec::new())] {
        let (_, done) = play(Agent::new(ROUNDS), [wrong]);
        assert_eq!(done, [Do::Finish]);
    }
}
