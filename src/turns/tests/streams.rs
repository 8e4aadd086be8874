//! Views of the log: no gap and no repeat, however reading and publishing interleave.

use std::sync::Arc;

use futures::{StreamExt, poll};
use proptest::prelude::*;

use crate::protocol::event::{EventKind, ThreadEvent};
use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::turns::{EventHub, Missed, ThreadStream};

use super::support::{Ledger, delta};

/// The next `count` events of a view; it never has to wait for one that was durable before.
async fn take(view: &mut ThreadStream, count: usize) -> Vec<ThreadEvent> {
    let mut events = Vec::new();
    for _ in 0..count {
        events.push(view.next().await.unwrap());
    }
    events
}

async fn say_deltas(ledger: &Ledger, turn: TurnId, count: usize) {
    for n in 0..count {
        let event = [delta(&n.to_string())];
        ledger.turns.append(&ledger.home, ledger.thread, turn, event.to_vec().into()).await.unwrap();
    }
}

#[tokio::test]
async fn a_view_shows_what_was_and_then_what_happens() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let mut view = ledger.turns.stream(&ledger.home, ledger.thread, 0);
    assert_eq!(view.next().await.unwrap().kind, EventKind::Accepted);
    assert!(poll!(Box::pin(view.next())).is_pending());
    ledger.answer(turn, "hi").await;
    let kinds: Vec<_> = take(&mut view, 2).await.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Usage, EventKind::Done]);
    assert_eq!(ledger.events().await.last().unwrap().id, view.cursor());
}

#[tokio::test]
async fn a_view_that_starts_after_an_event_does_not_show_it_again() {
    let ledger = Ledger::new().await;
    let accepted = ledger.say("hello").await;
    ledger.answer(accepted.turn_id, "hi").await;
    let mut view = ledger.turns.stream(&ledger.home, ledger.thread, accepted.event_id);
    assert_eq!(view.next().await.unwrap().kind, EventKind::Usage);
}

#[tokio::test]
async fn events_between_the_call_and_the_first_read_come_once() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let mut view = ledger.turns.stream(&ledger.home, ledger.thread, 0);
    // Each of these is in the log and in the hub when the view first looks.
    say_deltas(&ledger, turn, 5).await;
    let shown = take(&mut view, 6).await;
    assert_eq!(shown, ledger.events().await);
    assert!(poll!(Box::pin(view.next())).is_pending());
}

#[tokio::test]
async fn a_view_that_falls_far_behind_goes_back_to_the_log() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let mut view = ledger.turns.stream(&ledger.home, ledger.thread, 0);
    take(&mut view, 1).await;
    assert!(poll!(Box::pin(view.next())).is_pending(), "it watches live now");
    // More than the hub keeps, and more than a page of the log.
    let many: Vec<_> = (0..700).map(|n| delta(&n.to_string())).collect();
    ledger.turns.append(&ledger.home, ledger.thread, turn, many.clone().into()).await.unwrap();
    let shown = take(&mut view, 700).await;
    assert_eq!(shown, ledger.events().await[1..]);
    say_deltas(&ledger, turn, 1).await;
    take(&mut view, 1).await;
    assert!(poll!(Box::pin(view.next())).is_pending());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_views_that_start_at_different_moments_all_show_the_same_log() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let mut views = tokio::task::JoinSet::new();
    for _ in 0..20 {
        say_deltas(&ledger, turn, 10).await;
        for _ in 0..5 {
            let view = ledger.turns.stream(&ledger.home, ledger.thread, 0);
            views.spawn(async move {
                let to_the_end = |event: &ThreadEvent| !event.kind.ends_turn();
                let mut shown = Vec::new();
                let mut events = Box::pin(view.into_stream());
                while let Some(event) = events.next().await {
                    shown.push(event.unwrap());
                    if !shown.last().is_some_and(to_the_end) {
                        break;
                    }
                }
                shown
            });
        }
    }
    ledger.answer(turn, "hi").await;
    let log = ledger.events().await;
    assert_eq!(log.len(), 203);
    while let Some(shown) = views.join_next().await {
        assert_eq!(shown.unwrap(), log);
    }
    assert_eq!(ledger.turns.hub().watched(), 0);
}

