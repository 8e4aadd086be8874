//! What a call may say, where it ends up, and which member is to blame when it may not.

use super::*;
use crate::http::v1::responses::tool::Kind;
use crate::protocol::chat::{Part, ToolCall, ToolSpec};

fn parse(body: &Value) -> Result<ResponsesCall, ApiError> {
    ResponsesCall::parse(body.to_string().as_bytes())
}

/// A good call with these members in addition.
fn with(members: &Value) -> Value {
    let mut body = json!({ "model": "demo", "input": "hi" });
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

fn messages(input: &Value) -> Vec<ChatMessage> {
    parse(&with(&json!({ "input": input }))).unwrap().call.request.messages
}

fn text(text: &str) -> Part {
    Part::Text { text: text.to_owned() }
}

fn called(id: &str, name: &str, arguments: &str) -> Part {
    Part::ToolCall(ToolCall { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() })
}

#[test]
fn the_least_call_is_stateless_and_whole() {
    let ResponsesCall { call, echo, .. } = parse(&with(&json!({ "brand_new": 1 }))).unwrap();
    assert!(!call.is_durable() && !call.request.stream && call.request.extra.is_empty());
    assert_eq!(call.request.messages, [ChatMessage::text(Role::User, "hi")]);
    assert_eq!((&echo["tool_choice"], &echo["store"]), (&json!("auto"), &json!(false)));
    assert!(parse(&with(&json!({ "store": true }))).unwrap().call.is_durable());
    assert!(parse(&with(&json!({ "session_id": "s", "store": false }))).unwrap().call.is_durable());
}

#[test]
fn items_become_messages_and_those_of_the_assistant_one() {
    let found = messages(&json!([
        { "role": "developer", "content": "be kind" },
        { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "look" },
            { "type": "input_image", "image_url": "data:,x", "detail": "auto" }] },
        { "type": "reasoning", "id": "rs_1", "summary": [{ "type": "summary_text", "text": "hm" }],
            "encrypted_content": "sealed" },
        { "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "I add" }] },
        { "type": "function_call", "call_id": "c", "name": "add", "arguments": "{}", "status": "completed" },
        { "type": "custom_tool_call", "call_id": "d", "name": "exec", "input": "ls" },
        { "type": "web_search_call", "id": "ws_1", "status": "completed" },
        { "type": "function_call", "call_id": "e", "namespace": "mcp", "name": "find", "arguments": "{}" },
        { "type": "function_call_output", "call_id": "c", "output": "3" },
        { "type": "custom_tool_call_output", "call_id": "d", "output": [{ "type": "input_text", "text": "a.txt" },
            { "type": "input_image", "image_url": "data:,y" }] },
    ]));
    let image = |url: &str| Part::Image { url: url.to_owned() };
    let result =
        |id: &str, content: &str| Part::ToolResult { call_id: id.to_owned(), content: content.to_owned() };
    let thinking = Part::Thinking { text: "hm".to_owned(), signature: Some("sealed".to_owned()) };
    let expected = [
        ChatMessage::text(Role::System, "be kind"),
        ChatMessage { role: Role::User, parts: vec![text("look"), image("data:,x")] },
        ChatMessage {
            role: Role::Assistant,
            parts: vec![
                thinking,
                text("I add"),
                called("c", "add", "{}"),
                called("d", "exec", "{\"input\":\"ls\"}"),
                called("e", "mcp__find", "{}"),
            ],
        },
        ChatMessage { role: Role::Tool, parts: vec![result("c", "3")] },
        ChatMessage { role: Role::User, parts: vec![result("d", "a.txt"), image("data:,y")] },
    ];
    assert_eq!(found, expected);
}

#[test]
fn instructions_come_first() {
    let call = parse(&with(&json!({ "instructions": "be kind" }))).unwrap().call;
    assert_eq!(call.request.messages[0], ChatMessage::text(Role::System, "be kind"));
}

