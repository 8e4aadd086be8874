//! A turn that waits for a person: its time stands still, it stops, it survives restarts; and a tenant
//! that is held.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::fakes::{Play, Stage};
use crate::ports::keep_ledger::AcceptError;
use crate::protocol::ids::{TenantId, ThreadId};
use crate::protocol::turn::TurnState;
use crate::session::{LaneKey, SessionLimits, StopOutcome};

const HOUR: Duration = Duration::from_secs(3_600);

fn short() -> SessionLimits {
    SessionLimits { turn_deadline: Duration::from_secs(5), ..SessionLimits::default() }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_turn_stands_still_while_a_person_is_asked() {
    let play = Play::AskFirst { expires_in: HOUR, decided_after: Some(HOUR / 180) };
    let stage = Stage::with_limits(&[play], short());
    let turn = stage.say("hi").await.turn_id;
    let row = stage.ledger.ended(turn).await;
    assert_eq!((row.state, row.logged.as_str()), (TurnState::Done, "approved"));
}

#[tokio::test(start_paused = true)]
async fn the_question_is_in_the_log_before_anybody_decides_and_its_answer_after() {
    let play = Play::AskFirst { expires_in: HOUR, decided_after: Some(HOUR / 180) };
    let stage = Stage::new(&[play]);
    let turn = stage.say("hi").await.turn_id;
    stage.until(|stage| stage.ledger.row(turn).approvals.len() == 1).await;
    let asked = stage.ledger.row(turn).approvals[0].clone();
    assert_eq!((asked.data["state"].as_str(), asked.data["open"].as_u64()), (Some("pending"), Some(1)));
    assert!(stage.ledger.row(turn).waiting);
    stage.ledger.ended(turn).await;
    let events = stage.ledger.row(turn).settlements[0].tail.clone();
    let all = stage.ledger.row(turn).approvals.len()
        + events.events.iter().filter(|e| e.data.contains_key("open")).count();
    assert_eq!(all, 2);
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_forgets_its_question_ends_soon_after_the_question_does() {
    let play = Play::AskFirst { expires_in: Duration::from_secs(30), decided_after: None };
    let stage = Stage::with_limits(&[play], short());
    let began = tokio::time::Instant::now();
    let turn = stage.say("hi").await.turn_id;
    let row = stage.ledger.ended(turn).await;
    assert_eq!(row.settlements[0].failure.as_ref().unwrap().code, "deadline");
    let took = began.elapsed();
    assert!((Duration::from_secs(30)..Duration::from_secs(120)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_waits_is_stopped_like_any_other() {
    let play = Play::AskFirst { expires_in: HOUR, decided_after: None };
    let stage = Stage::new(&[play]);
    let turn = stage.say("hi").await.turn_id;
    stage.until(|stage| stage.ledger.row(turn).waiting).await;
    assert_eq!(stage.directory.stop(stage.thread, turn), StopOutcome::Stopping);
    assert_eq!(stage.ledger.ended(turn).await.state, TurnState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_daemon_does_not_wait_for_a_person() {
    let play = Play::AskFirst { expires_in: HOUR, decided_after: None };
    let stage = Stage::new(&[play]);
    let turn = stage.say("hi").await.turn_id;
    stage.until(|stage| stage.ledger.row(turn).waiting).await;
    assert!(stage.directory.drain(Duration::from_millis(100)).await);
    assert_eq!(stage.ledger.row(turn).state, TurnState::Running);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_only_waited_is_resumed_however_often_it_was_interrupted() {
    let play = Play::AskFirst { expires_in: HOUR, decided_after: Some(Duration::from_secs(1)) };
    let stage = Stage::new(&[play]);
    let turn = stage.ledger.insert(stage.thread, TurnState::Running, 9, "");
    stage.ledger.rows.lock()[0].waits = 8;
    stage.ledger.rows.lock()[0].waiting = true;
    let key = LaneKey { tenant: TenantId::home(), thread: stage.thread };
    stage.directory.open(key).await.unwrap();
    let row = stage.ledger.ended(turn).await;
    assert_eq!((row.state, row.attempt, row.waits), (TurnState::Done, 10, 9));
}

#[tokio::test(start_paused = true)]
async fn a_held_tenant_stops_refuses_loses_nothing_and_goes_on() {
    let stage = Stage::new(&[Play::SayThenHang(&["partial"]), Play::Say(&["next"])]);
    let first = stage.say("a").await.turn_id;
    let second = stage.say("b").await.turn_id;
    stage.until(|stage| stage.ledger.row(first).logged == "partial").await;
    assert_eq!(stage.directory.hold(&TenantId::home(), "fire"), 1);
    let row = stage.ledger.ended(first).await;
    let failure = row.settlements[0].failure.clone().unwrap();
    assert_eq!((row.state, failure.code.as_str()), (TurnState::Stopped, "stopped"));
    assert!(failure.message.contains("fire"), "{}", failure.message);
    let refused = stage.directory.submit(stage.message("c")).await;
    assert_eq!(refused, Err(AcceptError::Held { reason: "fire".to_owned() }));
    tokio::time::sleep(HOUR).await;
    assert_eq!(stage.ledger.row(second).state, TurnState::Queued);
    assert_eq!(stage.runner.runs.load(Ordering::SeqCst), 1);
    stage.directory.release(&TenantId::home());
    assert_eq!(stage.ledger.ended(second).await.logged, "next");
    stage.say("d").await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_wakes_under_a_held_tenant_begins_nothing() {
    let stage = Stage::new(&[Play::Say(&["later"])]);
    let waiting = stage.ledger.insert(stage.thread, TurnState::Queued, 0, "");
    stage.directory.hold(&TenantId::home(), "fire");
    let key = LaneKey { tenant: TenantId::home(), thread: stage.thread };
    stage.directory.open(key).await.unwrap();
    tokio::time::sleep(HOUR).await;
    assert_eq!(stage.ledger.row(waiting).state, TurnState::Queued);
    stage.directory.release(&TenantId::home());
    assert_eq!(stage.ledger.ended(waiting).await.logged, "later");
}

#[tokio::test(start_paused = true)]
async fn other_tenants_go_on() {
    let stage = Stage::new(&[Play::Say(&["fine"])]);
    stage.directory.hold(&"other".parse::<TenantId>().unwrap(), "fire");
    let turn = stage.say("a").await.turn_id;
    assert_eq!(stage.ledger.ended(turn).await.logged, "fine");
    let _ = ThreadId::new();
}
