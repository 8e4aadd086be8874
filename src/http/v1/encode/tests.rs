//! The exact shapes that clients see.

use serde_json::{Value, json};

use super::*;

fn head() -> Head {
    Head { id: "chatcmpl-1".to_owned(), created: 7, model: "demo/\"x\"".to_owned() }
}

fn call() -> ToolCall {
    ToolCall { id: "c".to_owned(), name: "add".to_owned(), arguments: "{\"x\":1}".to_owned() }
}

fn usage() -> Usage {
    Usage { input_tokens: 3, output_tokens: 2, cached_tokens: 1, reasoning_tokens: 1 }
}

fn text(text: &str) -> ModelEvent {
    ModelEvent::Text(text.to_owned())
}

fn completion(events: Vec<ModelEvent>) -> Option<Value> {
    let mut completion = Completion::new(&head());
    events.into_iter().for_each(|event| completion.take(event));
    completion.json().map(|json| serde_json::from_slice(&json).unwrap())
}

/// The chunks of a stream as JSON, and whether `[DONE]` ended it.
fn chunks(events: &[ModelEvent], include_usage: bool) -> (Vec<Value>, bool) {
    let mut out = String::new();
    let mut chunks = Chunks::new(&head(), include_usage);
    events.iter().for_each(|event| chunks.take(event, &mut out));
    assert!(out.is_empty() || out.ends_with("\n\n"));
    let mut data: Vec<_> =
        out.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
    let done = data.last() == Some(&"[DONE]");
    data.truncate(data.len() - usize::from(done));
    (data.into_iter().map(|json| serde_json::from_str(json).unwrap()).collect(), done)
}

fn chunk(delta: &Value, finish_reason: &Value) -> Value {
    json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 7, "model": "demo/\"x\"",
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason }] })
}

#[test]
fn a_completion_has_every_member_that_some_client_needs() {
    let events = vec![
        ModelEvent::Thinking("hm".to_owned()),
        text("Hel"),
        text("lo"),
        ModelEvent::Usage(usage()),
        ModelEvent::Stop(StopReason::MaxTokens),
    ];
    let expected = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 7, "model": "demo/\"x\"",
        "choices": [{ "index": 0, "logprobs": null, "finish_reason": "length",
            "message": { "role": "assistant", "content": "Hello", "refusal": null, "reasoning_content": "hm" } }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5,
            "prompt_tokens_details": { "cached_tokens": 1 }, "completion_tokens_details": { "reasoning_tokens": 1 } },
    });
    assert_eq!(completion(events), Some(expected));
}

#[test]
fn a_tool_call_has_null_content_and_an_empty_answer_has_empty_content() {
    let called =
        completion(vec![ModelEvent::ToolCall(call()), ModelEvent::Stop(StopReason::ToolUse)]).unwrap();
    let choice = &called["choices"][0];
    assert_eq!(
        (&choice["message"]["content"], &choice["finish_reason"]),
        (&Value::Null, &json!("tool_calls"))
    );
    let function = json!({ "name": "add", "arguments": "{\"x\":1}" });
    assert_eq!(
        choice["message"]["tool_calls"],
        json!([{ "id": "c", "type": "function", "function": function }])
    );
    let empty = completion(vec![ModelEvent::Stop(StopReason::Refusal)]).unwrap();
    assert_eq!(empty["choices"][0]["message"]["content"], "");
    assert_eq!(empty["choices"][0]["finish_reason"], "content_filter");
}

#[test]
fn an_answer_without_a_stop_is_no_completion() {
    assert_eq!(completion(vec![text("Hel")]), None);
}

#[test]
fn a_stream_tells_the_role_once_and_ends_with_done() {
    let events = [text("H\n"), text("i"), ModelEvent::Usage(usage()), ModelEvent::Stop(StopReason::EndTurn)];
    let expected = vec![
        chunk(&json!({ "role": "assistant", "content": "H\n" }), &Value::Null),
        chunk(&json!({ "content": "i" }), &Value::Null),
        chunk(&json!({}), &json!("stop")),
    ];
    assert_eq!(chunks(&events, false), (expected, true));
}

#[test]
fn usage_comes_in_a_chunk_of_its_own_when_it_is_asked_for() {
    let (chunks, done) =
        chunks(&[text("H"), ModelEvent::Usage(usage()), ModelEvent::Stop(StopReason::EndTurn)], true);
    assert!(done && chunks.len() == 3);
    assert!(chunks[..2].iter().all(|chunk| chunk.get("usage") == Some(&Value::Null)));
    assert_eq!((&chunks[2]["choices"], &chunks[2]["usage"]["total_tokens"]), (&json!([]), &json!(5)));
}

#[test]
fn tool_calls_and_reasoning_of_a_stream_have_their_members() {
    let events =
        [ModelEvent::Thinking("hm".to_owned()), ModelEvent::ToolCall(call()), ModelEvent::ToolCall(call())];
    let (chunks, done) = chunks(&events, false);
    assert!(!done);
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({ "role": "assistant", "reasoning_content": "hm" }));
    let indexes: Vec<_> =
        chunks[1..].iter().map(|c| &c["choices"][0]["delta"]["tool_calls"][0]["index"]).collect();
    assert_eq!(indexes, [&json!(0), &json!(1)]);
}

#[test]
fn an_empty_stream_has_a_role_too() {
    let (chunks, done) = chunks(&[ModelEvent::Stop(StopReason::EndTurn)], false);
    assert!(done);
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({ "role": "assistant", "content": "" }));
}
