//! The journal: what a turn with tools keeps, and what it stands on when it is begun again.

use serde_json::json;

use crate::protocol::chat::{Part, ToolCall, Usage};
use crate::protocol::event::{EventKind, NewEvent};
use crate::protocol::ids::{MessageId, TurnId};
use crate::protocol::journal::{CallBegun, CallEnded, CallOutcome, Compacted, JournalEntry, TurnLog};
use crate::protocol::turn::{Provenance, TurnAnswer};
use crate::turns::{HistoryLimits, OwnMessage, left_open};

use super::support::{Ledger, delta};

const WIDE: HistoryLimits = HistoryLimits { messages_max: 100, bytes_max: 1_000_000 };

fn call(id: &str) -> ToolCall {
    ToolCall { id: id.to_owned(), name: "bash".to_owned(), arguments: "{}".to_owned() }
}

fn round(text: &str, ids: &[&str]) -> JournalEntry {
    let answer = TurnAnswer {
        text: text.to_owned(),
        tool_calls: ids.iter().map(|id| call(id)).collect(),
        usage: Usage { input_tokens: 10, output_tokens: 5, ..Usage::default() },
        backend: "b".to_owned(),
        model: "m".to_owned(),
        signature: Some("seal".to_owned()),
        thinking: "hm".to_owned(),
        ..TurnAnswer::default()
    };
    JournalEntry::Round { message: MessageId::new(), answer: Box::new(answer) }
}

fn begun(id: &str, class: &'static str) -> JournalEntry {
    let (call_id, tool) = (id.to_owned(), "bash".to_owned());
    JournalEntry::CallBegun(CallBegun { call_id, tool, class, digest: [7; 32] })
}

fn ended(id: &str, outcome: CallOutcome) -> JournalEntry {
    JournalEntry::CallEnded(CallEnded {
        message: Some(MessageId::new()),
        call: call(id),
        outcome,
        content: format!("answer {id}"),
        provenance: Provenance::Tool,
    })
}

async fn keep(ledger: &Ledger, turn: TurnId, entries: Vec<JournalEntry>) {
    let log = TurnLog { events: Vec::new(), entries };
    ledger.turns.append(&ledger.home, ledger.thread, turn, log).await.unwrap();
}

async fn history(ledger: &Ledger, turn: TurnId) -> Vec<String> {
    let own = OwnMessage::Included;
    let history = ledger.turns.conversation(&ledger.home, ledger.thread, turn, own, WIDE).await.unwrap();
    let part = |part: &Part| match part {
        Part::Text { text } => text.clone(),
        Part::Thinking { text, signature } => format!("({text} {})", signature.as_deref().unwrap_or("-")),
        Part::ToolCall(call) => format!("call {}", call.id),
        Part::ToolResult { call_id, content } => format!("{call_id}: {}", content.split(' ').next().unwrap()),
        Part::Image { .. } => String::new(),
    };
    let said =
        history.said.iter().map(|said| said.message.parts.iter().map(part).collect::<Vec<_>>().join(" "));
    history.summary.into_iter().chain(said).collect()
}

async fn steps(ledger: &Ledger, turn: TurnId) -> Vec<String> {
    let steps = ledger.turns.steps(&ledger.home, turn).await.unwrap();
    steps.iter().map(|step| format!("{}{} {}", step.kind, step.subject, step.state)).collect()
}

#[tokio::test]
async fn rounds_and_answers_are_messages_of_the_thread_in_their_order() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("do it").await.turn_id;
    keep(&ledger, turn, vec![round("I look.", &["1", "2"])]).await;
    keep(&ledger, turn, vec![begun("1", "read_only"), begun("2", "effectful")]).await;
    keep(&ledger, turn, vec![ended("1", CallOutcome::Done), ended("2", CallOutcome::Failed)]).await;
    keep(&ledger, turn, vec![JournalEntry::ModelCall { round: 2 }]).await;
    let wanted = ["do it", "(hm seal) I look. call 1 call 2", "1: answer", "2: answer"];
    assert_eq!(history(&ledger, turn).await, wanted);
    let wanted = ["model_call finished", "tool_call1 finished", "tool_call2 failed", "model_call started"];
    assert_eq!(steps(&ledger, turn).await, wanted);
    ledger.answer(turn, "Done.").await;
    let next = ledger.say("and now").await.turn_id;
    assert_eq!(history(&ledger, next).await.last().unwrap(), "and now");
    assert_eq!(history(&ledger, next).await.len(), 6);
    let record = ledger.turns.turn(&ledger.home, turn).await.unwrap().unwrap();
    assert_eq!((record.input_tokens, record.output_tokens), (13, 10));
}

