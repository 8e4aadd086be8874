//! What a call may say, where it ends up, and which member is to blame when it may not.

use serde_json::json;

use super::*;
use crate::protocol::chat::{Part, ToolCall};

fn parse(body: &Value) -> Result<MessagesCall, ApiError> {
    MessagesCall::parse(body.to_string().as_bytes())
}

/// A good call with these members in addition.
fn with(members: &Value) -> Value {
    let mut body =
        json!({ "model": "demo", "max_tokens": 9, "messages": [{ "role": "user", "content": "hi" }] });
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

/// The parameters of a call, as a backend gets them.
fn extra(members: &Value, speaks_messages: bool) -> Value {
    let MessagesCall { mut call, own } = parse(&with(members)).unwrap();
    own.add_to(&mut call.request, speaks_messages);
    Value::Object(call.request.extra)
}

fn text(text: &str) -> Part {
    Part::Text { text: text.to_owned() }
}

#[test]
fn the_least_call_is_stateless_and_whole() {
    let call = parse(&with(&json!({ "brand_new": 1, "betas": ["x"] }))).unwrap().call;
    assert!(!call.is_durable() && !call.request.stream);
    assert_eq!((call.model.as_deref(), call.request.max_tokens), (Some("demo"), Some(9)));
    assert_eq!(call.request.messages, [ChatMessage::text(Role::User, "hi")]);
    assert!(call.request.extra.is_empty());
    assert!(parse(&with(&json!({ "session_id": "s" }))).unwrap().call.is_durable());
}

#[test]
fn every_kind_of_block_is_understood() {
    let call = parse(&with(&json!({
        "system": [{ "type": "text", "text": "be kind", "cache_control": { "type": "ephemeral" } },
            { "type": "text", "text": "and brief" }],
        "messages": [
            { "role": "system", "content": "a reminder" },
            { "role": "user", "content": [
                { "type": "text", "text": "look" },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AA" } },
                { "type": "image", "source": { "type": "url", "url": "https://x.test/a.png" } },
                { "type": "document", "title": "T", "source": { "type": "text", "media_type": "text/plain", "data": "d" } },
            ] },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "hm", "signature": "s" },
                { "type": "thinking", "thinking": "own", "signature": "" },
                { "type": "redacted_thinking", "data": "x" },
                { "type": "text", "text": "I add" },
                { "type": "tool_use", "id": "c", "name": "add", "input": { "x": 1 } },
                { "type": "tool_use", "id": "d", "name": "now", "input": {} },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "c", "content": [{ "type": "text", "text": "3" },
                    { "type": "image", "source": { "type": "url", "url": "https://x.test/b.png" } }] },
                { "type": "tool_result", "tool_use_id": "d", "content": "late", "is_error": true },
                { "type": "text", "text": "go on" },
            ] },
        ],
    })))
    .unwrap()
    .call;
    let image = |url: &str| Part::Image { url: url.to_owned() };
    let thinking = |text: &str, seal: Option<&str>| Part::Thinking {
        text: text.to_owned(),
        signature: seal.map(str::to_owned),
    };
    let used = |id: &str, name: &str, arguments: &str| {
        Part::ToolCall(ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() })
    };
    let result = |id: &str, content: &str| {
        let part = Part::ToolResult { call_id: id.to_owned(), content: content.to_owned() };
        ChatMessage { role: Role::Tool, parts: vec![part] }
    };
    let expected = [
        ChatMessage::text(Role::System, "be kind\n\nand brief"),
        ChatMessage::text(Role::System, "a reminder"),
        ChatMessage {
            role: Role::User,
            parts: vec![
                text("look"),
                image("data:image/png;base64,AA"),
                image("https://x.test/a.png"),
                text("T\n\nd"),
            ],
        },
        ChatMessage {
            role: Role::Assistant,
            parts: vec![
                thinking("hm", Some("s")),
                thinking("own", None),
                thinking("", Some("redacted_thinking:x")),
                text("I add"),
                used("c", "add", "{\"x\":1}"),
                used("d", "now", "{}"),
            ],
        },
        result("c", "3"),
        result("d", "Error: late"),
        ChatMessage { role: Role::User, parts: vec![image("https://x.test/b.png"), text("go on")] },
    ];
    assert_eq!(call.request.messages, expected);
}

