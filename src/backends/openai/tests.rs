//! Chat completions against a scripted provider: good answers in every shape, and every way to fail.

use std::time::Duration;

use serde_json::{Value, json};

use crate::backends::testing::{Outcome, backend, backend_with, collect, request};
use crate::config::backends::{BackendConfig, BackendKind};
use crate::egress::upstream::{
    Act, Upstream, answer, chunk, chunked_head, events, json as json_answer, stream_head,
};
use crate::protocol::chat::{ChatMessage, Part, Role, StopReason, ToolCall, ToolSpec, Usage};
use crate::protocol::model::{ModelErrorKind as Kind, ModelEvent, ModelRequest};

const KIND: BackendKind = BackendKind::Openai;

fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

fn delta(delta: &Value) -> String {
    data(&json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] }))
}

fn finish(reason: &str) -> String {
    data(&json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }))
}

fn hello() -> String {
    let usage = json!({ "choices": [], "usage": { "prompt_tokens": 7, "completion_tokens": 2,
        "prompt_tokens_details": { "cached_tokens": 3 }, "completion_tokens_details": { "reasoning_tokens": 1 } } });
    [
        delta(&json!({ "role": "assistant", "content": "" })),
        delta(&json!({ "reasoning_content": "hm" })),
        delta(&json!({ "content": "Hel" })),
        delta(&json!({ "content": "lo 🦀" })),
        finish("stop"),
        data(&usage),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat()
}

fn hello_events() -> Vec<ModelEvent> {
    vec![
        ModelEvent::Thinking("hm".to_owned()),
        ModelEvent::Text("Hel".to_owned()),
        ModelEvent::Text("lo 🦀".to_owned()),
        ModelEvent::Usage(Usage { input_tokens: 7, output_tokens: 2, cached_tokens: 3, reasoning_tokens: 1 }),
        ModelEvent::Stop(StopReason::EndTurn),
    ]
}

async fn outcome(script: Vec<Vec<Act>>) -> (Outcome, usize) {
    let upstream = Upstream::start(script).await;
    let outcome = collect(&*backend(KIND, &upstream), request("hi")).await;
    (outcome, upstream.received().len())
}

/// The outcome of a stream that is answered once and must not be tried again.
async fn of_stream(text: &str) -> Outcome {
    let (outcome, tries) = outcome(vec![events(text), answer(418, "", "tried again")]).await;
    assert!(tries == 1 || outcome.error.as_ref().is_some_and(|error| error.status == Some(418)));
    outcome
}

#[tokio::test]
async fn a_stream_becomes_events_and_stop_is_the_last() {
    assert_eq!(of_stream(&hello()).await, Outcome::good(hello_events()));
}

#[tokio::test]
async fn single_bytes_make_the_same_events() {
    let script = vec![stream_head(), Act::Dribble(hello().into_bytes()), Act::Close];
    assert_eq!(outcome(vec![script]).await.0, Outcome::good(hello_events()));
}

#[tokio::test]
async fn a_stream_without_done_is_whole_once_it_has_its_reason() {
    let text = hello().replace("data: [DONE]\n\n", "");
    assert_eq!(of_stream(&text).await, Outcome::good(hello_events()));
    let cut = vec![chunked_head(), chunk(&text), Act::Reset];
    assert_eq!(outcome(vec![cut]).await.0.events.last(), Some(&ModelEvent::Stop(StopReason::EndTurn)));
}

#[tokio::test]
async fn openrouters_comments_and_reasoning_are_understood() {
    let text = [": OPENROUTER PROCESSING\n\n".to_owned(), delta(&json!({"reasoning": "hm"})), finish("stop")]
        .concat();
    let events = vec![ModelEvent::Thinking("hm".to_owned()), ModelEvent::Stop(StopReason::EndTurn)];
    assert_eq!(of_stream(&text).await, Outcome::good(events));
}

#[tokio::test]
async fn tool_calls_are_put_together_from_their_pieces() {
    let piece = |index: u32, id: Value, name: Value, arguments: &str| {
        delta(&json!({ "tool_calls": [{ "index": index, "id": id, "type": "function",
            "function": { "name": name, "arguments": arguments } }] }))
    };
    let text = [
        piece(0, json!("a"), json!("add"), ""),
        piece(0, Value::Null, Value::Null, "{\"x\""),
        piece(1, json!("b"), json!("now"), ""),
        piece(0, Value::Null, Value::Null, ":1}"),
        finish("tool_calls"),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let call = |id: &str, name: &str, arguments: &str| {
        let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
        ModelEvent::ToolCall(ToolCall { id, name, arguments })
    };
    let expected =
        vec![call("a", "add", "{\"x\":1}"), call("b", "now", "{}"), ModelEvent::Stop(StopReason::ToolUse)];
    assert_eq!(of_stream(&text).await, Outcome::good(expected));
}

#[tokio::test]
async fn a_tool_call_that_the_limit_cut_in_two_is_no_call() {
    let piece = json!({ "tool_calls": [{ "index": 0, "id": "a", "function": { "name": "n", "arguments": "{\"x\":" } }] });
    let outcome = of_stream(&[delta(&piece), finish("length")].concat()).await;
    assert_eq!(outcome, Outcome::good(vec![ModelEvent::Stop(StopReason::MaxTokens)]));
}

#[tokio::test]
async fn more_tool_calls_than_the_limit_are_refused() {
    let call = |n: u32| {
        delta(&json!({ "tool_calls": [{ "index": n, "function": { "name": "n", "arguments": "{}" } }] }))
    };
    let text = |count: u32| [(0..count).map(call).collect::<String>(), finish("tool_calls")].concat();
    assert_eq!(of_stream(&text(128)).await.events.len(), 129);
    assert_eq!(of_stream(&text(129)).await.kind(), Some(Kind::Protocol));
}

#[tokio::test]
async fn every_finish_reason_has_a_meaning() {
    for (word, reason) in [
        ("stop", StopReason::EndTurn),
        ("length", StopReason::MaxTokens),
        ("content_filter", StopReason::Refusal),
        ("eos_token", StopReason::EndTurn),
    ] {
        assert_eq!(of_stream(&finish(word)).await, Outcome::good(vec![ModelEvent::Stop(reason)]), "{word}");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_streamed_makes_the_same_events() {
    let body = json!({ "choices": [{ "index": 0, "message": { "role": "assistant", "reasoning_content": "hm",
        "content": "Hello" }, "finish_reason": "stop" }], "usage": { "prompt_tokens": 7, "completion_tokens": 2 } });
    let upstream = Upstream::start(vec![json_answer(200, &body)]).await;
    let whole = ModelRequest { stream: false, ..request("hi") };
    let outcome = collect(&*backend(KIND, &upstream), whole).await;
    let expected = vec![
        ModelEvent::Usage(Usage { input_tokens: 7, output_tokens: 2, ..Usage::default() }),
        ModelEvent::Thinking("hm".to_owned()),
        ModelEvent::Text("Hello".to_owned()),
        ModelEvent::Stop(StopReason::EndTurn),
    ];
    assert_eq!(outcome, Outcome::good(expected.clone()));
    assert_eq!(upstream.received()[0].json()["stream"], false);
    // A server that cannot stream answers so, too.
    assert_eq!(collect(&*backend(KIND, &upstream), request("hi")).await, Outcome::good(expected));
}

#[tokio::test]
async fn the_request_is_what_the_protocol_says() {
    let upstream = Upstream::start(vec![events(&hello())]).await;
    let call = ToolCall { id: "c".to_owned(), name: "add".to_owned(), arguments: "{}".to_owned() };
    let text = |text: &str| Part::Text { text: text.to_owned() };
    let request = ModelRequest {
        system: "be kind".to_owned(),
        messages: vec![
            ChatMessage { role: Role::User, parts: vec![text("a"), text("b")] },
            ChatMessage {
                role: Role::User,
                parts: vec![text("look"), Part::Image { url: "data:,x".to_owned() }],
            },
            ChatMessage {
                role: Role::Assistant,
                parts: vec![Part::Thinking { text: "t".to_owned(), signature: None }, Part::ToolCall(call)],
            },
            ChatMessage {
                role: Role::Tool,
                parts: vec![Part::ToolResult { call_id: "c".to_owned(), content: "3".to_owned() }],
            },
        ],
        tools: vec![ToolSpec {
            name: "add".to_owned(),
            description: "adds".to_owned(),
            parameters: json!({ "type": "object" }),
        }],
        max_tokens: Some(9),
        extra: json!({ "temperature": 0.5, "stream": "ours", "x-own": [1] }).as_object().unwrap().clone(),
        ..request("hi")
    };
    collect(&*backend(KIND, &upstream), request).await;
    let received = &upstream.received()[0];
    assert_eq!(received.target, "POST /v1/chat/completions");
    assert!(received.head.contains("authorization: bearer k-test"));
    let function = json!({ "name": "add", "arguments": "{}" });
    let expected = json!({
        "model": "m-1", "stream": true, "stream_options": { "include_usage": true }, "max_tokens": 9,
        "temperature": 0.5, "x-own": [1],
        "messages": [
            { "role": "system", "content": "be kind" },
            { "role": "user", "content": "ab" },
            { "role": "user", "content": [
                { "type": "text", "text": "look" }, { "type": "image_url", "image_url": { "url": "data:,x" } } ] },
            { "role": "assistant", "content": null,
              "tool_calls": [{ "id": "c", "type": "function", "function": function }] },
            { "role": "tool", "content": "3", "tool_call_id": "c" },
        ],
        "tools": [{ "type": "function",
            "function": { "name": "add", "description": "adds", "parameters": { "type": "object" } } }],
    });
    assert_eq!(received.json(), expected);
}

#[tokio::test]
async fn models_are_listed_and_a_static_list_asks_nobody() {
    let list = json!({ "data": [{ "id": "a", "created": 5 }, { "id": "b", "name": "Bee", "created": 5.0 }] });
    let upstream = Upstream::start(vec![json_answer(200, &list)]).await;
    let models = backend(KIND, &upstream).models().await.unwrap();
    let found: Vec<_> =
        models.iter().map(|m| (m.id.as_str(), m.display_name.as_str(), m.created_s)).collect();
    assert_eq!(found, [("a", "a", 5), ("b", "Bee", 5)]);
    let fixed = BackendConfig { models: vec!["mine".to_owned()], ..BackendConfig::new(KIND) };
    let models = backend_with(fixed, &upstream).models().await.unwrap();
    assert_eq!((models[0].id.as_str(), upstream.received().len()), ("mine", 1));
}

#[tokio::test]
async fn a_call_without_any_model_names_the_setting() {
    let upstream = Upstream::start(vec![]).await;
    let config = BackendConfig { model: None, ..BackendConfig::new(KIND) };
    let outcome = collect(&*backend_with(config, &upstream), request("hi")).await;
    assert_eq!(outcome.kind(), Some(Kind::Configuration));
    assert!(outcome.error.unwrap().message.contains("backends.under_test.model"));
}

// Failures. A passing one is tried again until the tries are used up; the rest of this file is about what comes out.

#[tokio::test]
async fn an_end_without_a_reason_is_truncated_and_never_clean() {
    let text = delta(&json!({ "content": "Hel" }));
    for text in [text.clone(), [text, "data: [DONE]\n\n".to_owned()].concat()] {
        let outcome = of_stream(&text).await;
        assert_eq!(outcome.kind(), Some(Kind::Truncated));
        assert_eq!(outcome.events, [ModelEvent::Text("Hel".to_owned())]);
    }
}

#[tokio::test]
async fn a_cut_after_visible_text_is_an_error_and_is_not_tried_again() {
    let cut = vec![chunked_head(), chunk(&delta(&json!({ "content": "Hel" }))), Act::Reset];
    let (outcome, tries) = outcome(vec![cut, events(&hello())]).await;
    assert_eq!((outcome.kind(), tries), (Some(Kind::Network), 1));
}

#[tokio::test]
async fn a_cut_before_visible_text_is_tried_again_and_nothing_is_doubled() {
    let usage_only = data(&json!({ "choices": [], "usage": { "prompt_tokens": 1, "completion_tokens": 0 } }));
    let cut =
        vec![chunked_head(), chunk(&delta(&json!({ "role": "assistant" }))), chunk(&usage_only), Act::Reset];
    let (outcome, tries) = outcome(vec![cut, vec![Act::Close], events(&hello())]).await;
    assert_eq!(tries, 3);
    let texts: Vec<_> = outcome.events.iter().filter(|e| matches!(e, ModelEvent::Text(_))).collect();
    assert_eq!((outcome.error.is_none(), texts.len()), (true, 2));
}

#[tokio::test]
async fn tries_are_bounded() {
    let (outcome, tries) = outcome(vec![answer(503, "retry-after-ms: 1\r\n", "")]).await;
    assert_eq!((outcome.kind(), tries), (Some(Kind::Overloaded), 3));
}

#[tokio::test]
async fn a_lasting_failure_is_told_at_once_with_its_status_and_text() {
    for (status, kind) in [(400, Kind::InvalidRequest), (401, Kind::Authentication), (404, Kind::NotFound)] {
        let body = json!({ "error": { "message": "no: k-test-key", "code": null } });
        let (outcome, tries) = outcome(vec![json_answer(status, &body)]).await;
        let error = outcome.error.unwrap();
        assert_eq!((error.kind, error.status, tries), (kind, Some(status), 1));
        assert!(error.message.ends_with("no: [redacted]"), "{error}");
    }
}

#[tokio::test]
async fn a_long_delay_is_passed_on_instead_of_waited_for() {
    let (outcome, tries) = outcome(vec![answer(429, "retry-after: 31\r\n", "")]).await;
    let error = outcome.error.unwrap();
    assert_eq!((error.kind, error.retry_after, tries), (Kind::RateLimited, Some(Duration::from_secs(31)), 1));
}

#[tokio::test]
async fn the_provider_may_forbid_another_try() {
    let (_, tries) = outcome(vec![answer(503, "x-should-retry: false\r\n", "")]).await;
    assert_eq!(tries, 1);
}

#[tokio::test]
async fn an_error_inside_the_stream_ends_it() {
    let text =
        [delta(&json!({ "content": "Hel" })), data(&json!({ "error": { "code": 429, "message": "slow" } }))];
    let outcome = of_stream(&text.concat()).await;
    assert_eq!((outcome.kind(), outcome.events.len()), (Some(Kind::RateLimited), 1));
    let in_a_good_answer = json!({ "error": { "code": 402, "message": "no credit" } });
    let upstream = Upstream::start(vec![json_answer(200, &in_a_good_answer)]).await;
    let outcome = collect(&*backend(KIND, &upstream), request("hi")).await;
    assert_eq!(outcome.kind(), Some(Kind::Permission));
}

#[tokio::test]
async fn rubbish_is_a_protocol_error() {
    let html = "content-type: text/html\r\n";
    for script in [
        answer(200, html, "<html>hello</html>"),
        answer(200, "", "<html>hello</html>"),
        answer(200, "content-type: application/json\r\n", "[]"),
        events("data: {\"cut\": \n\n"),
        events("data: \"text\"\n\n"),
        vec![stream_head(), Act::Send(b"data: \xff\xfe\n\n".to_vec()), Act::Close],
        answer(302, "location: http://127.0.0.1:1/\r\n", ""),
    ] {
        assert_eq!(outcome(vec![script.clone()]).await.0.kind(), Some(Kind::Protocol), "{script:?}");
    }
}

#[tokio::test]
async fn an_endless_line_is_a_protocol_error() {
    let mut script = vec![stream_head(), Act::Send(b"data: ".to_vec())];
    script.extend(std::iter::repeat_n(Act::Send(vec![b'x'; 1 << 20]), 10));
    assert_eq!(outcome(vec![script]).await.0.kind(), Some(Kind::Protocol));
}

#[tokio::test]
async fn silence_is_a_timeout_before_and_within_the_answer() {
    let first = delta(&json!({ "content": "Hel" }));
    let half = [first.as_bytes(), b"data: {\"choi"].concat();
    for (script, events) in [
        (vec![Act::Stall], 0),
        (vec![stream_head(), Act::Stall], 0),
        (vec![stream_head(), Act::Send(half), Act::Stall], 1),
    ] {
        let upstream = Upstream::start(vec![script]).await;
        let limits = BackendConfig {
            first_token_timeout_ms: 40,
            idle_timeout_ms: 40,
            retries: 0,
            model: Some("m-1".to_owned()),
            ..BackendConfig::new(KIND)
        };
        let outcome = collect(&*backend_with(limits, &upstream), request("hi")).await;
        assert_eq!((outcome.kind(), outcome.events.len()), (Some(Kind::Timeout), events));
    }
}

#[tokio::test]
async fn a_stream_leaves_its_connection_for_the_next_call() {
    let text = hello();
    let whole = vec![chunked_head(), chunk(&text), Act::Send(b"0\r\n\r\n".to_vec())];
    let upstream = Upstream::start(vec![whole]).await;
    let backend = backend(KIND, &upstream);
    for _ in 0..3 {
        assert_eq!(collect(&*backend, request("hi")).await, Outcome::good(hello_events()));
    }
    assert_eq!((upstream.received().len(), upstream.connections()), (3, 1));
}