#[tokio::test]
async fn what_an_earlier_life_left_open_is_known_with_how_it_was_begun() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("do it").await.turn_id;
    keep(&ledger, turn, vec![round("", &["1", "2", "3"]), begun("1", "read_only")]).await;
    keep(&ledger, turn, vec![ended("1", CallOutcome::Done), begun("2", "effectful")]).await;
    ledger.next_life().await.begin(&ledger.home, turn, 2).await.unwrap();
    let thread = ledger.thread;
    let read = ledger.db.read(&ledger.home, move |read| left_open(read, thread, turn));
    let (rounds, open) = read.await.unwrap();
    let open: Vec<_> = open.iter().map(|open| (open.call.id.as_str(), open.begun.as_deref())).collect();
    assert_eq!((rounds, open), (1, vec![("2", Some("effectful")), ("3", None)]));
    assert!(steps(&ledger, turn).await.contains(&"tool_call2 unknown".to_owned()));
}

#[tokio::test]
async fn only_the_present_round_counts_as_seen_and_a_life_that_got_further_is_no_failed_one() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("do it").await.turn_id;
    let said = vec![delta("I look.")];
    ledger.turns.append(&ledger.home, ledger.thread, turn, said.into()).await.unwrap();
    keep(&ledger, turn, vec![round("I look.", &["1"])]).await;
    let pending = ledger.turns.pending(&ledger.home, ledger.thread).await.unwrap();
    assert_eq!((pending[0].visible, pending[0].partial.as_str(), pending[0].waits), (false, "", 1));
    let mut second = delta("And");
    second.data.insert("round".to_owned(), 2.into());
    ledger.turns.append(&ledger.home, ledger.thread, turn, vec![second].into()).await.unwrap();
    let pending = ledger.turns.pending(&ledger.home, ledger.thread).await.unwrap();
    assert_eq!((pending[0].visible, pending[0].partial.as_str()), (true, "And"));
}

#[tokio::test]
async fn a_question_is_a_step_from_when_it_is_asked_to_when_it_is_decided() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("do it").await.turn_id;
    let question = |state: &str, open: u64| {
        let data = json!({ "approval_id": "q", "state": state, "open": open });
        NewEvent { kind: EventKind::Approval, data: data.as_object().unwrap().clone() }
    };
    for (state, open, wanted) in
        [("pending", 1, "started"), ("pending", 1, "started"), ("allowed", 0, "finished")]
    {
        let log = vec![question(state, open)].into();
        ledger.turns.append(&ledger.home, ledger.thread, turn, log).await.unwrap();
        assert_eq!(steps(&ledger, turn).await[1..], [format!("approvalq {wanted}")]);
    }
}

#[tokio::test]
async fn a_summary_stands_for_what_it_covers_until_it_is_undone() {
    let ledger = Ledger::new().await;
    let first = ledger.say("one").await;
    ledger.answer(first.turn_id, "1").await;
    let second = ledger.say("two").await.turn_id;
    let own = OwnMessage::Excluded;
    let all = ledger.turns.conversation(&ledger.home, ledger.thread, second, own, WIDE).await.unwrap();
    let kept = Compacted {
        upto: all.said[1].id.unwrap(),
        summary: "We counted.".to_owned(),
        made_by: "fallback".to_owned(),
        messages: 2,
    };
    keep(&ledger, second, vec![JournalEntry::CompactionBegun, JournalEntry::Compacted(kept)]).await;
    assert_eq!(history(&ledger, second).await, ["We counted.", "two"]);
    let made = ledger.turns.compactions(&ledger.home, ledger.thread).await.unwrap();
    assert!(ledger.turns.undo_compaction(&ledger.home, ledger.thread, made[0].id).await.unwrap());
    assert!(!ledger.turns.undo_compaction(&ledger.home, ledger.thread, made[0].id).await.unwrap());
    assert_eq!(history(&ledger, second).await, ["one", "1", "two"]);
}

#[tokio::test]
async fn a_summary_within_a_turn_keeps_what_was_asked() {
    let ledger = Ledger::new().await;
    let turn = ledger.say("do it").await.turn_id;
    keep(
        &ledger,
        turn,
        vec![round("I look.", &["1"]), begun("1", "read_only"), ended("1", CallOutcome::Done)],
    )
    .await;
    let own = OwnMessage::Included;
    let all = ledger.turns.conversation(&ledger.home, ledger.thread, turn, own, WIDE).await.unwrap();
    let (upto, summary) = (all.said[2].id.unwrap(), "It looked.".to_owned());
    let kept = Compacted { upto, summary, made_by: "fallback".to_owned(), messages: 3 };
    keep(&ledger, turn, vec![JournalEntry::Compacted(kept)]).await;
    assert_eq!(history(&ledger, turn).await, ["It looked.", "do it"]);
}
