//! Pruning: what may go goes, in small jobs, and nothing else.

use crate::protocol::event::EventKind;
use crate::protocol::ids::TurnId;
use crate::turns::Pruned;
use crate::turns::ledger::now_ms;

use super::support::{Ledger, delta};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

#[tokio::test]
async fn pieces_of_turns_that_ended_a_day_ago_go_and_their_whole_answers_stay() {
    let ledger = Ledger::new().await;
    let ended = ledger.say("one").await.turn_id;
    // More than one job's worth.
    let many: Vec<_> = (0..600).map(|n| delta(&n.to_string())).collect();
    ledger.turns.append(&ledger.home, ledger.thread, ended, many.clone().into()).await.unwrap();
    ledger.answer(ended, "whole").await;
    let running = ledger.say("two").await.turn_id;
    ledger.turns.append(&ledger.home, ledger.thread, running, vec![delta("still")].into()).await.unwrap();

    let later = now_ms() + DAY_MS;
    assert_eq!(ledger.turns.prune(later - 60_000).await.unwrap(), Pruned::default());
    assert_eq!(ledger.events().await.len(), 605);
    let pruned = ledger.turns.prune(later + 60_000).await.unwrap();
    assert_eq!(pruned, Pruned { events: 600, keys: 0 });
    use EventKind::{Accepted, Delta, Done, Usage};
    assert_eq!(ledger.kinds().await, [Accepted, Usage, Done, Accepted, Delta]);
}

#[tokio::test]
async fn ids_of_events_are_never_used_again() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("one").await.turn_id;
    ledger.turns.append(&ledger.home, ledger.thread, turn, vec![delta("a")].into()).await.unwrap();
    let last = ledger.events().await.last().unwrap().id;
    ledger
        .db
        .write(&ledger.home, |tx| tx.execute("DELETE FROM events WHERE tenant = ?1", &[]))
        .await
        .map_err(|error: crate::db::DbError| error)
        .unwrap();
    ledger.turns.append(&ledger.home, ledger.thread, turn, vec![delta("b")].into()).await.unwrap();
    assert_eq!(ledger.events().await[0].id, last + 1);
}

#[tokio::test]
async fn a_key_is_remembered_for_a_day() {
    let ledger = Ledger::new().await;
    let accept =
        |text: &'static str| ledger.turns.accept(ledger.inbound(text, Some("k")), TurnId::new(), true);
    accept("one").await.unwrap();
    let later = now_ms() + DAY_MS;
    ledger.turns.prune(later - 60_000).await.unwrap();
    assert!(accept("one").await.unwrap().repeated);
    assert_eq!(ledger.turns.prune(later + 60_000).await.unwrap().keys, 1);
    assert!(!accept("another").await.unwrap().repeated);
}
