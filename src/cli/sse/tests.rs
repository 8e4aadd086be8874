//! Streams cut anywhere give the same events.

use super::{SseEvent, SseReader};

const STREAM: &str = ": hello\n\nid: 7\nevent: delta\ndata: {\"text\":\"é\"}\n\nid:8\r\ndata: a\r\ndata: b\r\n\r\nevent: empty\n\n";

fn expected() -> Vec<SseEvent> {
    let event = |id: &str, name: &str, data: &str| SseEvent {
        id: Some(id.to_owned()),
        name: name.to_owned(),
        data: data.to_owned(),
    };
    vec![event("7", "delta", "{\"text\":\"é\"}"), event("8", "message", "a\nb")]
}

#[test]
fn a_stream_gives_the_same_events_however_it_is_cut() {
    for size in 1..=STREAM.len() {
        let mut reader = SseReader::default();
        let events: Vec<_> =
            STREAM.as_bytes().chunks(size).flat_map(|chunk| reader.push(chunk).unwrap()).collect();
        assert_eq!(events, expected(), "in pieces of {size} bytes");
    }
}

#[test]
fn an_event_that_is_not_complete_does_not_come_out() {
    let mut reader = SseReader::default();
    assert_eq!(reader.push(b"id: 1\ndata: x\n").unwrap(), []);
    assert_eq!(reader.push(b"\n").unwrap().len(), 1);
}

#[test]
fn an_endless_event_is_refused() {
    let mut reader = SseReader::default();
    let piece = vec![b'x'; super::EVENT_BYTES_MAX];
    assert!(reader.push(&piece).is_ok());
    assert!(reader.push(b"x").is_err());
}
