//! Negative controls: a harness that cannot fail proves nothing, so each way of losing or
//! doubling something is done to a good record here, and the judgement must see it.

use serde_json::json;

use super::judgement::{Record, Sent, violations};
use crate::support::client::Event;

fn event(id: i64, kind: &str, text: &str) -> Event {
    Event { id, kind: kind.into(), data: json!({ "turn_id": "t1", "text": text, "content": text }) }
}

fn good() -> Record {
    let log = vec![
        event(1, "accepted", "hi"),
        event(2, "delta", "Hel"),
        event(3, "delta", "lo"),
        event(4, "done", "Hello"),
    ];
    let messages = vec![
        json!({ "role": "user", "content": "hi", "turn_id": "t1" }),
        json!({ "role": "assistant", "content": "Hello", "turn_id": "t1" }),
    ];
    Record {
        sent: vec![Sent { thread: "a".into(), content: "hi".into(), turn: "t1".into() }],
        streams: [("a".to_owned(), log.clone())].into(),
        turns: [("t1".to_owned(), "done".to_owned())].into(),
        messages: [("a".to_owned(), messages)].into(),
        logs: [("a".to_owned(), log)].into(),
    }
}

#[test]
fn a_good_record_is_good() {
    assert_eq!(violations(&good()), Vec::<String>::new());
}

#[test]
fn every_kind_of_damage_is_seen() {
    type Damage = (&'static str, fn(&mut Record));
    let damages: [Damage; 9] = [
        ("a message is lost", |r| drop(r.messages.get_mut("a").unwrap().remove(0))),
        ("a message is doubled", |r| {
            let messages = r.messages.get_mut("a").unwrap();
            messages.push(messages[0].clone());
        }),
        ("a message belongs to another turn", |r| r.sent[0].turn = "t2".into()),
        ("a turn never ends", |r| drop(r.turns.insert("t1".into(), "running".into()))),
        ("an answer is doubled", |r| {
            let messages = r.messages.get_mut("a").unwrap();
            messages.push(messages[1].clone());
        }),
        ("an answer is lost", |r| drop(r.messages.get_mut("a").unwrap().pop())),
        ("a piece is lost from the log", |r| drop(r.logs.get_mut("a").unwrap().remove(1))),
        ("a stream misses an event", |r| drop(r.streams.get_mut("a").unwrap().remove(2))),
        ("a stream sees an event twice", |r| {
            let stream = r.streams.get_mut("a").unwrap();
            stream.insert(2, stream[1].clone());
        }),
    ];
    for (what, damage) in damages {
        let mut record = good();
        damage(&mut record);
        assert!(!violations(&record).is_empty(), "not seen: {what}");
    }
}
