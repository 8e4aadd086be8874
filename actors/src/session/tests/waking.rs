//! Who watches sessions hears of every one, and may keep it asleep.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::fakes::{Play, Stage};
use crate::ports::keep_ledger::AcceptError;
use crate::protocol::ids::TenantId;
use crate::protocol::turn::TurnState;
use crate::session::{LaneKey, SessionLimits, sweep_idle};

#[tokio::test(start_paused = true)]
async fn a_session_is_heard_of_from_its_first_message_to_its_rest() {
    let stage = Stage::new(&[Play::Say(&["hello"]), Play::Say(&["again"])]);
    let sweeper = tokio::spawn(sweep_idle(Arc::clone(&stage.directory)));
    for word in ["a", "b"] {
        let turn = stage.say(word).await.turn_id;
        stage.ledger.ended(turn).await;
    }
    assert_eq!(stage.watch.heard(), ["starting", "started"]);
    tokio::time::sleep(SessionLimits::default().idle_after * 2).await;
    stage.until(|stage| stage.watch.heard().len() == 4).await;
    assert_eq!(stage.watch.heard()[2..], ["stopping: idle", "stopped: idle"]);
    sweeper.abort();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_may_not_wake_takes_nothing_and_asks_again_with_the_next_message() {
    let stage = Stage::new(&[Play::Say(&["hello"])]);
    *stage.watch.against.lock() = Some("not today".to_owned());
    for _ in 0..2 {
        let refused = stage.directory.submit(stage.message("a")).await;
        assert_eq!(refused, Err(AcceptError::Refused { reason: "not today".to_owned() }));
    }
    assert!(stage.ledger.rows.lock().is_empty());
    *stage.watch.against.lock() = None;
    let turn = stage.say("a").await.turn_id;
    assert_eq!(stage.ledger.ended(turn).await.logged, "hello");
    assert_eq!(stage.watch.heard(), ["starting", "starting", "starting", "started"]);
    assert_eq!(stage.opener.opened.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_life_left_ends_with_the_reason_when_its_session_may_not_wake() {
    let stage = Stage::new(&[Play::Say(&["never"])]);
    *stage.watch.against.lock() = Some("not today".to_owned());
    let left = stage.ledger.insert(stage.thread, TurnState::Queued, 0, "");
    stage.directory.open(LaneKey { tenant: TenantId::home(), thread: stage.thread }).await.unwrap();
    let ended = stage.ledger.ended(left).await;
    assert_eq!(ended.state, TurnState::Failed);
    let failure = ended.settlements[0].failure.as_ref().unwrap();
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("refused", "not today"));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_crashes_is_heard_of_as_gone() {
    let crashes = vec![Play::Panic; 8];
    let stage = Stage::new(&crashes);
    while !stage.watch.heard().iter().any(|word| word == "stopped: crashed") {
        // silent-ok: a message that meets the crash is refused
        let _ = stage.directory.submit(stage.message("a")).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!stage.watch.heard().iter().any(|word| word.starts_with("stopping")));
}
