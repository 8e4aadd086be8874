//! Settling turns: one end, whole, with what belongs to it.

use crate::db::DbError;
use crate::protocol::chat::ToolCall;
use crate::protocol::event::EventKind;
use crate::protocol::turn::TurnState;
use crate::turns::TurnsError;

use super::support::{Ledger, data, delta, settlement};

#[tokio::test]
async fn a_whole_answer_is_a_message_a_done_event_and_usage() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let mut settlement = ledger.done(turn, "Hi there");
    settlement.tail = vec![delta("Hi "), delta("there")].into();
    ledger.turns.settle(settlement).await.unwrap();

    use EventKind::{Accepted, Delta, Done, Usage};
    assert_eq!(ledger.kinds().await, [Accepted, Delta, Delta, Usage, Done]);
    let events = ledger.events().await;
    assert!(events.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert!(events.iter().all(|event| event.data.starts_with(&format!("{{\"turn_id\":\"{turn}\""))));
    let done = data(&events[4]);
    assert_eq!((&done["content"], &done["stop_reason"]), (&"Hi there".into(), &"end_turn".into()));
    assert_eq!((&done["backend"], &done["model"]), (&"demo".into(), &"parrot".into()));
    assert_eq!((&done["input_tokens"], &done["output_tokens"]), (&3.into(), &5.into()));

    let (message, usage) = stored(&ledger).await;
    assert_eq!(message, (done["message_id"].as_str().unwrap().to_owned(), "Hi there".to_owned(), false));
    assert_eq!(usage, (1, 3, 5, "owner".to_owned()));
    let record = ledger.turns.turn(&ledger.home, turn).await.unwrap().unwrap();
    assert_eq!((record.state, record.stop_reason.as_deref()), (TurnState::Done, Some("end_turn")));
    assert!(record.ended_ms.is_some());
    assert_eq!(ledger.turns.steps(&ledger.home, turn).await.unwrap()[0].state, "finished");
    assert!(ledger.turns.pending(&ledger.home, ledger.thread).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_broken_answer_is_kept_as_partial_and_its_error_says_what_to_do() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let broken = settlement(&ledger.home, ledger.thread, turn, TurnState::Failed, "Hi th");
    ledger.turns.settle(broken).await.unwrap();
    let events = ledger.events().await;
    let last = events.last().unwrap();
    assert_eq!(last.kind, EventKind::Error);
    let error = data(last);
    assert_eq!((&error["state"], &error["code"]), (&"failed".into(), &"upstream".into()));
    assert_eq!((&error["message"], &error["retryable"]), (&"it broke".into(), &true.into()));
    assert_eq!(error["content"], "Hi th");
    assert!(error.get("retry_after_s").is_none());
    let (message, _) = stored(&ledger).await;
    assert_eq!(message, (error["message_id"].as_str().unwrap().to_owned(), "Hi th".to_owned(), true));
    assert_eq!(ledger.turns.steps(&ledger.home, turn).await.unwrap()[0].state, "failed");
}

#[tokio::test]
async fn a_turn_that_said_nothing_leaves_no_message() {
    let ledger = Ledger::new().await;
    let queued = ledger.turns.accept(ledger.inbound("hello", None), Default::default(), false).await.unwrap();
    let mut stopped = settlement(&ledger.home, ledger.thread, queued.turn_id, TurnState::Stopped, "");
    stopped.answer = Default::default();
    ledger.turns.settle(stopped).await.unwrap();
    assert_eq!(ledger.kinds().await, [EventKind::Accepted, EventKind::Error]);
    let error = data(&ledger.events().await[1]);
    assert!(error.get("message_id").is_none());
    assert_eq!(error["state"], "stopped");
    let messages = ledger.db.read(&ledger.home, |read| {
        read.query_one("SELECT count(*) FROM messages WHERE tenant = ?1", &[], |row| row.get::<i64>(0))
    });
    assert_eq!(messages.await.map_err(|error: DbError| error).unwrap(), 1);
}

#[tokio::test]
async fn a_turn_ends_once() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let first = ledger.turns.settle(ledger.done(turn, "one"));
    let second = ledger.turns.settle(ledger.done(turn, "two"));
    first.await.unwrap();
    assert!(matches!(second.await, Err(TurnsError::Fenced)));
    let before = ledger.events().await;
    let late = ledger.turns.append(&ledger.home, ledger.thread, turn, vec![delta("late")].into()).await;
    assert!(matches!(late, Err(TurnsError::Fenced)));
    assert!(matches!(ledger.turns.begin(&ledger.home, turn, 2).await, Err(TurnsError::Fenced)));
    assert_eq!(ledger.events().await, before);
    let (message, usage) = stored(&ledger).await;
    assert_eq!((message.1.as_str(), usage.0), ("one", 1));
}

#[tokio::test]
async fn a_turn_of_an_earlier_life_can_be_ended_without_being_begun_again() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let next = ledger.next_life().await;
    let cut = settlement(&ledger.home, ledger.thread, turn, TurnState::Interrupted, "Hi");
    next.settle(cut).await.unwrap();
    let record = next.turn(&ledger.home, turn).await.unwrap().unwrap();
    assert_eq!((record.state, record.failure.unwrap().code.as_str()), (TurnState::Interrupted, "upstream"));
    assert_eq!(next.steps(&ledger.home, turn).await.unwrap()[0].state, "unknown");
}

#[tokio::test]
async fn usage_adds_up_per_day_source_and_model() {
    let ledger = Ledger::new().await;
    for _ in 0..3 {
        let turn = ledger.say("hello").await.turn_id;
        ledger.answer(turn, "hi").await;
    }
    let (_, usage) = stored(&ledger).await;
    assert_eq!(usage, (3, 9, 15, "owner".to_owned()));
}

#[tokio::test]
async fn thinking_and_tool_calls_are_kept_with_the_answer() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("hello").await.turn_id;
    let mut settlement = ledger.done(turn, "");
    settlement.answer.thinking = "hm".to_owned();
    settlement.answer.tool_calls =
        vec![ToolCall { id: "1".to_owned(), name: "look".to_owned(), arguments: "{}".to_owned() }];
    ledger.turns.settle(settlement).await.unwrap();
    let kept = ledger.db.read(&ledger.home, |read| {
        read.query_one(
            "SELECT thinking, tool_calls FROM messages WHERE tenant = ?1 AND role = 'assistant'",
            &[],
            |row| Ok::<_, DbError>((row.get::<String>(0)?, row.get::<String>(1)?)),
        )
    });
    let (thinking, calls) = kept.await.unwrap();
    assert_eq!((thinking.as_str(), calls.as_str()), ("hm", r#"[{"id":"1","name":"look","arguments":"{}"}]"#));
}

type Stored = ((String, String, bool), (i64, i64, i64, String));

/// The only assistant message, and the only line of usage.
async fn stored(ledger: &Ledger) -> Stored {
    let read = ledger.db.read(&ledger.home, |read| {
        let message = read.query_all(
            "SELECT id, content, partial FROM messages WHERE tenant = ?1 AND role = 'assistant'",
            &[],
            |row| {
                let id = row.get::<crate::protocol::ids::MessageId>(0)?;
                Ok::<_, DbError>((id.to_string(), row.get(1)?, row.get(2)?))
            },
        )?;
        let usage = read.query_one(
            "SELECT calls, input_tokens, output_tokens, principal FROM usage WHERE tenant = ?1",
            &[],
            |row| Ok::<_, DbError>((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        Ok::<_, DbError>((message.into_iter().next().unwrap(), usage))
    });
    read.await.unwrap()
}