#[test]
fn parameters_get_the_names_that_every_backend_knows() {
    let tool = json!({ "type": "custom", "name": "add", "description": "Adds.", "input_schema": { "type": "object" } });
    let call = parse(&with(&json!({ "tools": [tool] }))).unwrap().call;
    let expected = crate::protocol::chat::ToolSpec {
        name: "add".to_owned(),
        description: "Adds.".to_owned(),
        parameters: json!({ "type": "object" }),
    };
    assert_eq!(call.request.tools, [expected]);
    for (members, expected) in [
        (json!({ "temperature": 0.5, "top_p": 1 }), json!({ "temperature": 0.5, "top_p": 1.0 })),
        (json!({ "stop_sequences": ["a"] }), json!({ "stop": ["a"] })),
        (json!({ "stop_sequences": [] }), json!({})),
        (json!({ "tool_choice": { "type": "auto" } }), json!({ "tool_choice": "auto" })),
        (json!({ "tool_choice": { "type": "any" } }), json!({ "tool_choice": "required" })),
        (
            json!({ "tool_choice": { "type": "tool", "name": "add", "disable_parallel_tool_use": true } }),
            json!({ "tool_choice": { "type": "function", "function": { "name": "add" } }, "parallel_tool_calls": false }),
        ),
    ] {
        assert_eq!(extra(&members, true), expected, "{members}");
        assert_eq!(extra(&members, false), expected, "{members}");
    }
}

#[test]
fn what_only_anthropic_knows_stays_with_backends_that_speak_its_words() {
    let own = json!({ "thinking": { "type": "enabled", "budget_tokens": 2_048 }, "top_k": 4,
        "metadata": { "user_id": "u" }, "output_config": { "format": { "type": "json_schema", "schema": { "a": 1 } } } });
    assert_eq!(extra(&own, true), own);
    let format = json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": { "a": 1 } } });
    assert_eq!(extra(&own, false), json!({ "reasoning_effort": "low", "response_format": format }));
    for (members, effort) in [
        (json!({ "thinking": { "type": "enabled", "budget_tokens": 4_096 } }), json!("medium")),
        (json!({ "thinking": { "type": "enabled", "budget_tokens": 16_383 } }), json!("medium")),
        (json!({ "thinking": { "type": "enabled", "budget_tokens": 16_384 } }), json!("high")),
        (json!({ "thinking": { "type": "disabled" } }), Value::Null),
        (json!({ "thinking": { "type": "adaptive" } }), Value::Null),
        (json!({ "thinking": { "type": "adaptive" }, "output_config": { "effort": "max" } }), json!("high")),
        (json!({ "output_config": { "effort": "medium" } }), json!("medium")),
    ] {
        assert_eq!(extra(&members, false)["reasoning_effort"], effort, "{members}");
    }
}

#[test]
fn a_wrong_member_is_named() {
    let said = |content: Value| json!({ "messages": [{ "role": "user", "content": content }] });
    for (members, param) in [
        (json!({ "model": null }), "model"),
        (json!({ "model": "" }), "model"),
        (json!({ "model": 7 }), "model"),
        (json!({ "max_tokens": 0 }), "max_tokens"),
        (json!({ "max_tokens": -1 }), "max_tokens"),
        (json!({ "messages": [] }), "messages"),
        (json!({ "messages": "hi" }), "messages"),
        (json!({ "messages": [{ "role": "robot", "content": "x" }] }), "messages.0"),
        (json!({ "messages": [{ "role": "system", "content": "x" }] }), "messages"),
        (said(json!([])), "messages.0"),
        (said(json!([{ "type": "server_tool_use" }])), "messages.0.content.0"),
        (said(json!([{ "type": "text" }])), "messages.0.content.0"),
        (said(json!([{ "type": "thinking", "thinking": "x" }])), "messages.0.content.0"),
        (said(json!([{ "type": "tool_use", "id": "c", "name": "n", "input": {} }])), "messages.0.content.0"),
        (
            said(json!([{ "type": "document", "source": { "type": "url", "url": "https://x.test" } }])),
            "messages.0.content.0",
        ),
        (json!({ "system": [{ "type": "image", "source": { "type": "url", "url": "x" } }] }), "system"),
        (json!({ "tools": [{ "type": "web_search_20250305", "name": "web_search" }] }), "tools.0"),
        (json!({ "tools": [{ "name": "" }] }), "tools.0"),
        (json!({ "tool_choice": { "type": "tool" } }), "tool_choice"),
        (json!({ "temperature": 1.1 }), "temperature"),
        (json!({ "temperature": "hot" }), "temperature"),
        (json!({ "top_p": -0.1 }), "top_p"),
        (json!({ "session_id": "" }), "session_id"),
    ] {
        assert_eq!(blamed(&members).as_deref(), Some(param), "{members}");
    }
}
