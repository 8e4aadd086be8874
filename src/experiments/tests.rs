//! Limits of what is made, and the document.

use super::experiment::{ITERATIONS_MAX, TIME_BUDGET_S_MAX, TITLE_CHARS_MAX};
use super::{Experiment, Kind, Maker, NewExperiment, Report, Settings, State, chart};
use crate::protocol::ids::{TenantId, WorkspaceId};
use crate::protocol::turn::Provenance;

fn new() -> NewExperiment {
    let settings: Settings =
        serde_json::from_str(r#"{"scope": ["src/**"], "tests": {"command": ["true"]}}"#).unwrap();
    NewExperiment {
        workspace_id: None,
        title: "a <b>bold</b> title".to_owned(),
        kind: Kind::Code,
        goal: "goal".to_owned(),
        settings,
        iterations_max: None,
        time_budget_s: None,
    }
}

fn made(new: NewExperiment) -> Option<Experiment> {
    let maker = Maker { tenant: TenantId::home(), source: "owner".to_owned(), provenance: Provenance::Owner };
    new.into_experiment(&maker, WorkspaceId::new(), 0).ok()
}

#[test]
fn limits_hold_at_them_and_not_one_over() {
    let titled = |chars: usize| NewExperiment { title: "x".repeat(chars), ..new() };
    assert!(made(titled(TITLE_CHARS_MAX)).is_some() && made(titled(TITLE_CHARS_MAX + 1)).is_none());
    assert!(made(titled(0)).is_none());
    let tried = |count: u32| NewExperiment { iterations_max: Some(count), ..new() };
    assert!(made(tried(1)).is_some() && made(tried(ITERATIONS_MAX)).is_some());
    assert!(made(tried(0)).is_none() && made(tried(ITERATIONS_MAX + 1)).is_none());
    let timed = |seconds: u64| NewExperiment { time_budget_s: Some(seconds), ..new() };
    assert!(made(timed(1)).is_some() && made(timed(TIME_BUDGET_S_MAX)).is_some());
    assert!(made(timed(0)).is_none() && made(timed(TIME_BUDGET_S_MAX + 1)).is_none());
}

#[test]
fn a_schedules_experiment_is_unattended() {
    let maker = Maker::schedule(TenantId::home(), "7");
    let made = new().into_experiment(&maker, WorkspaceId::new(), 0).unwrap();
    assert!(made.is_unattended() && made.source == "schedule:7" && made.state == State::Created);
    assert!(!self::made(new()).unwrap().is_unattended());
}

#[test]
fn the_document_escapes_what_people_and_models_wrote() {
    let experiment = made(new()).unwrap();
    let report = Report { experiment: experiment.clone(), iterations: Vec::new() };
    assert!(!report.html().contains("<b>") && report.html().contains("&lt;b&gt;"));
    assert!(!report.markdown().contains("<b>"));
    assert!(!chart(&experiment, &[]).contains("<b>"));
}

#[test]
fn settings_that_nobody_knows_are_refused() {
    assert!(serde_json::from_str::<Settings>(r#"{"scoop": []}"#).is_err());
    assert!(serde_json::from_str::<Settings>("{}").is_ok());
}
