//! Messages against a scripted provider.

use std::time::Duration;

use serde_json::{Value, json};

use crate::backends::testing::{self, Outcome, backend, collect, request};
use crate::config::backends::BackendKind;
use crate::egress::upstream::{Act, Upstream, answer, events, json as json_answer, stream_head};
use crate::protocol::chat::{ChatMessage, Part, Role, StopReason, ToolCall, ToolSpec, Usage};
use crate::protocol::model::{ModelErrorKind as Kind, ModelEvent, ModelRequest};

const KIND: BackendKind = BackendKind::Anthropic;

fn event(value: &Value) -> String {
    format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap())
}

fn block(index: u32, start: &Value, deltas: &[Value]) -> String {
    let start = event(&json!({ "type": "content_block_start", "index": index, "content_block": start }));
    let delta = |delta| event(&json!({ "type": "content_block_delta", "index": index, "delta": delta }));
    let stop = event(&json!({ "type": "content_block_stop", "index": index }));
    [start, deltas.iter().map(delta).collect(), stop].concat()
}

fn message_start() -> String {
    let usage = json!({ "input_tokens": 10, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 5,
        "output_tokens": 1 });
    event(&json!({ "type": "message_start", "message": { "id": "m", "content": [], "usage": usage } }))
}

fn message_end(reason: &str) -> String {
    let end = json!({ "type": "message_delta", "delta": { "stop_reason": reason }, "usage": { "output_tokens": 9 } });
    [event(&end), event(&json!({ "type": "message_stop" }))].concat()
}

fn everything() -> String {
    let text = |text: &str| json!({ "type": "text_delta", "text": text });
    let json = |text: &str| json!({ "type": "input_json_delta", "partial_json": text });
    let thinking = json!({ "type": "thinking", "thinking": "", "signature": "" });
    let tool = json!({ "type": "tool_use", "id": "t1", "name": "add", "input": {} });
    let thoughts = [
        json!({ "type": "thinking_delta", "thinking": "hm" }),
        json!({ "type": "signature_delta", "signature": "seal" }),
    ];
    [
        message_start(),
        event(&json!({ "type": "ping" })),
        block(0, &thinking, &thoughts),
        block(1, &json!({ "type": "redacted_thinking", "data": "hidden" }), &[]),
        block(2, &json!({ "type": "text", "text": "" }), &[text("Hel"), text("lo")]),
        event(&json!({ "type": "something_new", "x": 1 })),
        block(3, &tool, &[json(""), json("{\"x\""), json(":1}")]),
        block(4, &json!({ "type": "tool_use", "id": "t2", "name": "now", "input": {} }), &[json("")]),
        block(5, &json!({ "type": "server_tool_use", "id": "s", "name": "web" }), &[json("{")]),
        message_end("tool_use"),
    ]
    .concat()
}

fn everything_events() -> Vec<ModelEvent> {
    let usage = |output_tokens| {
        ModelEvent::Usage(Usage { input_tokens: 17, output_tokens, cached_tokens: 5, reasoning_tokens: 0 })
    };
    let call = |id: &str, name: &str, arguments: &str| {
        let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
        ModelEvent::ToolCall(ToolCall { id, name, arguments })
    };
    vec![
        usage(1),
        ModelEvent::Thinking("hm".to_owned()),
        ModelEvent::ThinkingSignature("seal".to_owned()),
        ModelEvent::ThinkingSignature("redacted_thinking:hidden".to_owned()),
        ModelEvent::Text("Hel".to_owned()),
        ModelEvent::Text("lo".to_owned()),
        call("t1", "add", "{\"x\":1}"),
        call("t2", "now", "{}"),
        usage(9),
        ModelEvent::Stop(StopReason::ToolUse),
    ]
}

async fn of_stream(text: &str) -> Outcome {
    let upstream = Upstream::start(vec![events(text), answer(418, "", "")]).await;
    collect(&*backend(KIND, &upstream), request("hi")).await
}

/// The body that is sent for a request.
async fn sent(request: ModelRequest) -> Value {
    testing::sent(testing::settings(KIND), request, events(&everything())).await
}

