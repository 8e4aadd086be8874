//! Our request as a `generateContent` request. Parameters that have another name there are translated; those that the
//! protocol does not know are left out, because it refuses unknown ones.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::backends::seal;
use crate::protocol::chat::{ChatMessage, Part, Role, ToolSpec};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelRequest};

/// Our names of parameters and theirs.
const SAME: [(&str, &str); 6] = [
    ("temperature", "temperature"),
    ("top_p", "topP"),
    ("top_k", "topK"),
    ("seed", "seed"),
    ("presence_penalty", "presencePenalty"),
    ("frequency_penalty", "frequencyPenalty"),
];
/// What stands for the signature of a call that another model made, as Google's guide to signatures says.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// The body of a call.
pub(super) fn body(request: &ModelRequest) -> Result<Bytes, ModelError> {
    let mut body = Map::new();
    body.insert("contents".to_owned(), contents(&request.messages, &request.model).into());
    let system = system(request);
    if !system.is_empty() {
        body.insert("systemInstruction".to_owned(), json!({ "parts": [{ "text": system }] }));
    }
    if !request.tools.is_empty() {
        let declared: Vec<Value> = request.tools.iter().map(tool).collect();
        body.insert("tools".to_owned(), json!([{ "functionDeclarations": declared }]));
        if let Some(config) = tool_choice(request.extra.get("tool_choice")) {
            body.insert("toolConfig".to_owned(), json!({ "functionCallingConfig": config }));
        }
    }
    let generation = generation(request);
    if !generation.is_empty() {
        body.insert("generationConfig".to_owned(), Value::Object(generation));
    }
    for name in ["safetySettings", "cachedContent"] {
        if let Some(value) = request.extra.get(name) {
            body.insert(name.to_owned(), value.clone());
        }
    }
    let body = serde_json::to_vec(&body);
    body.map(Bytes::from).map_err(|error| ModelError::new(ModelErrorKind::InvalidRequest, error.to_string()))
}

fn generation(request: &ModelRequest) -> Map<String, Value> {
    let extra = &request.extra;
    let mut config = Map::new();
    for (ours, theirs) in SAME {
        if let Some(value) = extra.get(ours) {
            config.insert(theirs.to_owned(), value.clone());
        }
    }
    let asked = extra.get("max_completion_tokens").or_else(|| extra.get("max_tokens")).cloned();
    if let Some(limit) = asked.or_else(|| request.max_tokens.map(Value::from)) {
        config.insert("maxOutputTokens".to_owned(), limit);
    }
    match extra.get("stop") {
        Some(Value::String(one)) => drop(config.insert("stopSequences".to_owned(), json!([one]))),
        Some(Value::Array(many)) => drop(config.insert("stopSequences".to_owned(), json!(many))),
        _ => {}
    }
    if let Some(format) = extra.get("response_format") {
        let schema = format.pointer("/json_schema/schema");
        if schema.is_some() || format.get("type").and_then(Value::as_str) == Some("json_object") {
            config.insert("responseMimeType".to_owned(), "application/json".into());
        }
        if let Some(schema) = schema {
            config.insert("responseJsonSchema".to_owned(), schema.clone());
        }
    }
    if let Some(thinking) = thinking(request) {
        config.insert("thinkingConfig".to_owned(), thinking);
    }
    config
}

/// Reasoning is shown by models that have any; others refuse the word.
fn thinking(request: &ModelRequest) -> Option<Value> {
    if let Some(own) = request.extra.get("thinkingConfig") {
        return Some(own.clone());
    }
    let model = request.model.strip_prefix("models/").unwrap_or(&request.model);
    let newer = model.starts_with("gemini-3");
    if !(newer || model.starts_with("gemini-2.5"))
        || ["-image", "-tts", "-live"].iter().any(|w| model.contains(w))
    {
        return None;
    }
    let effort = request.extra.get("reasoning_effort").and_then(Value::as_str);
    Some(match (effort, newer) {
        (None, _) => json!({ "includeThoughts": true }),
        (Some("none" | "minimal" | "low"), true) => {
            json!({ "includeThoughts": true, "thinkingLevel": "low" })
        }
        (Some(_), true) => json!({ "includeThoughts": true, "thinkingLevel": "high" }),
        (Some("none"), false) if !model.contains("-pro") => json!({ "thinkingBudget": 0 }),
        (Some(effort), false) => {
            let budget = match effort {
                "none" | "minimal" | "low" => 1_024,
                "medium" => 8_192,
                _ => 24_576,
            };
            json!({ "includeThoughts": true, "thinkingBudget": budget })
        }
    })
}

