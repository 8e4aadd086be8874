//! The exact shapes that clients see.

use super::*;
use crate::protocol::model::{ModelError, ModelErrorKind};

fn head() -> Head {
    Head { id: "msg_1".to_owned(), created: 7, model: "demo".to_owned() }
}

fn call(arguments: &str) -> ModelEvent {
    ModelEvent::ToolCall(ToolCall {
        id: "c".to_owned(),
        name: "add".to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn text(text: &str) -> ModelEvent {
    ModelEvent::Text(text.to_owned())
}

fn thought(text: &str) -> ModelEvent {
    ModelEvent::Thinking(text.to_owned())
}

fn seal(text: &str) -> ModelEvent {
    ModelEvent::ThinkingSignature(text.to_owned())
}

fn counted() -> ModelEvent {
    ModelEvent::Usage(Usage { input_tokens: 10, output_tokens: 2, cached_tokens: 4, reasoning_tokens: 1 })
}

/// An answer with a block of every kind.
fn everything() -> Vec<ModelEvent> {
    vec![
        counted(),
        thought("h"),
        thought("m"),
        seal("s"),
        seal("redacted_thinking:x"),
        thought("unsealed"),
        text("Hel"),
        text("lo"),
        call("{\"x\":1}"),
        call(""),
        call("none"),
        seal("gemini:late"),
        ModelEvent::Stop(StopReason::ToolUse),
    ]
}

/// The blocks of that answer.
fn blocks() -> Value {
    let used = |input: Value| json!({ "type": "tool_use", "id": "c", "name": "add", "input": input });
    json!([
        { "type": "thinking", "thinking": "hm", "signature": "s" },
        { "type": "redacted_thinking", "data": "x" },
        { "type": "thinking", "thinking": "unsealed", "signature": "" },
        { "type": "text", "text": "Hello" },
        used(json!({ "x": 1 })),
        used(json!({})),
        used(json!({ "arguments": "none" })),
        { "type": "thinking", "thinking": "", "signature": "gemini:late" },
    ])
}

fn tokens() -> Value {
    json!({ "input_tokens": 6, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 4, "output_tokens": 2 })
}

/// Names and data of a stream.
fn events(of: &[ModelEvent]) -> Vec<(String, Value)> {
    let (mut stream, mut out) = (MessageEvents::new(&head()), String::new());
    of.iter().for_each(|event| stream.take(event, &mut out));
    read(&out)
}

fn read(wire: &str) -> Vec<(String, Value)> {
    let read = |event: &str| {
        let (name, data) = event.split_once("\ndata: ").unwrap();
        (name.strip_prefix("event: ").unwrap().to_owned(), serde_json::from_str(data).unwrap())
    };
    wire.split_terminator("\n\n").map(read).collect()
}

#[test]
fn a_message_has_a_block_of_every_kind_in_order() {
    let mut message = Message::new(&head());
    assert!(message.json().is_none(), "it is not whole yet");
    everything().into_iter().for_each(|event| message.take(event));
    let found: Value = serde_json::from_slice(&message.json().unwrap()).unwrap();
    let expected = json!({ "id": "msg_1", "type": "message", "role": "assistant", "model": "demo", "content": blocks(),
        "stop_reason": "tool_use", "stop_sequence": null, "usage": tokens() });
    assert_eq!(found, expected);
}

#[test]
fn a_stream_comes_to_the_same_message() {
    let events = events(&everything());
    let mut content: Vec<Value> = Vec::new();
    let mut open = None;
    for (name, data) in &events {
        assert_eq!(&data["type"], name, "the data repeats the name of its event");
        let index = data["index"].as_u64();
        match name.as_str() {
            "content_block_start" => {
                assert_eq!((open, index), (None, Some(content.len() as u64)), "blocks do not overlap");
                open = index;
                content.push(data["content_block"].clone());
            }
            "content_block_delta" => {
                assert_eq!(index, open);
                let delta = &data["delta"];
                let block = content.last_mut().unwrap();
                let mut add = |member: &str, piece: &Value| {
                    let said = block[member].as_str().unwrap().to_owned();
                    block[member] = (said + piece.as_str().unwrap()).into();
                };
                match delta["type"].as_str().unwrap() {
                    "text_delta" => add("text", &delta["text"]),
                    "thinking_delta" => add("thinking", &delta["thinking"]),
                    "signature_delta" => add("signature", &delta["signature"]),
                    "input_json_delta" => {
                        block["input"] =
                            serde_json::from_str(delta["partial_json"].as_str().unwrap()).unwrap();
                    }
                    other => panic!("{other}"),
                }
            }
            "content_block_stop" => assert_eq!(index, open.take()),
            _ => assert_eq!(open, None, "{name} comes between blocks"),
        }
    }
    assert_eq!(Value::Array(content), blocks());
    let (name, start) = &events[0];
    assert_eq!((name.as_str(), &start["message"]["usage"]), ("message_start", &tokens()));
    let (name, delta) = &events[events.len() - 2];
    assert_eq!(
        (name.as_str(), &delta["delta"]["stop_reason"], &delta["usage"]),
        ("message_delta", &json!("tool_use"), &tokens())
    );
    assert_eq!(events.last().unwrap().0, "message_stop");
}

#[test]
fn every_reason_to_stop_has_anthropics_word() {
    for (reason, word) in [
        (StopReason::EndTurn, "end_turn"),
        (StopReason::MaxTokens, "max_tokens"),
        (StopReason::StopSequence, "stop_sequence"),
        (StopReason::ToolUse, "tool_use"),
        (StopReason::Refusal, "refusal"),
    ] {
        let events = events(&[ModelEvent::Stop(reason)]);
        let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["message_start", "message_delta", "message_stop"]);
        assert_eq!(events[1].1["delta"], json!({ "stop_reason": word, "stop_sequence": null }));
    }
}

#[test]
fn a_failure_is_an_event_of_its_own() {
    let mut out = String::new();
    let error = ModelError::new(ModelErrorKind::Overloaded, "too\nbusy").into();
    MessageEvents::new(&head()).fail(&error, &mut out);
    let data = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "too\nbusy" } });
    assert_eq!(read(&out), [("error".to_owned(), data)]);
}