#[tokio::test]
async fn every_kind_of_block_becomes_its_events() {
    assert_eq!(of_stream(&everything()).await, Outcome::good(everything_events()));
}

#[tokio::test]
async fn single_bytes_make_the_same_events() {
    let script = vec![stream_head(), Act::Dribble(everything().into_bytes()), Act::Close];
    let upstream = Upstream::start(vec![script]).await;
    let outcome = collect(&*backend(KIND, &upstream), request("hi")).await;
    assert_eq!(outcome, Outcome::good(everything_events()));
}

#[tokio::test]
async fn an_answer_that_is_not_streamed_makes_the_same_kinds_of_events() {
    let body = json!({ "type": "message", "stop_reason": "stop_sequence",
        "content": [{ "type": "thinking", "thinking": "hm", "signature": "seal" }, { "type": "text", "text": "Hi" },
            { "type": "tool_use", "id": "t", "name": "add", "input": { "x": 1 } }],
        "usage": { "input_tokens": 3, "output_tokens": 4 } });
    let upstream = Upstream::start(vec![json_answer(200, &body)]).await;
    let outcome = collect(&*backend(KIND, &upstream), ModelRequest { stream: false, ..request("hi") }).await;
    let call = ToolCall { id: "t".to_owned(), name: "add".to_owned(), arguments: "{\"x\":1}".to_owned() };
    let expected = vec![
        ModelEvent::Thinking("hm".to_owned()),
        ModelEvent::ThinkingSignature("seal".to_owned()),
        ModelEvent::Text("Hi".to_owned()),
        ModelEvent::ToolCall(call),
        ModelEvent::Usage(Usage { input_tokens: 3, output_tokens: 4, ..Usage::default() }),
        ModelEvent::Stop(StopReason::StopSequence),
    ];
    assert_eq!(outcome, Outcome::good(expected));
}

#[tokio::test]
async fn every_stop_reason_has_a_meaning() {
    for (word, reason) in [
        ("end_turn", StopReason::EndTurn),
        ("max_tokens", StopReason::MaxTokens),
        ("model_context_window_exceeded", StopReason::MaxTokens),
        ("stop_sequence", StopReason::StopSequence),
        ("tool_use", StopReason::ToolUse),
        ("refusal", StopReason::Refusal),
    ] {
        let outcome = of_stream(&[message_start(), message_end(word)].concat()).await;
        assert_eq!(outcome.events.last(), Some(&ModelEvent::Stop(reason)), "{word}");
    }
}

#[tokio::test]
async fn an_end_without_a_reason_is_truncated() {
    let text = block(0, &json!({ "type": "text", "text": "Hel" }), &[]);
    for tail in [String::new(), event(&json!({ "type": "message_stop" }))] {
        let outcome = of_stream(&[message_start(), text.clone(), tail].concat()).await;
        assert_eq!(outcome.kind(), Some(Kind::Truncated));
    }
}

#[tokio::test]
async fn an_error_event_ends_the_stream_with_its_kind() {
    let text = block(0, &json!({ "type": "text", "text": "Hel" }), &[]);
    let error = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } });
    let outcome = of_stream(&[message_start(), text, event(&error)].concat()).await;
    assert_eq!(outcome.kind(), Some(Kind::Overloaded));
    assert_eq!(outcome.error.unwrap().message, "Overloaded");
}

