//! What decides, and what a strategy may not take for a result.

use super::decide::{decide, is_stuck, score};
use super::{Decision, Past, strategy};
use crate::experiments::evaluation::{Evaluation, Judged, Tested};
use crate::experiments::experiment::{Experiment, Iteration, Kind, Maker, Reason, Status};
use crate::experiments::metric::Sample;
use crate::experiments::results::Counts;
use crate::experiments::settings::{Rubric, Settings, TestCommand};
use crate::experiments::wanted::NewExperiment;
use crate::protocol::ids::{TenantId, WorkspaceId};
use crate::protocol::turn::Provenance;

fn settings() -> Settings {
    let json = r#"{"scope": ["src/**"], "tests": {"command": ["check"]},
                   "metric": {"command": ["bench"], "regex": "(.*)", "goal": 0.2}}"#;
    serde_json::from_str(json).unwrap()
}

fn experiment(settings: Settings) -> Experiment {
    let maker = Maker { tenant: TenantId::home(), source: "owner".to_owned(), provenance: Provenance::Owner };
    let new = NewExperiment {
        workspace_id: None,
        title: "faster".to_owned(),
        kind: Kind::Code,
        goal: "make it faster".to_owned(),
        settings,
        iterations_max: None,
        time_budget_s: None,
    };
    let mut made = new.into_experiment(&maker, WorkspaceId::new(), 0).unwrap();
    made.baseline = Some(measured(true, Some(100.0)));
    made.base = Some("base".to_owned());
    made
}

fn measured(passed: bool, number: Option<f64>) -> Evaluation {
    let tests = Tested { passed, ended: "exit".to_owned(), counts: None };
    let mut now = Evaluation {
        tests: Some(tests),
        metric: number.and_then(|number| Sample::of(vec![number; 3])),
        ..Evaluation::default()
    };
    let before = Evaluation { metric: Sample::of(vec![100.0]), ..Evaluation::default() };
    now.score = score(&settings(), Some(&before), &now);
    now
}

fn iteration(number: u32, status: Status, now: Evaluation) -> Iteration {
    Iteration {
        number,
        round: number,
        status,
        reason: Reason::None,
        parent: "base".to_owned(),
        tree: Some(format!("tree-{number}")),
        thread: None,
        turn: None,
        prompt: String::new(),
        answer: "all tests pass, 0 failures, a full success".to_owned(),
        score: Some(now.score),
        summary: String::new(),
        evaluation: Some(now),
        diff: None,
        tokens: 0,
        tool_calls: 0,
        started_ms: 0,
        ended_ms: Some(1),
    }
}

#[test]
fn what_was_measured_decides() {
    let experiment = experiment(settings());
    let past = Past { experiment: &experiment, iterations: &[] };
    for (now, decision) in [
        (measured(true, Some(60.0)), Decision::Accept),
        (measured(true, Some(95.0)), Decision::Continue),
        (measured(true, Some(100.0)), Decision::Reject),
        (measured(true, Some(130.0)), Decision::Reject),
        (measured(false, Some(10.0)), Decision::Reject),
        (measured(true, None), Decision::Reject),
    ] {
        let verdict = decide(&now, past);
        assert_eq!(verdict.decision, decision, "{now:?}: {}", verdict.why);
    }
}

#[test]
fn a_model_that_says_that_all_tests_pass_scores_nothing() {
    let experiment = experiment(settings());
    let lie = iteration(1, Status::Evaluating, measured(false, None));
    let past = Past { experiment: &experiment, iterations: std::slice::from_ref(&lie) };
    let now = lie.evaluation.clone().unwrap();
    assert!(now.score < f64::EPSILON, "{}", now.score);
    assert_eq!(decide(&now, past).decision, Decision::Reject);
}

#[test]
fn later_iterations_go_on_from_the_best_and_a_rejected_one_leaves_nothing() {
    let experiment = experiment(settings());
    let strategy = strategy(&experiment).unwrap();
    let step = iteration(1, Status::Continued, measured(true, Some(95.0)));
    let worse = iteration(2, Status::Rejected, measured(true, Some(10.0)));
    let none = Past { experiment: &experiment, iterations: std::slice::from_ref(&worse) };
    assert_eq!(strategy.rollback(none), "base");
    let both = [step, worse];
    let past = Past { experiment: &experiment, iterations: &both };
    assert_eq!(strategy.prepare_iteration(past).from, "tree-1");
    // Against the step, and not against the beginning, the next one is measured.
    assert_eq!(decide(&measured(true, Some(95.0)), past).decision, Decision::Reject);
}

