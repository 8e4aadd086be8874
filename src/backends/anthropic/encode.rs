//! Our request as a Messages request. Parameters that have another name there are translated; those that
//! the protocol does not know are left out, because it refuses unknown ones.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::backends::seal::{self, REDACTED};
use crate::protocol::chat::{ChatMessage, Part, Role, ToolSpec};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelRequest};

/// Parameters with the same name and meaning on both sides, and the protocol's own ones.
const AS_THEY_ARE: [&str; 10] = [
    "temperature",
    "top_p",
    "top_k",
    "thinking",
    "metadata",
    "service_tier",
    "output_config",
    "stop_sequences",
    "context_management",
    "cache_control",
];

/// Prompts below about a thousand tokens are not cached by the provider.
const CACHED_BYTES_MIN: usize = 4_096;
/// From so many messages on it is a dialogue.
const DIALOGUE_MESSAGES: usize = 3;

/// The body of a call.
pub(super) fn body(request: &ModelRequest, max_tokens: u32) -> Result<Bytes, ModelError> {
    let mut body = Map::new();
    body.insert("model".to_owned(), request.model.as_str().into());
    body.insert("max_tokens".to_owned(), limit(&request.extra).unwrap_or(max_tokens).into());
    body.insert("stream".to_owned(), request.stream.into());
    let system = system(request);
    let system_bytes = system.len();
    if !system.is_empty() {
        body.insert("system".to_owned(), system.into());
    }
    body.insert("messages".to_owned(), messages(&request.messages).into());
    if !request.tools.is_empty() {
        body.insert("tools".to_owned(), request.tools.iter().map(tool).collect());
    }
    for name in AS_THEY_ARE {
        if let Some(value) = request.extra.get(name) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    translate(&request.extra, !request.tools.is_empty(), &mut body);
    if is_worth_caching(request, system_bytes) {
        mark_cached(&mut body);
    }
    let body = serde_json::to_vec(&body);
    body.map(Bytes::from).map_err(|error| ModelError::new(ModelErrorKind::InvalidRequest, error.to_string()))
}

/// Whether the next call will probably begin with the same words: a dialogue, or a round of tools. What is cached costs a
/// quarter more when it is written and a tenth when it is read again. Callers who mark by themselves are left alone.
fn is_worth_caching(request: &ModelRequest, system_bytes: usize) -> bool {
    let goes_on = !request.tools.is_empty() || request.messages.len() >= DIALOGUE_MESSAGES;
    let tools: usize =
        request.tools.iter().map(|tool| tool.description.len() + tool.parameters.to_string().len()).sum();
    let said = |part: &Part| match part {
        Part::Text { text } | Part::Thinking { text, .. } => text.len(),
        Part::ToolCall(call) => call.arguments.len(),
        Part::ToolResult { content, .. } => content.len(),
        Part::Image { .. } => 0,
    };
    let said: usize = request.messages.iter().flat_map(|message| &message.parts).map(said).sum();
    goes_on && system_bytes + tools + said >= CACHED_BYTES_MIN && !request.extra.contains_key("cache_control")
}

/// Marks the end of what stays (tools and system prompt), and the end of what was said so far.
fn mark_cached(body: &mut Map<String, Value>) {
    let mark = || json!({ "type": "ephemeral" });
    if let Some(Value::String(system)) = body.get("system") {
        let marked = json!([{ "type": "text", "text": system, "cache_control": mark() }]);
        body.insert("system".to_owned(), marked);
    } else if let Some(tool) =
        body.get_mut("tools").and_then(Value::as_array_mut).and_then(|tools| tools.last_mut())
    {
        tool["cache_control"] = mark();
    }
    let messages = body.get_mut("messages").and_then(Value::as_array_mut);
    let content = messages.and_then(|all| all.last_mut()?.get_mut("content")?.as_array_mut());
    let marks = |block: &Value| !matches!(block["type"].as_str(), Some("thinking" | "redacted_thinking"));
    if let Some(block) = content.and_then(|blocks| blocks.iter_mut().rev().find(|block| marks(block))) {
        block["cache_control"] = mark();
    }
}

/// OpenAI's names for the same things.
fn translate(extra: &Map<String, Value>, has_tools: bool, body: &mut Map<String, Value>) {
    let mut set = |name: &str, value: Value| {
        body.entry(name).or_insert(value);
    };
    match extra.get("stop") {
        Some(Value::String(one)) => set("stop_sequences", json!([one])),
        Some(Value::Array(many)) => set("stop_sequences", json!(many)),
        _ => {}
    }
    if let Some(user) = extra.get("user").and_then(Value::as_str) {
        set("metadata", json!({ "user_id": user }));
    }
    let mut output = Map::new();
    if let Some(effort) = extra.get("reasoning_effort").and_then(Value::as_str) {
        output.insert("effort".to_owned(), effort.into());
    }
    if let Some(schema) =
        extra.get("response_format").and_then(|format| format.pointer("/json_schema/schema"))
    {
        output.insert("format".to_owned(), json!({ "type": "json_schema", "schema": schema }));
    }
    if !output.is_empty() {
        set("output_config", Value::Object(output));
    }
    let one_at_a_time = extra.get("parallel_tool_calls") == Some(&Value::Bool(false));
    if let Some(mut choice) = tool_choice(extra.get("tool_choice"), one_at_a_time).filter(|_| has_tools) {
        if one_at_a_time && choice.get("type") != Some(&"none".into()) {
            choice.insert("disable_parallel_tool_use".to_owned(), true.into());
        }
        set("tool_choice", Value::Object(choice));
    }
}

fn tool_choice(choice: Option<&Value>, needed: bool) -> Option<Map<String, Value>> {
    let of_type = |word: &str| Map::from_iter([("type".to_owned(), word.into())]);
    match choice {
        Some(Value::String(word)) if word == "required" => Some(of_type("any")),
        Some(Value::String(word)) => Some(of_type(word)),
        Some(named @ Value::Object(_)) => {
            let name = named.pointer("/function/name")?;
            let mut choice = of_type("tool");
            choice.insert("name".to_owned(), name.clone());
            Some(choice)
        }
        _ => needed.then(|| of_type("auto")),
    }
}

fn limit(extra: &Map<String, Value>) -> Option<u32> {
    let value = extra.get("max_completion_tokens").or_else(|| extra.get("max_tokens"))?;
    value.as_u64().and_then(|limit| u32::try_from(limit).ok())
}

/// The system prompt and every message of the system, joined: the protocol has one place for them.
fn system(request: &ModelRequest) -> String {
    let spoken = request.messages.iter().filter(|message| message.role == Role::System);
    let texts = std::iter::once(request.system.clone()).chain(spoken.map(ChatMessage::plain_text));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Messages in alternation: neighbours of one side become one, so that all results of parallel tool calls
/// stand in the message after them, as the protocol wants it.
fn messages(all: &[ChatMessage]) -> Vec<Value> {
    let mut sides: Vec<(&'static str, Vec<Value>)> = Vec::new();
    for message in all.iter().filter(|message| message.role != Role::System) {
        let side = if message.role == Role::Assistant { "assistant" } else { "user" };
        let blocks = message.parts.iter().filter_map(block);
        match sides.last_mut() {
            Some((last, gathered)) if *last == side => gathered.extend(blocks),
            _ => sides.push((side, blocks.collect())),
        }
    }
    let said = sides.into_iter().filter(|(_, blocks)| !blocks.is_empty());
    said.map(|(role, content)| json!({ "role": role, "content": content })).collect()
}

fn block(part: &Part) -> Option<Value> {
    Some(match part {
        // The protocol refuses empty text.
        Part::Text { text } if text.is_empty() => return None,
        Part::Text { text } => json!({ "type": "text", "text": text }),
        Part::Image { url } => json!({ "type": "image", "source": image_source(url) }),
        // Another provider's seal; the protocol refuses it.
        Part::Thinking { signature: Some(seal), .. } if seal::is_others(seal) => return None,
        Part::Thinking { text, signature: Some(seal) } => match seal.strip_prefix(REDACTED) {
            Some(data) => json!({ "type": "redacted_thinking", "data": data }),
            None => json!({ "type": "thinking", "thinking": text, "signature": seal }),
        },
        // Reasoning without a seal is another provider's; the protocol refuses it.
        Part::Thinking { signature: None, .. } => return None,
        Part::ToolCall(call) => {
            let input: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input })
        }
        Part::ToolResult { call_id, content } => {
            json!({ "type": "tool_result", "tool_use_id": call_id, "content": content })
        }
    })
}

fn image_source(url: &str) -> Value {
    let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match data {
        Some((media_type, data)) => json!({ "type": "base64", "media_type": media_type, "data": data }),
        None => json!({ "type": "url", "url": url }),
    }
}

fn tool(spec: &ToolSpec) -> Value {
    let schema = match &spec.parameters {
        Value::Object(schema) => Value::Object(schema.clone()),
        _ => json!({ "type": "object" }),
    };
    json!({ "name": spec.name, "description": spec.description, "input_schema": schema })
}
