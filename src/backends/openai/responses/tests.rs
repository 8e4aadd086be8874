//! Responses against a scripted provider.

use serde_json::{Value, json};

use crate::backends::testing::{self, Outcome, backend_with, collect, request};
use crate::config::backends::{BackendConfig, BackendKind, KeyRef, Wire};
use crate::egress::upstream::{
    Act, Upstream, answer, chunk, chunked_head, events, json as json_answer, stream_head,
};
use crate::protocol::chat::{ChatMessage, Part, Role, StopReason, ToolCall, ToolSpec, Usage};
use crate::protocol::model::{ModelErrorKind as Kind, ModelEvent, ModelRequest};

fn config() -> BackendConfig {
    let model = Some("gpt-5".to_owned());
    let api_key = Some(KeyRef::Env("KEY".to_owned()));
    BackendConfig { model, api_key, wire: Wire::Responses, ..BackendConfig::new(BackendKind::Openai) }
}

fn event(value: &Value) -> String {
    format!("event: {}\ndata: {value}\n\n", value["type"].as_str().unwrap())
}

fn delta(of: &str, text: &str) -> String {
    event(&json!({ "type": format!("response.{of}.delta"), "delta": text, "sequence_number": 1 }))
}

fn item(item: &Value) -> String {
    event(&json!({ "type": "response.output_item.done", "output_index": 0, "item": item }))
}

fn end(kind: &str, response: &Value) -> String {
    event(&json!({ "type": format!("response.{kind}"), "response": response }))
}

fn completed() -> String {
    let usage = json!({ "input_tokens": 7, "input_tokens_details": { "cached_tokens": 3 }, "output_tokens": 5,
        "output_tokens_details": { "reasoning_tokens": 2 }, "total_tokens": 12 });
    end(
        "completed",
        &json!({ "status": "completed", "error": null, "incomplete_details": null, "usage": usage }),
    )
}

fn counted() -> ModelEvent {
    let usage = Usage { input_tokens: 7, output_tokens: 5, cached_tokens: 3, reasoning_tokens: 2 };
    ModelEvent::Usage(usage)
}

fn sealed() -> Value {
    json!({ "type": "reasoning", "id": "rs_1", "summary": [{ "type": "summary_text", "text": "hm" }],
        "encrypted_content": "seal", "status": "completed" })
}

fn seal_event() -> ModelEvent {
    let mut kept = sealed();
    kept.as_object_mut().unwrap().remove("status");
    ModelEvent::ThinkingSignature(format!("responses:{}", json!([kept])))
}

fn everything() -> String {
    [
        event(&json!({ "type": "response.created", "response": { "status": "in_progress" } })),
        event(&json!({ "type": "response.reasoning_summary_part.added", "summary_index": 0 })),
        delta("reasoning_summary_text", "hm"),
        event(&json!({ "type": "response.reasoning_summary_part.added", "summary_index": 1 })),
        item(&sealed()),
        delta("output_text", "Hel"),
        delta("output_text", "lo 🦀"),
        event(&json!({ "type": "response.output_text.done", "text": "Hello 🦀" })),
        delta("function_call_arguments", "{\"x\""),
        item(&json!({ "type": "function_call", "id": "fc", "call_id": "c1", "name": "add", "arguments": "{\"x\":1}" })),
        event(&json!({ "type": "response.something_new", "delta": "?" })),
        completed(),
    ]
    .concat()
}

fn everything_events() -> Vec<ModelEvent> {
    let call = ToolCall { id: "c1".to_owned(), name: "add".to_owned(), arguments: "{\"x\":1}".to_owned() };
    vec![
        ModelEvent::Thinking("hm".to_owned()),
        ModelEvent::Thinking("\n\n".to_owned()),
        ModelEvent::Text("Hel".to_owned()),
        ModelEvent::Text("lo 🦀".to_owned()),
        ModelEvent::ToolCall(call),
        counted(),
        seal_event(),
        ModelEvent::Stop(StopReason::ToolUse),
    ]
}

async fn of_script(script: Vec<Vec<Act>>) -> (Outcome, usize) {
    testing::of_script(config(), script).await
}

