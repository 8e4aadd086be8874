//! A stop works out of band, for running and for waiting turns.

use super::fakes::{Play, Stage};
use crate::protocol::ids::TurnId;
use crate::protocol::turn::TurnState;
use crate::session::StopOutcome;

#[tokio::test(start_paused = true)]
async fn a_stopped_turn_keeps_its_partial_answer_and_the_next_one_runs() {
    let stage = Stage::new(&[Play::SayThenHang(&["partial"]), Play::Say(&["next"])]);
    let first = stage.say("a").await.turn_id;
    let second = stage.say("b").await.turn_id;
    stage.until(|stage| stage.ledger.row(first).logged == "partial").await;
    assert_eq!(stage.directory.stop(stage.thread, first), StopOutcome::Stopping);
    let row = stage.ledger.ended(first).await;
    assert_eq!((row.state, row.settlements[0].answer.text.as_str()), (TurnState::Stopped, "partial"));
    assert_eq!(stage.ledger.ended(second).await.logged, "next");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_turn_that_is_stopped_never_begins() {
    let stage = Stage::new(&[Play::Hang]);
    let first = stage.say("a").await.turn_id;
    let second = stage.say("b").await.turn_id;
    assert_eq!(stage.directory.stop(stage.thread, second), StopOutcome::Stopping);
    let row = stage.ledger.ended(second).await;
    assert_eq!((row.state, row.attempt), (TurnState::Stopped, 0));
    assert_eq!(stage.ledger.row(first).state, TurnState::Running);
}

#[tokio::test(start_paused = true)]
async fn stopping_what_does_not_run_says_so() {
    let stage = Stage::new(&[Play::Say(&["done"])]);
    assert_eq!(stage.directory.stop(stage.thread, TurnId::new()), StopOutcome::NotRunning);
    let turn = stage.say("a").await.turn_id;
    stage.ledger.ended(turn).await;
    stage.until(|stage| stage.directory.view(stage.thread).unwrap().waiting == 0).await;
    assert_eq!(stage.directory.stop(stage.thread, turn), StopOutcome::NotRunning);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_turn_that_cannot_settle_is_killed_after_its_grace_and_settled_by_its_lane() {
    let stage = Stage::new(&[Play::Hang, Play::Say(&["next"])]);
    let turn = stage.say("a").await.turn_id;
    stage.until(|stage| stage.directory.view(stage.thread).unwrap().running).await;
    // The store refuses for longer than the grace, so the turn itself cannot settle.
    stage.ledger.refuse.lock().extend([crate::ports::keep_ledger::LedgerError::DiskFull; 7]);
    assert_eq!(stage.directory.stop(stage.thread, turn), StopOutcome::Stopping);
    let row = stage.ledger.ended(turn).await;
    assert_eq!((row.state, row.settlements.len()), (TurnState::Stopped, 1));
}
