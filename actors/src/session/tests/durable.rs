//! Accepted means stored; the answer never overtakes its message.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;

use super::fakes::{Play, Stage};
use crate::ports::keep_ledger::{AcceptError, LedgerError};
use crate::protocol::model::ModelErrorKind;
use crate::protocol::turn::TurnState;

#[tokio::test(start_paused = true)]
async fn a_message_is_answered_once_and_whole() {
    let stage = Stage::new(&[Play::Say(&["Hello, ", "world"])]);
    let accepted = stage.say("hi").await;
    let row = stage.ledger.ended(accepted.turn_id).await;
    assert_eq!((row.state, row.logged.as_str()), (TurnState::Done, "Hello, world"));
    assert_eq!(row.settlements.len(), 1);
    assert_eq!(row.settlements[0].answer.text, "Hello, world");
}

#[tokio::test(start_paused = true)]
async fn the_model_starts_before_the_commit_but_nothing_is_logged_before_it() {
    let stage = Stage::new(&[Play::Say(&["early"])]);
    let commit = Arc::new(Notify::new());
    *stage.ledger.hold_accepts.lock() = Some(Arc::clone(&commit));
    let submit = tokio::spawn({
        let (directory, message) = (Arc::clone(&stage.directory), stage.message("hi"));
        async move { directory.submit(message).await }
    });
    stage.until(|stage| stage.runner.runs.load(Ordering::SeqCst) == 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let turn = stage.ledger.rows.lock()[0].turn;
    assert_eq!(stage.ledger.row(turn).logged, "");
    assert_eq!(stage.ledger.row(turn).state, TurnState::Running);
    commit.notify_one();
    assert_eq!(submit.await.unwrap().unwrap().turn_id, turn);
    assert_eq!(stage.ledger.ended(turn).await.logged, "early");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_the_store_refuses_is_refused_and_its_early_turn_writes_nothing() {
    let stage = Stage::new(&[Play::Say(&["never seen"]), Play::Say(&["seen"])]);
    stage.ledger.refuse.lock().push(LedgerError::DiskFull);
    let refused = stage.directory.submit(stage.message("hi")).await;
    assert_eq!(refused, Err(AcceptError::Ledger(LedgerError::DiskFull)));
    assert!(stage.ledger.rows.lock().is_empty());
    let accepted = stage.say("again").await;
    assert_eq!(stage.ledger.ended(accepted.turn_id).await.logged, "seen");
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_thread_are_answered_in_their_order_one_at_a_time() {
    let stage = Stage::new(&[Play::Say(&["1"]), Play::Say(&["2"]), Play::Say(&["3"])]);
    let mut turns = Vec::new();
    for text in ["a", "b", "c"] {
        turns.push(stage.say(text).await.turn_id);
    }
    let mut answers = String::new();
    for turn in turns {
        answers.push_str(&stage.ledger.ended(turn).await.logged);
    }
    assert_eq!(answers, "123");
}

#[tokio::test(start_paused = true)]
async fn a_repeated_key_answers_with_the_first_outcome_and_runs_nothing() {
    let stage = Stage::new(&[Play::Say(&["once"])]);
    let mut message = stage.message("hi");
    message.idempotency_key = Some("k".to_owned());
    let first = stage.directory.submit(message.clone()).await.unwrap();
    stage.ledger.ended(first.turn_id).await;
    let second = stage.directory.submit(message).await.unwrap();
    assert_eq!((second.turn_id, second.message_id), (first.turn_id, first.message_id));
    assert!(second.repeated && !first.repeated);
    assert_eq!(stage.runner.runs.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_delays_the_answer_and_loses_none_of_it() {
    let stage = Stage::new(&[Play::Say(&["all ", "of ", "it"])]);
    let accepted = stage.say("hi").await;
    stage.ledger.refuse.lock().extend([LedgerError::DiskFull; 5]);
    let row = stage.ledger.ended(accepted.turn_id).await;
    assert_eq!((row.logged.as_str(), row.settlements.len()), ("all of it", 1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_refuses_for_long_crashes_no_session_and_what_waits_is_answered_when_it_takes_again() {
    let stage = Stage::new(&[Play::Say(&["first"]), Play::Say(&["second"])]);
    let first = stage.say("a").await.turn_id;
    let second = stage.say("b").await.turn_id;
    stage.ledger.refuse.lock().extend([LedgerError::DiskFull; 40]);
    let refused = stage.directory.submit(stage.message("c")).await;
    assert_eq!(refused, Err(AcceptError::Ledger(LedgerError::DiskFull)));
    assert_eq!(stage.ledger.ended(first).await.logged, "first");
    assert_eq!(stage.ledger.ended(second).await.logged, "second");
    assert_eq!(stage.ledger.row(second).attempt, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_keeps_the_partial_answer_and_its_reason() {
    let stage = Stage::new(&[Play::Fail(ModelErrorKind::RateLimited)]);
    let accepted = stage.say("hi").await;
    let row = stage.ledger.ended(accepted.turn_id).await;
    assert_eq!(row.state, TurnState::Failed);
    let failure = row.settlements[0].failure.clone().unwrap();
    assert_eq!((failure.code.as_str(), failure.retryable), ("rate_limited", true));
    assert_eq!(row.settlements[0].answer.text, "half ");
}

#[tokio::test(start_paused = true)]
async fn a_clean_end_without_a_stop_event_is_an_error() {
    let stage = Stage::new(&[Play::EndEarly]);
    let accepted = stage.say("hi").await;
    let row = stage.ledger.ended(accepted.turn_id).await;
    assert_eq!(row.state, TurnState::Failed);
    assert_eq!(row.settlements[0].failure.as_ref().unwrap().code, "truncated");
}
