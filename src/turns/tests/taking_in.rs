//! Accepting messages and beginning their turns.

use crate::db::DbError;
use crate::protocol::event::EventKind;
use crate::protocol::ids::{ThreadId, TurnId};
use crate::protocol::turn::{TurnOverrides, TurnState};
use crate::turns::TurnsError;

use super::support::{Ledger, data, delta, inbound};

#[tokio::test]
async fn a_message_that_begins_at_once_is_one_running_turn_with_one_started_step() {
    let ledger = Ledger::new().await;
    let accepted = ledger.say("hello").await;
    assert!(!accepted.repeated);
    let turn = ledger.turns.turn(&ledger.home, accepted.turn_id).await.unwrap().unwrap();
    assert_eq!((turn.state, turn.attempt), (TurnState::Running, 1));
    assert_eq!((turn.thread_id, turn.message_id), (ledger.thread, accepted.message_id));
    let steps = ledger.turns.steps(&ledger.home, accepted.turn_id).await.unwrap();
    assert_eq!(steps.len(), 1);
    assert_eq!((steps[0].seq, steps[0].kind.as_str(), steps[0].state.as_str()), (1, "model_call", "started"));
}

#[tokio::test]
async fn the_accepted_event_names_its_turn_first_and_carries_the_message() {
    let ledger = Ledger::new().await;
    let accepted = ledger.say("say \"hi\"\n").await;
    let events = ledger.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].id, events[0].kind), (accepted.event_id, EventKind::Accepted));
    assert!(events[0].data.starts_with(&format!("{{\"turn_id\":\"{}\"", accepted.turn_id)));
    let data = data(&events[0]);
    assert_eq!(data["message_id"], accepted.message_id.to_string());
    assert_eq!(data["content"], "say \"hi\"\n");
    assert_eq!(data["provenance"], "owner");
}

#[tokio::test]
async fn a_queued_message_waits_with_its_choices_until_it_is_begun() {
    let ledger = Ledger::new().await;
    let mut inbound = ledger.inbound("later", None);
    inbound.overrides = TurnOverrides { model: Some("other".to_owned()), ..TurnOverrides::default() };
    let accepted = ledger.turns.accept(inbound.clone(), TurnId::new(), false).await.unwrap();
    let pending = ledger.turns.pending(&ledger.home, ledger.thread).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!((pending[0].state, pending[0].attempt), (TurnState::Queued, 0));
    assert_eq!((pending[0].message_id, &pending[0].overrides), (accepted.message_id, &inbound.overrides));
    assert!(ledger.turns.steps(&ledger.home, accepted.turn_id).await.unwrap().is_empty());
    ledger.turns.begin(&ledger.home, accepted.turn_id, 1).await.unwrap();
    let turn = ledger.turns.turn(&ledger.home, accepted.turn_id).await.unwrap().unwrap();
    assert_eq!((turn.state, turn.attempt), (TurnState::Running, 1));
    assert!(turn.started_ms.is_some());
}

#[tokio::test]
async fn a_turn_is_begun_once_per_attempt() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let again = ledger.turns.begin(&ledger.home, turn, 1).await;
    assert!(matches!(again, Err(TurnsError::Fenced)));
    ledger.turns.begin(&ledger.home, turn, 2).await.unwrap();
    let steps = ledger.turns.steps(&ledger.home, turn).await.unwrap();
    let states: Vec<_> = steps.iter().map(|step| (step.seq, step.state.as_str())).collect();
    assert_eq!(states, [(1, "unknown"), (2, "started")]);
}