#[tokio::test]
async fn a_view_shows_only_its_own_thread() {
    let ledger = Ledger::new().await;
    let elsewhere = super::support::add_thread(&ledger.db, &ledger.home).await;
    let there = super::support::inbound(&ledger.home, elsewhere, "there", None);
    ledger.turns.accept(there, TurnId::new(), true).await.unwrap();
    let mut view = ledger.turns.stream(&ledger.home, elsewhere, 0);
    // Its log is read now, and it waits for what happens.
    assert_eq!(take(&mut view, 1).await[0].thread, elsewhere);
    ledger.say("here").await;
    assert!(poll!(Box::pin(view.next())).is_pending());
}

#[tokio::test]
async fn a_view_starts_before_the_oldest_turn_that_has_not_ended() {
    let ledger = Ledger::new().await;
    let cursor = || ledger.turns.cursor(&ledger.home, ledger.thread);
    assert_eq!(cursor().await.unwrap(), 0);
    let first = ledger.say("one").await;
    let second = ledger.turns.accept(ledger.inbound("two", None), TurnId::new(), false).await.unwrap();
    assert_eq!(cursor().await.unwrap(), first.event_id - 1);
    ledger.answer(first.turn_id, "1").await;
    assert_eq!(cursor().await.unwrap(), second.event_id - 1);
    ledger.answer(second.turn_id, "2").await;
    assert_eq!(cursor().await.unwrap(), ledger.events().await.last().unwrap().id);
}

#[tokio::test]
async fn a_thread_that_nobody_watches_any_more_is_forgotten() {
    let hub = EventHub::new();
    let thread = ThreadId::new();
    let (first, second) =
        (hub.subscribe(&TenantId::home(), thread), hub.subscribe(&TenantId::home(), thread));
    assert_eq!(hub.watched(), 1);
    drop(first);
    assert_eq!(hub.watched(), 1);
    drop(second);
    assert_eq!(hub.watched(), 0);
    hub.publish(&TenantId::home(), &[event(thread, 1)]);
}

#[tokio::test]
async fn a_slow_watcher_is_told_that_it_missed_events() {
    let hub = EventHub::new();
    let thread = ThreadId::new();
    let mut slow = hub.subscribe(&TenantId::home(), thread);
    let events: Vec<_> = (0..129).map(|id| event(thread, id)).collect();
    hub.publish(&TenantId::home(), &events[..128]);
    let mut other = hub.subscribe(&TenantId::home(), thread);
    hub.publish(&TenantId::home(), &events[128..]);
    assert_eq!(slow.next().await, Err(Missed));
    assert_eq!(other.next().await.unwrap().id, 128);
}

fn event(thread: ThreadId, id: i64) -> ThreadEvent {
    ThreadEvent { id, thread, turn: TurnId::new(), kind: EventKind::Delta, data: Arc::from("{}") }
}

/// What happens between two looks of a view.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// So many events are logged in one transaction.
    Logged(usize),
    /// The view shows one event, if one is there.
    Shown,
    /// The client connects again with the last id that it saw.
    Reconnected,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        (1_usize..6).prop_map(Happens::Logged),
        (100_usize..300).prop_map(Happens::Logged),
        Just(Happens::Shown),
        Just(Happens::Shown),
        Just(Happens::Shown),
        Just(Happens::Reconnected),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_in_between_a_client_sees_every_event_once_and_in_order(
        steps in prop::collection::vec(happens(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let ledger = Ledger::new().await;
            let turn = ledger.say("hello").await.turn_id;
            let mut view = ledger.turns.stream(&ledger.home, ledger.thread, 0);
            let (mut shown, mut logged) = (Vec::new(), 1);
            for step in steps {
                match step {
                    Happens::Logged(count) => {
                        let events: Vec<_> = (0..count).map(|n| delta(&n.to_string())).collect();
                        ledger.turns.append(&ledger.home, ledger.thread, turn, events.clone().into()).await.unwrap();
                        logged += count;
                    }
                    Happens::Shown if shown.len() < logged => shown.push(view.next().await.unwrap()),
                    Happens::Shown => assert!(poll!(Box::pin(view.next())).is_pending()),
                    Happens::Reconnected => {
                        view = ledger.turns.stream(&ledger.home, ledger.thread, view.cursor());
                    }
                }
            }
            shown.extend(take(&mut view, logged - shown.len()).await);
            assert_eq!(shown, ledger.events().await);
        });
    }
}
