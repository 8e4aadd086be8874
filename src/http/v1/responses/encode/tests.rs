//! The exact shapes that clients see.

use super::*;
use crate::protocol::model::ModelError;

fn head() -> Head {
    Head { id: "resp_1".to_owned(), created: 7, model: "demo".to_owned() }
}

fn tools() -> Offered {
    let mut tools = Offered::default();
    let all = json!([
        { "type": "custom", "name": "exec" },
        { "type": "namespace", "name": "mcp", "tools": [{ "type": "function", "name": "find" }] },
    ]);
    tools.add(serde_json::from_value(all).unwrap()).unwrap();
    tools
}

fn stream() -> ResponseEvents {
    let echo = json!({ "store": false, "temperature": 0.5 });
    ResponseEvents::new(&head(), echo.as_object().unwrap(), tools())
}

fn text(text: &str) -> ModelEvent {
    ModelEvent::Text(text.to_owned())
}

fn call(name: &str, arguments: &str) -> ModelEvent {
    ModelEvent::ToolCall(ToolCall {
        id: "c".to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn everything() -> Vec<ModelEvent> {
    vec![
        ModelEvent::Thinking("h".to_owned()),
        ModelEvent::Thinking("m".to_owned()),
        ModelEvent::ThinkingSignature("sealed".to_owned()),
        text("Hel"),
        text("lo"),
        call("add", "{\"x\":1}"),
        call("exec", "{\"input\":\"ls\"}"),
        call("exec", "ls"),
        call("mcp__find", "{}"),
        ModelEvent::ThinkingSignature("late".to_owned()),
        ModelEvent::Usage(Usage {
            input_tokens: 10,
            output_tokens: 2,
            cached_tokens: 4,
            reasoning_tokens: 1,
        }),
        ModelEvent::Stop(StopReason::ToolUse),
    ]
}

/// The items of that answer, without their ids.
fn items() -> Value {
    let done = "completed";
    let said = json!({ "type": "output_text", "text": "Hello", "annotations": [], "logprobs": [] });
    json!([
        { "type": "reasoning", "summary": [{ "type": "summary_text", "text": "hm" }], "encrypted_content": "sealed" },
        { "type": "message", "status": done, "role": "assistant", "content": [said] },
        { "type": "function_call", "status": done, "call_id": "c", "name": "add", "arguments": "{\"x\":1}" },
        { "type": "custom_tool_call", "status": done, "call_id": "c", "name": "exec", "input": "ls" },
        { "type": "custom_tool_call", "status": done, "call_id": "c", "name": "exec", "input": "ls" },
        { "type": "function_call", "status": done, "call_id": "c", "name": "find", "namespace": "mcp", "arguments": "{}" },
        { "type": "reasoning", "summary": [], "encrypted_content": "late" },
    ])
}

fn nameless(mut items: Value) -> Value {
    for item in items.as_array_mut().unwrap() {
        assert!(item.as_object_mut().unwrap().remove("id").is_some(), "{item}");
    }
    items
}

fn read(wire: &str) -> Vec<(String, Value)> {
    let read = |event: &str| {
        let (name, data) = event.split_once("\ndata: ").unwrap();
        (name.strip_prefix("event: ").unwrap().to_owned(), serde_json::from_str(data).unwrap())
    };
    wire.split_terminator("\n\n").map(read).collect()
}

fn events(of: &[ModelEvent]) -> Vec<(String, Value)> {
    let (mut stream, mut out) = (stream(), String::new());
    of.iter().for_each(|event| Frames::take(&mut stream, event, &mut out));
    read(&out)
}

#[test]
fn a_response_has_an_item_of_every_kind_in_order() {
    let mut response = stream();
    assert!(response.json().is_none(), "it is not whole yet");
    everything().into_iter().for_each(|event| Document::take(&mut response, event));
    let found: Value = serde_json::from_slice(&response.json().unwrap()).unwrap();
    assert_eq!(nameless(found["output"].clone()), items());
    let usage = json!({ "input_tokens": 10, "input_tokens_details": { "cached_tokens": 4 }, "output_tokens": 2,
        "output_tokens_details": { "reasoning_tokens": 1 }, "total_tokens": 12 });
    assert_eq!(found["usage"], usage);
    for (member, value) in [
        ("id", json!("resp_1")),
        ("object", json!("response")),
        ("created_at", json!(7)),
        ("status", json!("completed")),
        ("model", json!("demo")),
        ("temperature", json!(0.5)),
        ("error", Value::Null),
        ("incomplete_details", Value::Null),
    ] {
        assert_eq!(found[member], value, "{member}");
    }
}

#[test]
fn events_are_numbered_and_come_to_the_same_items() {
    let events = events(&everything());
    let mut output = Vec::new();
    let mut open: Option<(Value, String)> = None;
    for (number, (name, data)) in events.iter().enumerate() {
        assert_eq!((&data["type"], &data["sequence_number"]), (&json!(name), &json!(number)));
        if name.ends_with(".delta") {
            let (id, said) = open.as_mut().unwrap();
            assert_eq!((&data["item_id"], &data["output_index"]), (&*id, &json!(output.len())), "{name}");
            said.push_str(data["delta"].as_str().unwrap());
        }
        match name.as_str() {
            "response.output_item.added" => {
                assert!(open.is_none(), "items do not overlap");
                assert_eq!(data["output_index"], json!(output.len()));
                open = Some((data["item"]["id"].clone(), String::new()));
            }
            "response.output_item.done" => {
                let (id, said) = open.take().unwrap();
                let item = &data["item"];
                assert_eq!(item["id"], id);
                let whole = ["/content/0/text", "/summary/0/text", "/arguments", "/input"];
                let whole = whole.iter().find_map(|path| item.pointer(path)).and_then(Value::as_str);
                assert_eq!(whole.unwrap_or_default(), said);
                output.push(item.clone());
            }
            _ => {}
        }
    }
    assert_eq!(nameless(output.into()), items());
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..2], ["response.created", "response.in_progress"]);
    let (name, last) = events.last().unwrap();
    assert_eq!(
        (name.as_str(), &last["response"]["usage"]["total_tokens"]),
        ("response.completed", &json!(12))
    );
}

#[test]
fn the_events_of_a_text_are_those_that_clients_know() {
    let names: Vec<_> = events(&[text("a"), ModelEvent::Stop(StopReason::EndTurn)])
        .into_iter()
        .map(|(name, _)| name.strip_prefix("response.").unwrap().to_owned())
        .collect();
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(names, expected);
}

#[test]
fn an_answer_that_was_cut_is_incomplete_and_says_why() {
    for (reason, why) in
        [(StopReason::MaxTokens, "max_output_tokens"), (StopReason::Refusal, "content_filter")]
    {
        let events = events(&[text("a"), ModelEvent::Stop(reason)]);
        let (name, data) = events.last().unwrap();
        assert_eq!(name, "response.incomplete");
        assert_eq!(data["response"]["status"], "incomplete");
        assert_eq!(data["response"]["incomplete_details"], json!({ "reason": why }));
    }
}

#[test]
fn a_failure_has_a_code_by_which_clients_decide() {
    for (kind, code) in [
        (ModelErrorKind::RateLimited, "rate_limit_exceeded"),
        (ModelErrorKind::TooLarge, "context_length_exceeded"),
        (ModelErrorKind::BudgetExceeded, "insufficient_quota"),
        (ModelErrorKind::Overloaded, "server_is_overloaded"),
        (ModelErrorKind::InvalidRequest, "invalid_prompt"),
        (ModelErrorKind::Network, "server_error"),
    ] {
        let mut out = String::new();
        stream().fail(&ModelError::new(kind, "why").into(), &mut out);
        let (name, data) = read(&out).pop().unwrap();
        assert_eq!((name.as_str(), &data["response"]["status"]), ("response.failed", &json!("failed")));
        assert_eq!(data["response"]["error"], json!({ "code": code, "message": "why" }));
    }
}