#[tokio::test]
async fn an_overload_is_tried_again_and_its_delay_is_kept() {
    let busy =
        answer(529, "retry-after-ms: 1\r\n", r#"{"type":"error","error":{"type":"overloaded_error"}}"#);
    let upstream = Upstream::start(vec![busy.clone(), events(&everything())]).await;
    let outcome = collect(&*backend(KIND, &upstream), request("hi")).await;
    assert_eq!((outcome.error.is_none(), upstream.received().len()), (true, 2));
    let later = answer(529, "retry-after: 60\r\n", "");
    let upstream = Upstream::start(vec![later]).await;
    let error = collect(&*backend(KIND, &upstream), request("hi")).await.error.unwrap();
    assert_eq!((error.status, error.retry_after), (Some(529), Some(Duration::from_secs(60))));
}

#[tokio::test]
async fn an_event_that_is_none_of_the_protocol_is_an_error() {
    for text in ["data: [DONE]\n\n", "data: {\"type\":\"content_block_start\"}\n\n", "data: {}\n\n"] {
        assert_eq!(of_stream(text).await.kind(), Some(Kind::Protocol), "{text}");
    }
}

#[tokio::test]
async fn the_request_is_what_the_protocol_says() {
    let upstream = Upstream::start(vec![events(&everything())]).await;
    collect(&*backend(KIND, &upstream), request("hi")).await;
    let received = &upstream.received()[0];
    assert_eq!(received.target, "POST /v1/messages");
    assert!(received.head.contains("x-api-key: k-test-key\r\n"));
    assert!(received.head.contains("anthropic-version: 2023-06-01\r\n"));
    let expected = json!({ "model": "m-1", "max_tokens": 8192, "stream": true,
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "hi" }] }] });
    assert_eq!(received.json(), expected);
}

#[tokio::test]
async fn sealed_reasoning_and_tool_results_go_back_in_the_shape_that_is_wanted() {
    let thinking = |text: &str, seal: Option<&str>| Part::Thinking {
        text: text.to_owned(),
        signature: seal.map(str::to_owned),
    };
    let call = |id: &str| {
        Part::ToolCall(ToolCall {
            id: id.to_owned(),
            name: "add".to_owned(),
            arguments: "{\"x\":1}".to_owned(),
        })
    };
    let result = |id: &str| ChatMessage {
        role: Role::Tool,
        parts: vec![Part::ToolResult { call_id: id.to_owned(), content: "2".to_owned() }],
    };
    let parts = vec![
        thinking("hm", Some("seal")),
        thinking("", Some("redacted_thinking:hidden")),
        thinking("another provider's", None),
        Part::Text { text: String::new() },
        call("a"),
        call("b"),
    ];
    let messages = vec![
        ChatMessage::text(Role::System, "two"),
        ChatMessage::text(Role::User, "hi"),
        ChatMessage { role: Role::Assistant, parts },
        result("a"),
        result("b"),
        ChatMessage {
            role: Role::User,
            parts: vec![Part::Image { url: "data:image/png;base64,AA==".to_owned() }],
        },
    ];
    let body = sent(ModelRequest { system: "one".to_owned(), messages, ..request("") }).await;
    assert_eq!(body["system"], "one\n\ntwo");
    let used = |id: &str| json!({ "type": "tool_use", "id": id, "name": "add", "input": { "x": 1 } });
    let answered = |id: &str| json!({ "type": "tool_result", "tool_use_id": id, "content": "2" });
    let image = json!({ "type": "base64", "media_type": "image/png", "data": "AA==" });
    let expected = json!([
        { "role": "user", "content": [{ "type": "text", "text": "hi" }] },
        { "role": "assistant", "content": [
            { "type": "thinking", "thinking": "hm", "signature": "seal" },
            { "type": "redacted_thinking", "data": "hidden" }, used("a"), used("b") ] },
        { "role": "user", "content": [answered("a"), answered("b"), { "type": "image", "source": image }] },
    ]);
    assert_eq!(body["messages"], expected);
}

