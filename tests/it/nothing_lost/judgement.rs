//! Whether anything was lost or doubled. Pure, so that it can be judged itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::client::Event;

/// A message that was acknowledged.
#[derive(Clone)]
pub struct Sent {
    pub thread: String,
    pub content: String,
    pub turn: String,
}

/// What was sent, what clients saw, and what is there.
#[derive(Clone, Default)]
pub struct Record {
    pub sent: Vec<Sent>,
    /// By thread: what a client that reconnected saw.
    pub streams: BTreeMap<String, Vec<Event>>,
    /// By turn: its state.
    pub turns: BTreeMap<String, String>,
    /// By thread: its messages.
    pub messages: BTreeMap<String, Vec<Value>>,
    /// By thread: its whole event log.
    pub logs: BTreeMap<String, Vec<Event>>,
}

/// Every broken promise, in words.
pub fn violations(record: &Record) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(record.sent.iter().filter_map(|sent| acknowledged_once(record, sent)));
    found.extend(record.turns.iter().filter_map(|(turn, state)| ended(turn, state)));
    for turn in record.turns.keys() {
        found.extend(answered_once(record, turn));
    }
    for (thread, stream) in &record.streams {
        found.extend(complete(thread, stream, record.logs.get(thread).map_or(&[], Vec::as_slice)));
    }
    found
}

fn acknowledged_once(record: &Record, sent: &Sent) -> Option<String> {
    let messages = record.messages.get(&sent.thread).map_or(&[][..], Vec::as_slice);
    let same = |message: &&Value| message["role"] == "user" && message["content"] == sent.content.as_str();
    let copies: Vec<_> = messages.iter().filter(same).collect();
    match copies[..] {
        [one] if one["turn_id"] == sent.turn.as_str() => None,
        [_] => Some(format!("`{}` belongs to another turn than the acknowledged one", sent.content)),
        _ => Some(format!("`{}` is there {} times", sent.content, copies.len())),
    }
}

fn ended(turn: &str, state: &str) -> Option<String> {
    matches!(state, "queued" | "running").then(|| format!("turn {turn} is still {state}"))
}

/// One last event, at most one answer, and the pieces are the answer.
fn answered_once(record: &Record, turn: &str) -> Vec<String> {
    let mut found = Vec::new();
    let events: Vec<_> = record.logs.values().flatten().filter(|event| event.turn() == turn).collect();
    let last: Vec<_> =
        events.iter().filter(|event| matches!(event.kind.as_str(), "done" | "error")).collect();
    if last.len() != 1 {
        found.push(format!("turn {turn} has {} last events", last.len()));
    }
    let of_turn = |message: &&Value| message["role"] == "assistant" && message["turn_id"] == turn;
    let answers: Vec<_> = record.messages.values().flatten().filter(of_turn).collect();
    if answers.len() > 1 {
        found.push(format!("turn {turn} has {} answers", answers.len()));
    }
    let pieces: String =
        events.iter().filter(|e| e.kind == "delta").filter_map(|e| e.data["text"].as_str()).collect();
    let answer = answers.first().and_then(|answer| answer["content"].as_str()).unwrap_or_default();
    if pieces != answer {
        found.push(format!("the pieces of turn {turn} are not its answer: {pieces:?} and {answer:?}"));
    }
    let done = last.first().is_some_and(|event| event.kind == "done");
    if done && answers.is_empty() {
        found.push(format!("turn {turn} is done without an answer"));
    }
    found
}

/// A client that resumed saw a prefix of the log: nothing missing, nothing twice, nothing else.
fn complete(thread: &str, stream: &[Event], log: &[Event]) -> Option<String> {
    let same = stream.iter().zip(log).take_while(|(seen, logged)| seen == logged).count();
    (same < stream.len()).then(|| {
        let (seen, logged) = (stream.get(same), log.get(same));
        format!("the stream of {thread} differs from its log at {same}: {seen:?} instead of {logged:?}")
    })
}
