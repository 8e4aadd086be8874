//! A crash costs the turn at most; a lane whose turns keep crashing crashes too.

use super::fakes::{Play, Stage};
use crate::protocol::turn::TurnState;

#[tokio::test(start_paused = true)]
async fn a_crashed_turn_is_shown_as_what_it_is_and_the_next_message_works() {
    let stage = Stage::new(&[Play::Panic, Play::Say(&["fine"])]);
    let first = stage.say("hi").await;
    let row = stage.ledger.ended(first.turn_id).await;
    assert_eq!(row.state, TurnState::Failed);
    let settlement = &row.settlements[0];
    assert_eq!(settlement.failure.as_ref().unwrap().code, "crashed");
    assert_eq!(settlement.answer.text, "before the panic");
    let second = stage.say("again").await;
    assert_eq!(stage.ledger.ended(second.turn_id).await.logged, "fine");
}

#[tokio::test(start_paused = true)]
async fn messages_behind_a_crashed_turn_are_answered() {
    let stage = Stage::new(&[Play::Panic, Play::Say(&["second"])]);
    stage.say("a").await;
    let second = stage.say("b").await;
    assert_eq!(stage.ledger.ended(second.turn_id).await.logged, "second");
}

#[tokio::test(start_paused = true)]
async fn one_crash_more_than_the_limit_crashes_the_lane() {
    let stage = Stage::new(&[Play::Panic]);
    let limit = 3;
    for _ in 0..limit {
        let turn = stage.say("hi").await.turn_id;
        stage.ledger.ended(turn).await;
    }
    assert_eq!(stage.directory.live(), 1);
    let last = stage.say("hi").await.turn_id;
    stage.ledger.ended(last).await;
    stage.until(|stage| stage.directory.live() == 0).await;
}
