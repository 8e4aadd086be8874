//! Our request as a request of Responses.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::backends::seal;
use crate::protocol::chat::{ChatMessage, Part, Role, ToolSpec};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelRequest};

/// Parameters with the same name on both sides, and the protocol's own ones.
const AS_THEY_ARE: [&str; 11] = [
    "temperature",
    "top_p",
    "parallel_tool_calls",
    "metadata",
    "service_tier",
    "prompt_cache_key",
    "safety_identifier",
    "truncation",
    "reasoning",
    "text",
    "user",
];

/// The body of a call.
pub(super) fn body(request: &ModelRequest) -> Result<Bytes, ModelError> {
    let extra = &request.extra;
    let mut body = Map::new();
    body.insert("model".to_owned(), request.model.as_str().into());
    body.insert("stream".to_owned(), request.stream.into());
    body.insert("store".to_owned(), false.into());
    body.insert("input".to_owned(), request.messages.iter().flat_map(items).collect());
    if !request.system.is_empty() {
        body.insert("instructions".to_owned(), request.system.as_str().into());
    }
    if !request.tools.is_empty() {
        body.insert("tools".to_owned(), request.tools.iter().map(tool).collect());
        if let Some(choice) = extra.get("tool_choice") {
            let named =
                choice.pointer("/function/name").map(|name| json!({ "type": "function", "name": name }));
            body.insert("tool_choice".to_owned(), named.unwrap_or_else(|| choice.clone()));
        }
    }
    let asked = ["max_output_tokens", "max_completion_tokens", "max_tokens"];
    let asked = asked.iter().find_map(|name| extra.get(*name)).cloned();
    if let Some(limit) = asked.or_else(|| request.max_tokens.map(Value::from)) {
        body.insert("max_output_tokens".to_owned(), limit);
    }
    for name in AS_THEY_ARE {
        if let Some(value) = extra.get(name) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(format) = extra.get("response_format").and_then(text_format) {
        body.entry("text").or_insert(json!({ "format": format }));
    }
    // Models without reasoning refuse every word about it.
    if reasons(&request.model) {
        body.insert("include".to_owned(), json!(["reasoning.encrypted_content"]));
        let reasoning = match extra.get("reasoning_effort") {
            Some(effort) => json!({ "summary": "auto", "effort": effort }),
            None => json!({ "summary": "auto" }),
        };
        body.entry("reasoning").or_insert(reasoning);
    }
    let body = serde_json::to_vec(&body);
    body.map(Bytes::from).map_err(|error| ModelError::new(ModelErrorKind::InvalidRequest, error.to_string()))
}

/// OpenAI's models that reason: `o1`, `o3-mini`, …; `gpt-5` and later, but for those that only chat.
fn reasons(model: &str) -> bool {
    let numbered = |prefix: &str| {
        model.strip_prefix(prefix).is_some_and(|rest| rest.bytes().next().is_some_and(|b| b.is_ascii_digit()))
    };
    let later = model
        .strip_prefix("gpt-")
        .and_then(|rest| rest.bytes().next())
        .is_some_and(|b| (b'5'..=b'9').contains(&b));
    numbered("o") || later && !model.contains("-chat") || model.starts_with("codex-")
}

/// Chat's way to ask for JSON has its schema one level deeper.
fn text_format(format: &Value) -> Option<Value> {
    match format.get("json_schema") {
        Some(Value::Object(schema)) => {
            let mut flat = schema.clone();
            flat.insert("type".to_owned(), "json_schema".into());
            Some(Value::Object(flat))
        }
        _ => Some(json!({ "type": format.get("type")? })),
    }
}

/// A message as items: sealed reasoning first, then what was said, then calls and their results.
fn items(message: &ChatMessage) -> Vec<Value> {
    let (mut before, mut said, mut after) = (Vec::new(), Vec::new(), Vec::new());
    let of_model = message.role == Role::Assistant;
    for part in &message.parts {
        match part {
            Part::Text { text } if text.is_empty() => {}
            Part::Text { text } => {
                said.push(
                    json!({ "type": if of_model { "output_text" } else { "input_text" }, "text": text }),
                );
            }
            Part::Image { url } => said.push(json!({ "type": "input_image", "image_url": url })),
            Part::Thinking { signature, .. } => {
                let sealed = seal::own(signature.as_deref(), seal::RESPONSES);
                let sealed = sealed.and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok());
                before.extend(sealed.into_iter().flatten());
            }
            Part::ToolCall(call) => after.push(json!({
                "type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments,
            })),
            Part::ToolResult { call_id, content } => {
                after.push(json!({ "type": "function_call_output", "call_id": call_id, "output": content }));
            }
        }
    }
    if !said.is_empty() {
        // The system within a conversation is the developer there.
        let role = if message.role == Role::System { "developer" } else { message.role.as_str() };
        before.push(json!({ "type": "message", "role": role, "content": said }));
    }
    before.extend(after);
    before
}

fn tool(spec: &ToolSpec) -> Value {
    let schema = match &spec.parameters {
        Value::Object(schema) => Value::Object(schema.clone()),
        _ => json!({ "type": "object", "properties": {} }),
    };
    json!({
        "type": "function", "name": spec.name, "description": spec.description, "parameters": schema, "strict": false,
    })
}
