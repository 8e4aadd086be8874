//! What a call may say, and which member is to blame when it may not.

use serde_json::json;

use super::*;
use crate::protocol::chat::{Part, ToolCall};

fn parse(body: &Value) -> Result<Call, ApiError> {
    super::parse(body.to_string().as_bytes()).map(|(call, _)| call)
}

/// A good call with these members in addition.
fn with(members: &Value) -> Value {
    let mut body = json!({ "model": "demo", "messages": [{ "role": "user", "content": "hi" }] });
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn blamed(members: &Value) -> Option<String> {
    let error = parse(&with(members)).err()?;
    assert_eq!(error.status, 400, "{error:?}");
    error.param
}

#[test]
fn the_least_call_is_stateless_and_whole() {
    let (call, include_usage) = super::parse(with(&json!({})).to_string().as_bytes()).unwrap();
    assert!(!call.is_durable() && !call.request.stream && !include_usage);
    assert_eq!(call.request.messages, [ChatMessage::text(Role::User, "hi")]);
    assert!(call.request.extra.is_empty());
}

#[test]
fn every_member_finds_its_place_and_unknown_ones_are_passed_on() {
    let body = with(&json!({
        "stream": true, "stream_options": { "include_usage": true, "x": 1 }, "max_completion_tokens": 9, "n": 1,
        "session_id": "s", "agent_id": "a", "temperature": 0.5, "seed": null, "brand_new": [1],
        "tools": [{ "type": "function", "function": { "name": "add", "parameters": { "type": "object" } } }],
    }));
    let (call, include_usage) = super::parse(body.to_string().as_bytes()).unwrap();
    assert!(call.is_durable() && call.request.stream && include_usage);
    assert_eq!((call.session_id.as_deref(), call.agent_id.as_deref()), (Some("s"), Some("a")));
    assert_eq!((call.request.max_tokens, call.request.tools[0].name.as_str()), (Some(9), "add"));
    assert_eq!(Value::Object(call.request.extra), json!({ "temperature": 0.5, "brand_new": [1] }));
    assert!(parse(&with(&json!({ "store": true }))).unwrap().is_durable());
    assert!(!parse(&with(&json!({ "store": false, "session_id": null }))).unwrap().is_durable());
}

#[test]
fn messages_of_every_role_are_understood() {
    let call = parse(&with(&json!({ "messages": [
        { "role": "developer", "content": "be kind" },
        { "role": "user", "content": [{ "type": "text", "text": "look" },
            { "type": "image_url", "image_url": { "url": "data:,x", "detail": "low" } }] },
        { "role": "assistant", "content": null, "refusal": null, "tool_calls": [
            { "id": "c", "type": "function", "function": { "name": "add", "arguments": "{}" } }] },
        { "role": "tool", "tool_call_id": "c", "content": [{ "type": "text", "text": "3" }] },
    ] })))
    .unwrap();
    let call_of = ToolCall { id: "c".to_owned(), name: "add".to_owned(), arguments: "{}".to_owned() };
    let text = |text: &str| Part::Text { text: text.to_owned() };
    let expected = [
        ChatMessage { role: Role::System, parts: vec![text("be kind")] },
        ChatMessage {
            role: Role::User,
            parts: vec![text("look"), Part::Image { url: "data:,x".to_owned() }],
        },
        ChatMessage { role: Role::Assistant, parts: vec![Part::ToolCall(call_of)] },
        ChatMessage {
            role: Role::Tool,
            parts: vec![Part::ToolResult { call_id: "c".to_owned(), content: "3".to_owned() }],
        },
    ];
    assert_eq!(call.request.messages, expected);
}

#[test]
fn a_wrong_member_is_named() {
    for (members, param) in [
        (json!({ "n": 2 }), "n"),
        (json!({ "n": 0 }), "n"),
        (json!({ "model": "" }), "model"),
        (json!({ "model": 7 }), "model"),
        (json!({ "model": null }), "model"),
        (json!({ "stream": "yes" }), "stream"),
        (json!({ "messages": [] }), "messages"),
        (json!({ "messages": "hi" }), "messages"),
        (json!({ "messages": [{ "role": "system", "content": "x" }] }), "messages"),
        (json!({ "messages": [{ "role": "robot", "content": "x" }] }), "messages.0"),
        (json!({ "messages": [{ "role": "user" }] }), "messages.0"),
        (json!({ "messages": [{ "role": "tool", "content": "x" }] }), "messages.0"),
        (json!({ "messages": [{ "role": "user", "content": [{ "type": "input_audio" }] }] }), "messages.0"),
        (json!({ "tools": [{ "type": "web_search" }] }), "tools"),
        (json!({ "max_tokens": 0 }), "max_tokens"),
        (json!({ "max_tokens": -1 }), "max_tokens"),
        (json!({ "session_id": "" }), "session_id"),
        (json!({ "temperature": 2.1 }), "temperature"),
        (json!({ "temperature": "hot" }), "temperature"),
        (json!({ "top_p": -0.1 }), "top_p"),
        (json!({ "stop": [1] }), "stop"),
        (json!({ "tool_choice": 1 }), "tool_choice"),
        (json!({ "response_format": "json" }), "response_format"),
        (json!({ "seed": 0.5 }), "seed"),
    ] {
        assert_eq!(blamed(&members).as_deref(), Some(param), "{members}");
    }
    for good in [json!({ "temperature": 2 }), json!({ "stop": ["a"] }), json!({ "tool_choice": "auto" })] {
        assert_eq!(blamed(&good), None, "{good}");
    }
}

#[test]
fn names_have_200_bytes_at_the_most() {
    assert_eq!(blamed(&json!({ "session_id": "s".repeat(200) })), None);
    assert_eq!(blamed(&json!({ "session_id": "s".repeat(201) })).as_deref(), Some("session_id"));
}

#[test]
fn what_is_not_a_json_object_says_so() {
    for body in ["", "{", "[]", "\"x\"", "\u{0}"] {
        let error = super::parse(body.as_bytes()).unwrap_err();
        assert!(error.status == 400 && !error.message.is_empty(), "{error:?}");
    }
    assert_eq!(parse(&json!({ "model": "x" })).unwrap_err().param.as_deref(), Some("messages"));
}
