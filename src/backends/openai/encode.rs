//! Our request as a chat completion request.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

use super::wire::{
    ChatRequest, Content, ContentPart, ImageUrl, Message, SentFunction, SentToolCall, StreamOptions, Tool,
    ToolFunction,
};
use crate::backends::seal;
use crate::protocol::chat::{ChatMessage, Part, Role, ToolSpec};
use crate::protocol::model::{ModelError, ModelErrorKind, ModelRequest};

/// Members that are ours to set.
const OURS: [&str; 5] = ["model", "messages", "tools", "stream", "stream_options"];

/// The body of a call. Further parameters pass through untouched; they win over `max_tokens`.
/// `sealed`: the details of reasoning go back, as OpenRouter wants them.
pub(super) fn body(request: &ModelRequest, limit_name: &str, sealed: bool) -> Result<Bytes, ModelError> {
    let mut extra = request.extra.clone();
    extra.retain(|name, _| !OURS.contains(&name.as_str()));
    let limited = extra.contains_key("max_tokens") || extra.contains_key("max_completion_tokens");
    if let (Some(limit), false) = (request.max_tokens, limited) {
        extra.insert(limit_name.to_owned(), limit.into());
    }
    let system = (!request.system.is_empty()).then(|| Message {
        role: Role::System.as_str(),
        content: Some(Content::Text(Cow::Borrowed(&request.system))),
        ..Message::default()
    });
    let chat = ChatRequest {
        model: &request.model,
        messages: system
            .into_iter()
            .chain(request.messages.iter().flat_map(|message| messages(message, sealed)))
            .collect(),
        tools: request.tools.iter().map(tool).collect(),
        stream: request.stream,
        stream_options: request.stream.then_some(StreamOptions { include_usage: true }),
        extra,
    };
    let body = serde_json::to_vec(&chat);
    body.map(Bytes::from).map_err(|error| ModelError::new(ModelErrorKind::InvalidRequest, error.to_string()))
}

/// One message of ours: a message for each tool result in it, and one for everything else.
fn messages(message: &ChatMessage, sealed: bool) -> Vec<Message<'_>> {
    let mut sent: Vec<_> = message.parts.iter().filter_map(tool_result).collect();
    let tool_calls: Vec<_> = message.parts.iter().filter_map(tool_call).collect();
    let content = content(&message.parts);
    if content.is_some() || !tool_calls.is_empty() {
        let reasoning_details = if sealed { details(&message.parts) } else { None };
        let role = message.role.as_str();
        sent.push(Message { role, content, tool_calls, tool_call_id: None, reasoning_details });
    }
    sent
}

/// The details of reasoning that came with a message.
fn details(parts: &[Part]) -> Option<Value> {
    parts.iter().find_map(|part| match part {
        Part::Thinking { signature, .. } => {
            serde_json::from_str(seal::own(signature.as_deref(), seal::OPENROUTER)?).ok()
        }
        _ => None,
    })
}

fn tool_result(part: &Part) -> Option<Message<'_>> {
    let Part::ToolResult { call_id, content } = part else { return None };
    Some(Message {
        role: Role::Tool.as_str(),
        content: Some(Content::Text(Cow::Borrowed(content))),
        tool_call_id: Some(call_id),
        ..Message::default()
    })
}

fn tool_call(part: &Part) -> Option<SentToolCall<'_>> {
    let Part::ToolCall(call) = part else { return None };
    let function = SentFunction { name: &call.name, arguments: &call.arguments };
    Some(SentToolCall { id: &call.id, r#type: "function", function })
}

/// Plain text as a string, which every server understands; parts only where there is a picture.
fn content(parts: &[Part]) -> Option<Content<'_>> {
    let has_image = parts.iter().any(|part| matches!(part, Part::Image { .. }));
    if has_image {
        return Some(Content::Parts(parts.iter().filter_map(content_part).collect()));
    }
    let mut texts = parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        Part::Image { .. } | Part::Thinking { .. } | Part::ToolCall(_) | Part::ToolResult { .. } => None,
    });
    let first = texts.next()?;
    Some(Content::Text(texts.fold(Cow::Borrowed(first), |text, next| text + next)))
}

fn content_part(part: &Part) -> Option<ContentPart<'_>> {
    match part {
        Part::Text { text } => Some(ContentPart::Text { text }),
        Part::Image { url } => Some(ContentPart::ImageUrl { image_url: ImageUrl { url } }),
        Part::Thinking { .. } | Part::ToolCall(_) | Part::ToolResult { .. } => None,
    }
}

fn tool(spec: &ToolSpec) -> Tool<'_> {
    let function =
        ToolFunction { name: &spec.name, description: &spec.description, parameters: &spec.parameters };
    Tool { r#type: "function", function }
}
