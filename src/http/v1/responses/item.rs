//! What was said, as items. Neighbouring items of the assistant are one message, because elsewhere its text and its calls
//! are.

use serde::Deserialize;
use serde_json::Value;

use super::tool::{Offered, WireTool, arguments_of, joined};
use crate::http::v1::error::ApiError;
use crate::protocol::chat::{ChatMessage, Part, Role, ToolCall};

/// Items that tell what OpenAI itself did. The answers after them say what came of it.
const OF_OPENAI: [&str; 8] = [
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_call",
    "mcp_list_tools",
    "tool_search_call",
    "tool_search_output",
];

/// An item that is understood.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Item {
    Message {
        role: String,
        content: Content,
    },
    Reasoning {
        #[serde(default)]
        summary: Vec<TextPart>,
        #[serde(default)]
        encrypted_content: Option<String>,
    },
    FunctionCall {
        call_id: String,
        name: String,
        #[serde(default)]
        namespace: Option<String>,
        #[serde(default)]
        arguments: String,
    },
    FunctionCallOutput {
        call_id: String,
        output: Content,
    },
    CustomToolCall {
        call_id: String,
        name: String,
        #[serde(default)]
        input: String,
    },
    CustomToolCallOutput {
        call_id: String,
        output: Content,
    },
    /// Tools that some clients send among what was said.
    AdditionalTools {
        #[serde(default)]
        tools: Vec<WireTool>,
    },
}

/// Text, or parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart {
    #[serde(alias = "output_text", alias = "text")]
    InputText {
        text: String,
    },
    Refusal {
        refusal: String,
    },
    InputImage {
        #[serde(default)]
        image_url: Option<String>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct TextPart {
    #[serde(default)]
    text: String,
}

/// The conversation of these items. Tools among them are added to what is offered.
pub(super) fn messages(items: Vec<Value>, tools: &mut Offered) -> Result<Vec<ChatMessage>, ApiError> {
    let mut messages: Vec<ChatMessage> = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let place = format!("input.{index}");
        let Some(item) = read(item, &place)? else { continue };
        let Some(message) = item.into_message(&place, tools)? else { continue };
        match messages.last_mut() {
            Some(last) if last.role == Role::Assistant && message.role == Role::Assistant => {
                last.parts.extend(message.parts);
            }
            _ => messages.push(message),
        }
    }
    Ok(messages)
}

/// The item; `None` for one that says nothing to another model. A message needs no type.
fn read(mut item: Value, place: &str) -> Result<Option<Item>, ApiError> {
    let kind = item.get("type").and_then(Value::as_str).unwrap_or("message").to_owned();
    if OF_OPENAI.contains(&kind.as_str()) {
        return Ok(None);
    }
    if kind == "item_reference" {
        return Err(invalid(place, "items are not kept here; send the item itself"));
    }
    if let Value::Object(members) = &mut item {
        members.insert("type".to_owned(), kind.as_str().into());
    }
    let item = serde_json::from_value(item);
    item.map(Some).map_err(|error| invalid(place, &format!("an item of the type `{kind}`: {error}")))
}

impl Item {
    fn into_message(self, place: &str, tools: &mut Offered) -> Result<Option<ChatMessage>, ApiError> {
        let of_assistant = |part| ChatMessage { role: Role::Assistant, parts: vec![part] };
        Ok(Some(match self {
            Self::Message { role, content } => {
                let role = match role.as_str() {
                    "system" | "developer" => Role::System,
                    "user" => Role::User,
                    "assistant" => Role::Assistant,
                    _ => {
                        return Err(invalid(place, "`role` is one of user, assistant, developer and system"));
                    }
                };
                ChatMessage { role, parts: content.into_parts(place)? }
            }
            Self::Reasoning { summary, encrypted_content } => {
                let text = summary.into_iter().map(|part| part.text).collect::<Vec<_>>().join("\n\n");
                of_assistant(Part::Thinking { text, signature: encrypted_content })
            }
            Self::FunctionCall { call_id, name, namespace, arguments } => {
                let name = joined(namespace.as_deref(), &name);
                of_assistant(Part::ToolCall(ToolCall { id: call_id, name, arguments }))
            }
            Self::CustomToolCall { call_id, name, input } => {
                of_assistant(Part::ToolCall(ToolCall { id: call_id, name, arguments: arguments_of(&input) }))
            }
            Self::FunctionCallOutput { call_id, output } | Self::CustomToolCallOutput { call_id, output } => {
                return output.into_result(call_id, place).map(Some);
            }
            Self::AdditionalTools { tools: more } => {
                tools.add(more)?;
                return Ok(None);
            }
        }))
    }
}

impl Content {
    fn into_parts(self, place: &str) -> Result<Vec<Part>, ApiError> {
        match self {
            Self::Text(text) => Ok(vec![Part::Text { text }]),
            Self::Parts(parts) => parts.into_iter().map(|part| part.into_part(place)).collect(),
        }
    }

    /// The result of a tool. Its pictures stand beside it in the same message.
    fn into_result(self, call_id: String, place: &str) -> Result<ChatMessage, ApiError> {
        let parts = self.into_parts(place)?;
        let (texts, pictures): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| matches!(part, Part::Text { .. }));
        let content = ChatMessage { role: Role::Tool, parts: texts }.plain_text();
        let result = Part::ToolResult { call_id, content };
        let role = if pictures.is_empty() { Role::Tool } else { Role::User };
        Ok(ChatMessage { role, parts: std::iter::once(result).chain(pictures).collect() })
    }
}

impl ContentPart {
    fn into_part(self, place: &str) -> Result<Part, ApiError> {
        match self {
            Self::InputText { text } | Self::Refusal { refusal: text } => Ok(Part::Text { text }),
            Self::InputImage { image_url: Some(url) } => Ok(Part::Image { url }),
            Self::InputImage { image_url: None } => Err(invalid(place, "a picture needs an `image_url`")),
            Self::Other => Err(invalid(place, "`content` has a part that is neither text nor a picture")),
        }
    }
}

fn invalid(place: &str, what: &str) -> ApiError {
    ApiError::invalid(place, format!("{place}: {what}"))
}