fn tool_choice(choice: Option<&Value>) -> Option<Value> {
    Some(match choice? {
        Value::String(word) if word == "required" => json!({ "mode": "ANY" }),
        Value::String(word) if word == "none" => json!({ "mode": "NONE" }),
        named @ Value::Object(_) => {
            json!({ "mode": "ANY", "allowedFunctionNames": [named.pointer("/function/name")?] })
        }
        _ => return None,
    })
}

/// The system prompt and every message of the system, joined: the protocol has one place for them.
fn system(request: &ModelRequest) -> String {
    let spoken = request.messages.iter().filter(|message| message.role == Role::System);
    let texts = std::iter::once(request.system.clone()).chain(spoken.map(ChatMessage::plain_text));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// Messages in alternation: neighbours of one side become one, so that all results of parallel tool calls stand together.
fn contents(all: &[ChatMessage], model: &str) -> Vec<Value> {
    let mut sides: Vec<(&'static str, Vec<Value>)> = Vec::new();
    for (at, message) in all.iter().enumerate().filter(|(_, message)| message.role != Role::System) {
        let side = if message.role == Role::Assistant { "model" } else { "user" };
        let before = all.get(..at).unwrap_or_default();
        let parts = parts(message, before, model);
        match sides.last_mut() {
            Some((last, gathered)) if *last == side => gathered.extend(parts),
            _ => sides.push((side, parts)),
        }
    }
    let said = sides.into_iter().filter(|(_, parts)| !parts.is_empty());
    said.map(|(role, parts)| json!({ "role": role, "parts": parts })).collect()
}

/// A message's parts, with the signature on the part that it came with: the first call, else the last text.
fn parts(message: &ChatMessage, before: &[ChatMessage], model: &str) -> Vec<Value> {
    let mut parts: Vec<Value> = message.parts.iter().filter_map(|part| sent(part, before)).collect();
    let signature = message.parts.iter().find_map(|part| match part {
        Part::Thinking { signature, .. } => seal::own(signature.as_deref(), seal::GEMINI),
        _ => None,
    });
    let is_call = |part: &Value| part.get("functionCall").is_some();
    let has_call = parts.iter().any(is_call);
    // The newer models refuse a call without one, and have a word for calls that others made.
    let foreign = (has_call && model.contains("gemini-3")).then_some(UNSIGNED);
    if let Some(signature) = signature.or(foreign) {
        let sealed = match has_call {
            true => parts.iter_mut().find(|part| is_call(part)),
            false => parts.iter_mut().rev().find(|part| part.get("text").is_some()),
        };
        if let Some(sealed) = sealed {
            sealed["thoughtSignature"] = signature.into();
        }
    }
    parts
}

fn sent(part: &Part, before: &[ChatMessage]) -> Option<Value> {
    Some(match part {
        Part::Text { text } if text.is_empty() => return None,
        Part::Text { text } => json!({ "text": text }),
        Part::Image { url } => image(url),
        // Thoughts go back as their signature alone.
        Part::Thinking { .. } => return None,
        Part::ToolCall(call) => {
            let args: Value = serde_json::from_str(&call.arguments).unwrap_or_else(|_| json!({}));
            json!({ "functionCall": { "name": call.name, "args": args } })
        }
        Part::ToolResult { call_id, content } => {
            let response = match serde_json::from_str(content) {
                Ok(Value::Object(object)) => Value::Object(object),
                Ok(_) | Err(_) => json!({ "result": content }),
            };
            json!({ "functionResponse": { "name": name_of(call_id, before), "response": response } })
        }
    })
}

/// Results are known by the name of what was called.
fn name_of<'m>(id: &str, before: &'m [ChatMessage]) -> &'m str {
    let calls = before.iter().rev().flat_map(|message| &message.parts);
    let mut names = calls.filter_map(|part| match part {
        Part::ToolCall(call) if call.id == id => Some(call.name.as_str()),
        _ => None,
    });
    names.next().unwrap_or("unknown")
}

fn image(url: &str) -> Value {
    match url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((media_type, data)) => json!({ "inlineData": { "mimeType": media_type, "data": data } }),
        None => json!({ "fileData": { "fileUri": url } }),
    }
}

fn tool(spec: &ToolSpec) -> Value {
    match &spec.parameters {
        Value::Object(schema) => {
            json!({ "name": spec.name, "description": spec.description, "parametersJsonSchema": schema })
        }
        _ => json!({ "name": spec.name, "description": spec.description }),
    }
}