async fn of_stream(text: &str) -> Outcome {
    of_script(vec![events(text), answer(418, "", "tried again")]).await.0
}

async fn sent(request: ModelRequest) -> Value {
    testing::sent(config(), request, events(&everything())).await
}

#[tokio::test]
async fn a_stream_becomes_events_however_it_is_cut() {
    assert_eq!(of_stream(&everything()).await, Outcome::good(everything_events()));
    let bytes = vec![stream_head(), Act::Dribble(everything().into_bytes()), Act::Close];
    assert_eq!(of_script(vec![bytes]).await.0, Outcome::good(everything_events()));
}

#[tokio::test]
async fn an_answer_that_is_not_streamed_says_the_same() {
    let message = json!({ "type": "message", "content": [{ "type": "output_text", "text": "Hi" }] });
    let call = json!({ "type": "function_call", "call_id": "c1", "name": "now", "arguments": "" });
    let whole = json!({ "status": "completed", "output": [sealed(), message, call] });
    let upstream = Upstream::start(vec![json_answer(200, &whole)]).await;
    let outcome =
        collect(&*backend_with(config(), &upstream), ModelRequest { stream: false, ..request("hi") }).await;
    let call = ToolCall { id: "c1".to_owned(), name: "now".to_owned(), arguments: "{}".to_owned() };
    let expected = vec![
        ModelEvent::Thinking("hm".to_owned()),
        ModelEvent::Text("Hi".to_owned()),
        ModelEvent::ToolCall(call),
        seal_event(),
        ModelEvent::Stop(StopReason::ToolUse),
    ];
    assert_eq!(outcome, Outcome::good(expected));
}

#[tokio::test]
async fn every_end_has_a_meaning() {
    let incomplete = |reason: &str| {
        end("incomplete", &json!({ "status": "incomplete", "incomplete_details": { "reason": reason } }))
    };
    for (text, reason) in [
        (incomplete("max_output_tokens"), StopReason::MaxTokens),
        (incomplete("content_filter"), StopReason::Refusal),
        (end("completed", &json!({ "status": "completed" })), StopReason::EndTurn),
        ([delta("refusal", "no"), end("completed", &json!({}))].concat(), StopReason::Refusal),
    ] {
        assert_eq!(of_stream(&text).await.events.last(), Some(&ModelEvent::Stop(reason)), "{text}");
    }
    let said = delta("output_text", "Hel");
    let failed = |error: Value| end("failed", &json!({ "status": "failed", "error": error }));
    let limit = json!({ "code": "rate_limit_exceeded", "message": "slow: k-test-key" });
    for (tail, kind) in [
        (failed(limit), Kind::RateLimited),
        (failed(json!({ "code": "server_error", "message": "oops" })), Kind::Upstream),
        (failed(Value::Null), Kind::Upstream),
        (event(&json!({ "type": "error", "code": "server_error", "message": "oops" })), Kind::Upstream),
        (incomplete("something new"), Kind::Truncated),
        (String::new(), Kind::Truncated),
    ] {
        let outcome = of_stream(&[said.clone(), tail.clone()].concat()).await;
        assert_eq!(outcome.kind(), Some(kind), "{tail}");
        assert!(!outcome.error.unwrap().message.contains("k-test"), "{tail}");
    }
}

#[tokio::test]
async fn a_cut_after_visible_text_is_not_tried_again_and_one_before_is() {
    let cut = vec![chunked_head(), chunk(&delta("output_text", "Hel")), Act::Reset];
    let (outcome, tries) = of_script(vec![cut, events(&everything())]).await;
    assert_eq!((outcome.kind(), tries), (Some(Kind::Network), 1));
    let early = vec![chunked_head(), Act::Reset];
    let (outcome, tries) = of_script(vec![early, events(&everything())]).await;
    assert_eq!((outcome, tries), (Outcome::good(everything_events()), 2));
}