#[test]
fn tools_are_offered_as_functions_and_known_for_what_they_are() {
    let ResponsesCall { call, tools, .. } = parse(&with(&json!({
        "tools": [
            { "type": "function", "name": "add", "description": "Adds.", "parameters": { "type": "object" }, "strict": false },
            { "type": "custom", "name": "exec", "description": "Runs.",
                "format": { "type": "grammar", "syntax": "lark", "definition": "start: /.+/" } },
            { "type": "namespace", "name": "mcp", "tools": [{ "type": "function", "name": "find" }] },
            { "type": "web_search" },
            { "type": "local_shell" },
        ],
        "input": [
            { "type": "additional_tools", "tools": [{ "type": "function", "name": "late" }] },
            { "role": "user", "content": "hi" },
        ],
    })))
    .unwrap();
    let names: Vec<_> = call.request.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["add", "exec", "mcp__find", "late"]);
    let add = ToolSpec {
        name: "add".to_owned(),
        description: "Adds.".to_owned(),
        parameters: json!({ "type": "object" }),
    };
    assert_eq!(call.request.tools[0], add);
    let exec = &call.request.tools[1];
    assert!(exec.description.contains("Runs.") && exec.description.contains("start: /.+/"), "{exec:?}");
    assert_eq!(exec.parameters["required"], json!(["input"]));
    assert_eq!(tools.kind("exec"), &Kind::Custom);
    assert_eq!(tools.kind("mcp__find"), &Kind::Member("mcp".to_owned(), "find".to_owned()));
    assert_eq!((tools.kind("add"), tools.kind("nobody")), (&Kind::Function, &Kind::Function));
}

#[test]
fn parameters_get_the_names_of_chat_completions() {
    let tools = json!([{ "type": "function", "name": "add" }]);
    for (members, expected) in [
        (json!({ "temperature": 0.5, "top_p": 0.9 }), json!({ "temperature": 0.5, "top_p": 0.9 })),
        (
            json!({ "reasoning": { "effort": "low", "summary": "auto" } }),
            json!({ "reasoning_effort": "low" }),
        ),
        (json!({ "reasoning": { "effort": null } }), json!({})),
        (json!({ "text": { "format": { "type": "text" }, "verbosity": "low" } }), json!({})),
        (
            json!({ "text": { "format": { "type": "json_schema", "name": "n", "schema": { "a": 1 } } } }),
            json!({ "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": { "a": 1 } } } }),
        ),
        (json!({ "tool_choice": "auto", "parallel_tool_calls": true }), json!({})),
        (
            json!({ "tools": tools, "tool_choice": "required", "parallel_tool_calls": true }),
            json!({ "tool_choice": "required", "parallel_tool_calls": true }),
        ),
        (
            json!({ "tools": tools, "tool_choice": { "type": "function", "name": "add" } }),
            json!({ "tool_choice": { "type": "function", "function": { "name": "add" } } }),
        ),
    ] {
        let call = parse(&with(&members)).unwrap().call;
        assert_eq!(Value::Object(call.request.extra), expected, "{members}");
    }
    let call = parse(&with(&json!({ "max_output_tokens": 5 }))).unwrap().call;
    assert_eq!(call.request.max_tokens, Some(5));
}

#[test]
fn a_wrong_member_is_named() {
    for (members, param) in [
        (json!({ "model": null }), "model"),
        (json!({ "input": 1 }), "input"),
        (json!({ "input": [] }), "input"),
        (json!({ "input": [{ "type": "item_reference", "id": "msg_1" }] }), "input.0"),
        (json!({ "input": [{ "type": "brand_new" }] }), "input.0"),
        (json!({ "input": [{ "role": "robot", "content": "x" }] }), "input.0"),
        (json!({ "input": [{ "role": "user", "content": [{ "type": "input_file" }] }] }), "input.0"),
        (
            json!({ "input": [{ "role": "user", "content": [{ "type": "input_image", "file_id": "f" }] }] }),
            "input.0",
        ),
        (json!({ "previous_response_id": "resp_1" }), "previous_response_id"),
        (json!({ "conversation": "conv_1" }), "conversation"),
        (json!({ "background": true }), "background"),
        (json!({ "max_output_tokens": 0 }), "max_output_tokens"),
        (json!({ "temperature": 2.1 }), "temperature"),
        (json!({ "tools": [{ "type": "function" }] }), "tools"),
        (
            json!({ "tools": [{ "type": "function", "name": "a" }], "tool_choice": { "type": "web_search" } }),
            "tool_choice",
        ),
        (json!({ "session_id": "" }), "session_id"),
    ] {
        assert_eq!(blamed(&members).as_deref(), Some(param), "{members}");
    }
    for good in [
        json!({ "previous_response_id": null, "conversation": null, "background": false }),
        json!({ "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k", "client_metadata": {} }),
    ] {
        assert_eq!(blamed(&good), None, "{good}");
    }
}
