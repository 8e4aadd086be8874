//! Our request as a request of `/api/chat`.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::protocol::chat::{ChatMessage, Part, Role, ToolSpec};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelRequest};

/// Parameters with the same name on both sides, which there are options.
const OPTIONS: [&str; 7] =
    ["temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty", "num_ctx"];

/// The body of a call.
pub(super) fn body(request: &ModelRequest) -> Result<Bytes, ModelError> {
    let extra = &request.extra;
    let mut body = Map::new();
    body.insert("model".to_owned(), request.model.as_str().into());
    body.insert("stream".to_owned(), request.stream.into());
    let system = (!request.system.is_empty()).then(|| json!({ "role": "system", "content": request.system }));
    let said = request
        .messages
        .iter()
        .enumerate()
        .flat_map(|(at, message)| messages(message, request.messages.get(..at).unwrap_or_default()));
    body.insert("messages".to_owned(), system.into_iter().chain(said).collect());
    // There is no word for "none" and for "this one".
    if !request.tools.is_empty() && extra.get("tool_choice").and_then(Value::as_str) != Some("none") {
        body.insert("tools".to_owned(), request.tools.iter().map(tool).collect());
    }
    let options = options(request);
    if !options.is_empty() {
        body.insert("options".to_owned(), Value::Object(options));
    }
    // A model without reasoning refuses the word, so it is said only when somebody asked.
    match extra.get("reasoning_effort").and_then(Value::as_str) {
        Some("none") => drop(body.insert("think".to_owned(), false.into())),
        Some(effort) if request.model.starts_with("gpt-oss") => {
            body.insert("think".to_owned(), effort.into());
        }
        Some(_) => drop(body.insert("think".to_owned(), true.into())),
        None => {}
    }
    if let Some(format) = extra.get("response_format") {
        match format.pointer("/json_schema/schema") {
            Some(schema) => drop(body.insert("format".to_owned(), schema.clone())),
            None if format.get("type").and_then(Value::as_str) == Some("json_object") => {
                body.insert("format".to_owned(), "json".into());
            }
            None => {}
        }
    }
    for name in ["think", "keep_alive", "format"] {
        if let Some(value) = extra.get(name) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    let body = serde_json::to_vec(&body);
    body.map(Bytes::from).map_err(|error| ModelError::new(ModelErrorKind::InvalidRequest, error.to_string()))
}

fn options(request: &ModelRequest) -> Map<String, Value> {
    let extra = &request.extra;
    let mut options = extra.get("options").and_then(Value::as_object).cloned().unwrap_or_default();
    for name in OPTIONS {
        if let Some(value) = extra.get(name) {
            options.insert(name.to_owned(), value.clone());
        }
    }
    let asked = extra.get("max_completion_tokens").or_else(|| extra.get("max_tokens")).cloned();
    if let Some(limit) = asked.or_else(|| request.max_tokens.map(Value::from)) {
        options.insert("num_predict".to_owned(), limit);
    }
    match extra.get("stop") {
        Some(Value::String(one)) => drop(options.insert("stop".to_owned(), json!([one]))),
        Some(stops @ Value::Array(_)) => drop(options.insert("stop".to_owned(), stops.clone())),
        _ => {}
    }
    options
}

/// One message of ours: a message for each tool result in it, and one for everything else.
fn messages(message: &ChatMessage, before: &[ChatMessage]) -> Vec<Value> {
    let mut sent: Vec<Value> = message.parts.iter().filter_map(|part| result(part, before)).collect();
    let (mut text, mut thinking) = (String::new(), String::new());
    let (mut images, mut calls) = (Vec::new(), Vec::new());
    for part in &message.parts {
        match part {
            Part::Text { text: more } => text.push_str(more),
            Part::Thinking { text: more, .. } => thinking.push_str(more),
            // Pictures are sent as their bytes; one that is elsewhere is named, and not fetched from here.
            Part::Image { url } => {
                match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
                    Some((_, data)) => images.push(Value::from(data)),
                    None => text.push_str(url),
                }
            }
            Part::ToolCall(call) => {
                let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
                calls.push(json!({ "function": { "name": call.name, "arguments": arguments } }));
            }
            Part::ToolResult { .. } => {}
        }
    }
    if text.is_empty() && images.is_empty() && calls.is_empty() {
        return sent;
    }
    let mut said = Map::new();
    said.insert("role".to_owned(), message.role.as_str().into());
    said.insert("content".to_owned(), text.into());
    // Reasoning belongs to the round whose calls it led to; earlier one is not wanted back.
    if message.role == Role::Assistant && !thinking.is_empty() && !calls.is_empty() {
        said.insert("thinking".to_owned(), thinking.into());
    }
    if !images.is_empty() {
        said.insert("images".to_owned(), images.into());
    }
    if !calls.is_empty() {
        said.insert("tool_calls".to_owned(), calls.into());
    }
    sent.push(Value::Object(said));
    sent
}

fn result(part: &Part, before: &[ChatMessage]) -> Option<Value> {
    let Part::ToolResult { call_id, content } = part else { return None };
    let calls = before.iter().rev().flat_map(|message| &message.parts);
    let mut names = calls.filter_map(|part| match part {
        Part::ToolCall(call) if call.id == *call_id => Some(call.name.as_str()),
        _ => None,
    });
    let name = names.next().unwrap_or("unknown");
    Some(json!({ "role": "tool", "tool_name": name, "content": content }))
}

fn tool(spec: &ToolSpec) -> Value {
    let schema = match &spec.parameters {
        Value::Object(schema) => Value::Object(schema.clone()),
        _ => json!({ "type": "object", "properties": {} }),
    };
    let function = json!({ "name": spec.name, "description": spec.description, "parameters": schema });
    json!({ "type": "function", "function": function })
}
