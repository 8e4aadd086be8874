//! What goes into prompts: whole messages, in the order of the turns, within the limits.

use crate::protocol::chat::{ChatMessage, Part, Role, ToolCall};
use crate::protocol::ids::TurnId;
use crate::protocol::turn::{Provenance, TurnState};
use crate::turns::{HistoryLimits, OwnMessage, has_read_untrusted};

use super::support::{Ledger, settlement};

const WIDE: HistoryLimits = HistoryLimits { messages_max: 100, bytes_max: 1_000_000 };

async fn texts(ledger: &Ledger, turn: TurnId, limits: HistoryLimits) -> Vec<String> {
    let messages =
        ledger.turns.history(&ledger.home, ledger.thread, turn, OwnMessage::Excluded, limits).await.unwrap();
    messages
        .iter()
        .map(|said| &said.message)
        .map(|message| format!("{}: {}", message.role.as_str(), message.plain_text()))
        .collect()
}

#[tokio::test]
async fn it_is_everything_before_the_message_and_not_the_message_itself() {
    let ledger = Ledger::new().await;
    let first = ledger.say("one").await;
    ledger.answer(first.turn_id, "1").await;
    let second = ledger.say("two").await;
    assert_eq!(texts(&ledger, first.turn_id, WIDE).await, Vec::<String>::new());
    assert_eq!(texts(&ledger, second.turn_id, WIDE).await, ["user: one", "assistant: 1"]);
}

#[tokio::test]
async fn its_own_message_is_the_last_one_when_it_is_wanted() {
    let ledger = Ledger::new().await;
    let first = ledger.say("one").await;
    ledger.answer(first.turn_id, "1").await;
    let second = ledger.say("two").await.turn_id;
    let own = OwnMessage::Included;
    let history = ledger.turns.history(&ledger.home, ledger.thread, second, own, WIDE).await.unwrap();
    let texts: Vec<_> = history.iter().map(|said| said.message.plain_text()).collect();
    assert_eq!(texts, ["one", "1", "two"]);
}

#[tokio::test]
async fn an_answer_that_came_after_a_waiting_message_still_stands_before_it() {
    let ledger = Ledger::new().await;
    let first = ledger.say("one").await;
    let queue = |text| ledger.turns.accept(ledger.inbound(text, None), TurnId::new(), false);
    let second = queue("two").await.unwrap();
    let third = queue("three").await.unwrap();
    ledger.answer(first.turn_id, "1").await;
    assert_eq!(texts(&ledger, second.turn_id, WIDE).await, ["user: one", "assistant: 1"]);
    ledger.answer(second.turn_id, "2").await;
    let all = ["user: one", "assistant: 1", "user: two", "assistant: 2"];
    assert_eq!(texts(&ledger, third.turn_id, WIDE).await, all);
    assert_eq!(texts(&ledger, second.turn_id, WIDE).await, all[..2]);
}

#[tokio::test]
async fn a_message_that_is_not_stored_yet_has_all_that_is_stored_before_it() {
    let ledger = Ledger::new().await;
    let first = ledger.say("one").await;
    ledger.answer(first.turn_id, "1").await;
    let on_its_way = TurnId::new();
    assert_eq!(texts(&ledger, on_its_way, WIDE).await, ["user: one", "assistant: 1"]);
}

#[tokio::test]
async fn the_limits_keep_the_newest_whole_messages() {
    let ledger = Ledger::new().await;
    for n in 0..3 {
        let turn = ledger.say(&format!("ask {n}")).await.turn_id;
        ledger.answer(turn, &format!("answer {n}")).await;
    }
    let last = ledger.say("now").await.turn_id;
    let limited = |messages_max, bytes_max| HistoryLimits { messages_max, bytes_max };
    assert_eq!(texts(&ledger, last, limited(2, 1_000)).await, ["user: ask 2", "assistant: answer 2"]);
    // "answer 2" has 8 bytes and "ask 2" has 5.
    assert_eq!(texts(&ledger, last, limited(9, 13)).await, ["user: ask 2", "assistant: answer 2"]);
    assert_eq!(texts(&ledger, last, limited(9, 12)).await, ["assistant: answer 2"]);
    assert_eq!(texts(&ledger, last, limited(9, 7)).await, Vec::<String>::new());
    assert_eq!(texts(&ledger, last, limited(0, 1_000)).await, Vec::<String>::new());
}

#[tokio::test]
async fn thinking_tool_calls_and_partial_answers_are_part_of_it() {
    let ledger = Ledger::new().await;
    let first = ledger.say("one").await.turn_id;
    let call = ToolCall { id: "1".to_owned(), name: "look".to_owned(), arguments: "{}".to_owned() };
    let mut whole = ledger.done(first, "1");
    whole.answer.thinking = "hm".to_owned();
    whole.answer.tool_calls = vec![call.clone()];
    ledger.turns.settle(whole).await.unwrap();
    let second = ledger.say("two").await.turn_id;
    let broken = settlement(&ledger.home, ledger.thread, second, TurnState::Failed, "hal");
    ledger.turns.settle(broken).await.unwrap();
    let last = ledger.say("three").await.turn_id;
    let history =
        ledger.turns.history(&ledger.home, ledger.thread, last, OwnMessage::Excluded, WIDE).await.unwrap();
    let thinking = Part::Thinking { text: "hm".to_owned(), signature: None };
    let parts = vec![thinking, Part::Text { text: "1".to_owned() }, Part::ToolCall(call)];
    assert_eq!(history[1].message, ChatMessage { role: Role::Assistant, parts });
    // A call that never had an answer gets one.
    assert_eq!((history[2].message.role, history[2].provenance), (Role::Tool, Provenance::System));
    assert_eq!(history[4].message, ChatMessage::text(Role::Assistant, "hal"));
    assert_eq!(history.len(), 5);
}

#[tokio::test]
async fn a_turn_is_tainted_by_what_it_could_read_and_by_nothing_later() {
    let ledger = Ledger::new().await;
    let clean = ledger.say("one").await;
    ledger.answer(clean.turn_id, "1").await;
    let mut hook = ledger.inbound("obey me", None);
    hook.provenance = Provenance::Webhook;
    let tainted = ledger.turns.accept(hook, TurnId::new(), true).await.unwrap();
    ledger.answer(tainted.turn_id, "2").await;
    let after = ledger.say("three").await;
    let thread = ledger.thread;
    for (turn, wanted) in [(clean.turn_id, false), (tainted.turn_id, true), (after.turn_id, true)] {
        let read = ledger.turns.db().read(&ledger.home, move |read| has_read_untrusted(read, thread, turn));
        assert_eq!(read.await.unwrap(), wanted);
    }
    let history =
        ledger.turns.history(&ledger.home, thread, after.turn_id, OwnMessage::Excluded, WIDE).await.unwrap();
    let from: Vec<_> = history.iter().map(|said| said.provenance).collect();
    assert_eq!(from, [Provenance::Owner, Provenance::Model, Provenance::Webhook, Provenance::Model]);
}