#[tokio::test]
async fn the_same_key_with_the_same_message_answers_the_first_outcome_and_stores_nothing() {
    let ledger = Ledger::new().await;
    let first = ledger.turns.accept(ledger.inbound("hello", Some("k")), TurnId::new(), true);
    // Queued before the first is durable: both are in one batch, or in two.
    let second = ledger.turns.accept(ledger.inbound("hello", Some("k")), TurnId::new(), true);
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert!(!first.repeated && second.repeated);
    assert_eq!((second.turn_id, second.message_id), (first.turn_id, first.message_id));
    assert_eq!(second.event_id, first.event_id);
    assert_eq!(ledger.kinds().await, [EventKind::Accepted]);
    assert_eq!(ledger.turns.turns(&ledger.home, ledger.thread, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_with_another_message_other_choices_or_another_thread_is_refused() {
    let ledger = Ledger::new().await;
    ledger.turns.accept(ledger.inbound("hello", Some("k")), TurnId::new(), true).await.unwrap();
    let mut chosen = ledger.inbound("hello", Some("k"));
    chosen.overrides.model = Some("other".to_owned());
    let elsewhere = super::support::add_thread(&ledger.db, &ledger.home).await;
    for other in
        [ledger.inbound("bye", Some("k")), chosen, inbound(&ledger.home, elsewhere, "hello", Some("k"))]
    {
        let refused = ledger.turns.accept(other, TurnId::new(), true).await;
        assert!(matches!(refused, Err(TurnsError::KeyReused)));
    }
    assert_eq!(ledger.kinds().await, [EventKind::Accepted]);
}

#[tokio::test]
async fn a_key_belongs_to_its_source() {
    let ledger = Ledger::new().await;
    let mut other = ledger.inbound("bye", Some("k"));
    other.source = "a token".to_owned();
    ledger.turns.accept(ledger.inbound("hello", Some("k")), TurnId::new(), true).await.unwrap();
    let accepted = ledger.turns.accept(other, TurnId::new(), true).await.unwrap();
    assert!(!accepted.repeated);
}

#[tokio::test]
async fn a_message_for_a_thread_that_does_not_exist_stores_nothing_and_keeps_its_key_free() {
    let ledger = Ledger::new().await;
    let nowhere = inbound(&ledger.home, ThreadId::new(), "hello", Some("k"));
    let refused = ledger.turns.accept(nowhere, TurnId::new(), true).await;
    assert!(matches!(refused, Err(TurnsError::NoThread)));
    let accepted = ledger.turns.accept(ledger.inbound("hello", Some("k")), TurnId::new(), true).await;
    assert!(!accepted.unwrap().repeated);
}

#[tokio::test]
async fn pending_sees_what_was_queued_before_it() {
    let ledger = Ledger::new().await;
    let accepting = ledger.turns.accept(ledger.inbound("hello", None), TurnId::new(), true);
    let pending = ledger.turns.pending(&ledger.home, ledger.thread).await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].turn_id, accepting.await.unwrap().turn_id);
}

#[tokio::test]
async fn pending_turns_come_in_order_with_the_part_of_the_answer_that_was_logged() {
    let ledger = Ledger::new().await;
    let first = ledger.say("one").await.turn_id;
    let second =
        ledger.turns.accept(ledger.inbound("two", None), TurnId::new(), false).await.unwrap().turn_id;
    ledger
        .turns
        .append(&ledger.home, ledger.thread, first, vec![delta("Hel"), delta("lo")].into())
        .await
        .unwrap();
    let pending = ledger.turns.pending(&ledger.home, ledger.thread).await.unwrap();
    let seen: Vec<_> =
        pending.iter().map(|turn| (turn.turn_id, turn.visible, turn.partial.as_str())).collect();
    assert_eq!(seen, [(first, true, "Hello"), (second, false, "")]);
    assert_eq!(ledger.turns.threads_with_pending(&ledger.home).await.unwrap(), [ledger.thread]);
}

#[tokio::test]
async fn a_new_life_takes_over_a_running_turn_and_fences_the_old_one() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let next = ledger.next_life().await;
    next.begin(&ledger.home, turn, 2).await.unwrap();
    let old = &ledger.turns;
    let appended = old.append(&ledger.home, ledger.thread, turn, vec![delta("late")].into()).await;
    assert!(matches!(appended, Err(TurnsError::Fenced)));
    assert!(matches!(old.begin(&ledger.home, turn, 3).await, Err(TurnsError::Fenced)));
    assert!(matches!(old.settle(ledger.done(turn, "late")).await, Err(TurnsError::Fenced)));
    next.append(&ledger.home, ledger.thread, turn, vec![delta("on time")].into()).await.unwrap();
    next.settle(ledger.done(turn, "on time")).await.unwrap();
    assert!(ledger.events().await.iter().all(|event| !event.data.contains("late")));
}

#[tokio::test]
async fn without_a_writer_nothing_is_accepted_and_the_answer_comes_at_once() {
    let ledger = Ledger::new().await;
    let (turns, inbound) = (ledger.turns.clone(), ledger.inbound("hello", None));
    ledger.run.stop().await.unwrap();
    let refused = turns.accept(inbound, TurnId::new(), true).await;
    assert!(matches!(refused, Err(TurnsError::Store(DbError::Unavailable))));
}
