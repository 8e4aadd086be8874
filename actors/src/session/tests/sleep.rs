//! Sessions that rest have no actor, and a message wakes them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::fakes::{Play, Stage};
use crate::session::{SessionLimits, sweep_idle};

#[tokio::test(start_paused = true)]
async fn an_idle_session_sleeps_and_a_message_wakes_it() {
    let stage = Stage::new(&[Play::Say(&["hello"])]);
    let sweeper = tokio::spawn(sweep_idle(Arc::clone(&stage.directory)));
    let turn = stage.say("a").await.turn_id;
    stage.ledger.ended(turn).await;
    tokio::time::sleep(SessionLimits::default().idle_after / 2).await;
    assert_eq!(stage.directory.live(), 1);
    tokio::time::sleep(SessionLimits::default().idle_after * 2).await;
    assert_eq!(stage.directory.live(), 0);
    let turn = stage.say("b").await.turn_id;
    assert_eq!(stage.ledger.ended(turn).await.logged, "hello");
    assert_eq!(stage.opener.opened.load(Ordering::SeqCst), 2);
    sweeper.abort();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_works_does_not_sleep() {
    let stage = Stage::new(&[Play::Hang]);
    stage.say("a").await;
    tokio::time::sleep(SessionLimits::default().idle_after + Duration::from_secs(60)).await;
    assert_eq!(stage.directory.put_idle_to_sleep(), 0);
    assert_eq!(stage.directory.live(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_meets_a_lane_on_its_way_to_sleep_is_not_lost() {
    let limits = SessionLimits { idle_after: Duration::ZERO, ..SessionLimits::default() };
    let stage = Stage::with_limits(&[Play::Say(&["hello"])], limits);
    for _ in 0..50 {
        let turn = stage.say("a").await.turn_id;
        stage.ledger.ended(turn).await;
        stage.until(|stage| stage.directory.view(stage.thread).is_none_or(|view| view.waiting == 0)).await;
        // The sleep message is in the mailbox when the next message arrives.
        stage.directory.put_idle_to_sleep();
    }
    assert_eq!(stage.ledger.rows.lock().len(), 50);
}
