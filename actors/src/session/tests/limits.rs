//! Every bound at it and one over.

use std::time::Duration;

use super::fakes::{Play, Stage};
use crate::ports::keep_ledger::AcceptError;
use crate::protocol::ids::ThreadId;
use crate::protocol::turn::TurnState;
use crate::session::SessionLimits;

fn busy(stage: &Stage) -> AcceptError {
    let _ = stage;
    AcceptError::Busy { retry_after: SessionLimits::default().busy_retry_after }
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_a_thread_takes_its_limit_and_answers_busy_to_one_more() {
    let limits = SessionLimits { queue_per_thread: 3, ..SessionLimits::default() };
    let stage = Stage::with_limits(&[Play::Hang], limits);
    for _ in 0..3 {
        stage.say("hi").await;
    }
    assert_eq!(stage.directory.submit(stage.message("hi")).await, Err(busy(&stage)));
    assert_eq!(stage.ledger.rows.lock().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_queue_of_a_tenant_takes_its_limit_over_all_threads_and_frees_places() {
    let limits = SessionLimits { queue_per_tenant: 2, ..SessionLimits::default() };
    let stage = Stage::with_limits(&[Play::Hang], limits);
    let first = stage.say("hi").await;
    let mut other = stage.message("hi");
    other.thread = ThreadId::new();
    stage.directory.submit(other).await.unwrap();
    let mut third = stage.message("hi");
    third.thread = ThreadId::new();
    assert_eq!(stage.directory.submit(third.clone()).await, Err(busy(&stage)));
    let _ = stage.directory.stop(stage.thread, first.turn_id);
    stage.ledger.ended(first.turn_id).await;
    stage.until(|stage| !stage.directory.view(stage.thread).unwrap().running).await;
    stage.directory.submit(third).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_exceeds_its_deadline_ends_with_that_reason() {
    let limits = SessionLimits { turn_deadline: Duration::from_secs(5), ..SessionLimits::default() };
    let stage = Stage::with_limits(&[Play::SayThenHang(&["so far"])], limits);
    let turn = stage.say("hi").await.turn_id;
    let row = stage.ledger.ended(turn).await;
    assert_eq!(row.state, TurnState::Failed);
    assert_eq!(row.settlements[0].failure.as_ref().unwrap().code, "deadline");
    assert_eq!(row.settlements[0].answer.text, "so far");
}

#[tokio::test(start_paused = true)]
async fn an_answer_at_the_limit_is_whole_and_one_byte_more_is_cut() {
    for (text, state) in [("12345", TurnState::Done), ("123456", TurnState::Failed)] {
        let limits = SessionLimits { answer_bytes_max: 5, ..SessionLimits::default() };
        let pieces: &'static [&'static str] = if text.len() == 5 { &["12345"] } else { &["123456"] };
        let stage = Stage::with_limits(&[Play::Say(pieces)], limits);
        let turn = stage.say("hi").await.turn_id;
        assert_eq!(stage.ledger.ended(turn).await.state, state, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_draining_directory_refuses_messages_and_waits_for_running_turns() {
    let stage = Stage::new(&[Play::Hang]);
    let turn = stage.say("hi").await.turn_id;
    assert!(!stage.directory.drain(Duration::from_secs(1)).await);
    assert!(stage.directory.submit(stage.message("late")).await.is_err());
    let _ = stage.directory.stop(stage.thread, turn);
    assert!(stage.directory.drain(Duration::from_secs(1)).await);
}