#[tokio::test]
async fn parameters_are_translated_and_unknown_ones_left_out() {
    let extra = json!({ "temperature": 0.1, "stop": "x", "user": "u", "reasoning_effort": "low", "seed": 4,
        "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": { "type": "object" } } },
        "tool_choice": { "type": "function", "function": { "name": "add" } }, "parallel_tool_calls": false,
        "max_completion_tokens": 77 });
    let tool = ToolSpec { name: "add".to_owned(), description: "adds".to_owned(), parameters: Value::Null };
    let body = sent(ModelRequest {
        extra: extra.as_object().unwrap().clone(),
        tools: vec![tool],
        max_tokens: Some(5),
        ..request("hi")
    })
    .await;
    let expected = json!({ "model": "m-1", "stream": true, "max_tokens": 77, "temperature": 0.1,
        "stop_sequences": ["x"], "metadata": { "user_id": "u" },
        "output_config": { "effort": "low", "format": { "type": "json_schema", "schema": { "type": "object" } } },
        "tool_choice": { "type": "tool", "name": "add", "disable_parallel_tool_use": true },
        "tools": [{ "name": "add", "description": "adds", "input_schema": { "type": "object" } }],
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "hi" }] }] });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_list_of_models_is_read_page_by_page() {
    let model = |id: &str| {
        json!({ "type": "model", "id": id, "display_name": id.to_uppercase(),
        "created_at": "1970-01-01T00:01:00Z" })
    };
    let first = json!({ "data": [model("a")], "has_more": true, "last_id": "a" });
    let second = json!({ "data": [model("b")], "has_more": false, "last_id": "b" });
    let upstream = Upstream::start(vec![json_answer(200, &first), json_answer(200, &second)]).await;
    let models = backend(KIND, &upstream).models().await.unwrap();
    let found: Vec<_> =
        models.iter().map(|m| (m.id.as_str(), m.display_name.as_str(), m.created_s)).collect();
    assert_eq!(found, [("a", "A", 60), ("b", "B", 60)]);
    let targets: Vec<_> = upstream.received().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["GET /v1/models?limit=1000", "GET /v1/models?limit=1000&after_id=a"]);
}

#[tokio::test]
async fn a_list_of_models_without_an_end_is_left_after_ten_pages() {
    let page = json!({ "data": [], "has_more": true, "last_id": "a" });
    let upstream = Upstream::start(vec![json_answer(200, &page)]).await;
    assert_eq!(backend(KIND, &upstream).models().await.unwrap(), []);
    assert_eq!(upstream.received().len(), 10);
}

#[tokio::test]
async fn what_comes_again_is_marked_to_be_cached_and_nothing_else() {
    let mark = json!({ "type": "ephemeral" });
    let tool = ToolSpec { name: "add".to_owned(), description: "x".repeat(4_096), parameters: Value::Null };
    let long = ModelRequest { system: "be kind".to_owned(), tools: vec![tool.clone()], ..request("hi") };
    let body = sent(long.clone()).await;
    assert_eq!(body["system"], json!([{ "type": "text", "text": "be kind", "cache_control": mark }]));
    assert_eq!(body["messages"][0]["content"][0]["cache_control"], mark);
    assert_eq!(body["tools"][0].get("cache_control"), None, "the system prompt's mark holds the tools, too");
    let bare = sent(ModelRequest { system: String::new(), ..long.clone() }).await;
    assert_eq!(bare["tools"][0]["cache_control"], mark);
    let own = json!({ "cache_control": { "type": "ephemeral", "ttl": "1h" } }).as_object().unwrap().clone();
    for plain in [
        ModelRequest { tools: vec![ToolSpec { description: "x".repeat(4_000), ..tool }], ..long.clone() },
        ModelRequest { tools: Vec::new(), system: "x".repeat(9_000), ..request("asked once") },
        ModelRequest { extra: own, ..long },
    ] {
        let body = sent(plain).await;
        assert!(body["messages"][0]["content"][0].get("cache_control").is_none(), "{body}");
        assert!(!body["system"].is_array());
    }
}

#[tokio::test]
async fn seals_of_others_never_go_to_it() {
    let thinking = |seal: &str| Part::Thinking { text: "hm".to_owned(), signature: Some(seal.to_owned()) };
    let text = Part::Text { text: "so".to_owned() };
    let parts = vec![thinking("gemini:x"), thinking("responses:[]"), thinking("openrouter:[]"), text];
    let messages = vec![ChatMessage { role: Role::Assistant, parts }];
    let body = sent(ModelRequest { messages, ..request("") }).await;
    assert_eq!(body["messages"][0]["content"], json!([{ "type": "text", "text": "so" }]));
}