#[tokio::test]
async fn rubbish_is_a_protocol_error() {
    for text in ["data: 7\n\n", "data: {}\n\n", "data: {\"type\": 3}\n\n", "hello\n"] {
        assert_eq!(of_stream(text).await.kind(), Some(Kind::Protocol), "{text}");
    }
    let whole = json_answer(200, &json!({ "choices": [] }));
    assert_eq!(of_script(vec![whole]).await.0.kind(), Some(Kind::Protocol));
}

#[tokio::test]
async fn sealed_reasoning_goes_back_and_nothing_is_stored() {
    let ModelEvent::ThinkingSignature(seal) = seal_event() else { panic!("a seal") };
    let thinking = |seal: &str| Part::Thinking { text: "hm".to_owned(), signature: Some(seal.to_owned()) };
    let call = ToolCall { id: "c1".to_owned(), name: "add".to_owned(), arguments: "{\"x\":1}".to_owned() };
    let text = Part::Text { text: "so".to_owned() };
    let messages = vec![
        ChatMessage::text(Role::System, "short"),
        ChatMessage {
            role: Role::User,
            parts: vec![text.clone(), Part::Image { url: "data:image/png;base64,AA==".to_owned() }],
        },
        ChatMessage {
            role: Role::Assistant,
            parts: vec![thinking(&seal), text.clone(), Part::ToolCall(call)],
        },
        ChatMessage {
            role: Role::Tool,
            parts: vec![Part::ToolResult { call_id: "c1".to_owned(), content: "2".to_owned() }],
        },
        ChatMessage { role: Role::Assistant, parts: vec![thinking("gemini:other"), text] },
    ];
    let tool = ToolSpec {
        name: "add".to_owned(),
        description: String::new(),
        parameters: json!({ "type": "object" }),
    };
    let extra = json!({ "reasoning_effort": "low", "temperature": 1, "seed": 4, "store": true,
        "response_format": { "type": "json_schema", "json_schema": { "name": "n", "strict": true, "schema": {} } },
        "tool_choice": { "type": "function", "function": { "name": "add" } } });
    let body = sent(ModelRequest {
        system: "be kind".to_owned(),
        messages,
        tools: vec![tool],
        max_tokens: Some(9),
        extra: extra.as_object().unwrap().clone(),
        ..request("")
    })
    .await;
    let mut reasoning = sealed();
    reasoning.as_object_mut().unwrap().remove("status");
    let message = |role: &str, content: Value| json!({ "type": "message", "role": role, "content": content });
    let said = json!([{ "type": "output_text", "text": "so" }]);
    let expected = json!({
        "model": "gpt-5", "stream": true, "store": false, "instructions": "be kind", "max_output_tokens": 9,
        "temperature": 1, "include": ["reasoning.encrypted_content"],
        "reasoning": { "summary": "auto", "effort": "low" },
        "text": { "format": { "type": "json_schema", "name": "n", "strict": true, "schema": {} } },
        "tool_choice": { "type": "function", "name": "add" },
        "tools": [{ "type": "function", "name": "add", "description": "", "parameters": { "type": "object" }, "strict": false }],
        "input": [
            message("developer", json!([{ "type": "input_text", "text": "short" }])),
            message("user", json!([{ "type": "input_text", "text": "so" },
                { "type": "input_image", "image_url": "data:image/png;base64,AA==" }])),
            reasoning, message("assistant", said.clone()),
            { "type": "function_call", "call_id": "c1", "name": "add", "arguments": "{\"x\":1}" },
            { "type": "function_call_output", "call_id": "c1", "output": "2" },
            message("assistant", said),
        ],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn models_without_reasoning_hear_no_word_about_it() {
    for (model, reasons) in [
        ("gpt-5-mini", true),
        ("o4-mini", true),
        ("codex-mini-latest", true),
        ("gpt-5-chat-latest", false),
        ("gpt-4.1", false),
        ("omni", false),
        ("llama", false),
    ] {
        let body = sent(ModelRequest { model: model.to_owned(), ..request("hi") }).await;
        assert_eq!(body.get("include").is_some(), reasons, "{model}");
        assert_eq!(body.get("reasoning").is_some(), reasons, "{model}");
    }
}