#[test]
fn where_nothing_worked_more_tests_that_pass_are_a_step() {
    let mut experiment = experiment(Settings { metric: None, ..settings() });
    let failing = |passed, failed| {
        let counts = Some(Counts { passed, failed, skipped: 0 });
        let tests = Some(Tested { passed: false, ended: "exit".to_owned(), counts });
        Evaluation { tests, score: 0.1, ..Evaluation::default() }
    };
    experiment.baseline = Some(failing(3, 2));
    let past = Past { experiment: &experiment, iterations: &[] };
    assert_eq!(decide(&failing(4, 1), past).decision, Decision::Continue);
    assert_eq!(decide(&failing(3, 2), past).decision, Decision::Reject);
    let whole = Evaluation { score: 1.0, ..measured(true, None) };
    assert_eq!(decide(&whole, past).decision, Decision::Accept);
}

#[test]
fn it_is_stuck_after_as_many_fruitless_iterations_as_the_settings_say() {
    let experiment = experiment(settings());
    let all: Vec<Iteration> =
        (1..=3).map(|number| iteration(number, Status::Rejected, measured(false, None))).collect();
    let stuck = |count: usize| is_stuck(Past { experiment: &experiment, iterations: &all[..count] });
    assert!(!stuck(2) && stuck(3));
}

#[test]
fn settings_that_would_take_a_models_word_are_refused() {
    let command = TestCommand {
        command: vec!["x".to_owned()],
        timeout_s: 1,
        format: crate::experiments::Format::Exit,
        report: None,
    };
    let good = Settings { scope: vec!["a".to_owned()], tests: Some(command.clone()), ..Settings::default() };
    assert!(good.check(Kind::Code).is_ok());
    let judge = |backend: &str| {
        Some(Rubric { text: "good".to_owned(), backend: backend.to_owned(), model: String::new() })
    };
    for bad in [
        Settings { tests: None, ..good.clone() },
        Settings { scope: Vec::new(), ..good.clone() },
        Settings { accept_threshold: 1.1, ..good.clone() },
        Settings { reject_threshold: 0.9, ..good.clone() },
        Settings { parallel: Some(5), ..good.clone() },
        Settings { parallel: Some(0), ..good.clone() },
        Settings { backend: Some("a".to_owned()), rubric: judge("a"), ..good.clone() },
        Settings { tests: Some(TestCommand { timeout_s: 3_601, ..command.clone() }), ..good.clone() },
        Settings { tests: Some(TestCommand { command: Vec::new(), ..command }), ..good.clone() },
    ] {
        assert!(bad.check(Kind::Code).is_err(), "{bad:?}");
    }
    assert!(Settings { backend: Some("a".to_owned()), rubric: judge("b"), ..good }.check(Kind::Code).is_ok());
    assert!(Settings::default().check(Kind::Research).is_err());
    assert!(Settings::default().check(Kind::Prompt).is_err());
    assert!(Settings::default().check(Kind::External).is_err());
}

#[test]
fn a_rubric_counts_as_far_as_it_goes() {
    let with = Settings { metric: None, rubric: None, ..settings() };
    let judged = |score| Some(Judged { by: "b".to_owned(), score, why: String::new() });
    let now = Evaluation { judged: judged(0.9), ..measured(true, None) };
    assert!((score(&with, None, &now) - 0.9).abs() < 1e-9);
    let broken = Evaluation { judged: judged(1.0), ..measured(false, None) };
    assert!(score(&with, None, &broken) <= with.reject_threshold);
}

#[test]
fn an_external_strategy_is_a_program_or_a_component_that_it_cannot_change() {
    let settings = |more: &str| -> Settings {
        serde_json::from_str(&format!(r#"{{"scope": ["src/**"], {more}}}"#)).unwrap()
    };
    let good = r#""component": {"file": "strategy.wasm"}"#;
    assert!(settings(good).check(Kind::External).is_ok());
    for bad in [
        r#""component": {"file": "src/strategy.wasm"}"#,
        r#""component": {"file": "../strategy.wasm"}"#,
        r#""component": {"file": "/etc/strategy.wasm"}"#,
        r#""component": {"file": ""}"#,
        r#""component": {"file": "strategy.wasm", "timeout_s": 0}"#,
        r#""component": {"file": "strategy.wasm"}, "command": {"command": ["x"]}"#,
        r#""stagnation_window": 3"#,
    ] {
        assert!(settings(bad).check(Kind::External).is_err(), "{bad}");
    }
}
