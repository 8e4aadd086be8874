//! Messages and tools in OpenAI's shape.

use serde::Deserialize;
use serde_json::Value;

use super::error::ApiError;
use crate::protocol::chat::{ChatMessage, Part, Role, ToolCall, ToolSpec};

#[derive(Deserialize)]
pub(super) struct WireMessage {
    role: String,
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    tool_calls: Option<Vec<WireToolCall>>,
    #[serde(default)]
    tool_call_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ContentPart {
    Text {
        text: String,
    },
    ImageUrl {
        image_url: ImageUrl,
    },
    Refusal {
        refusal: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct ImageUrl {
    url: String,
}

#[derive(Deserialize)]
struct WireToolCall {
    id: String,
    function: WireFunction,
}

#[derive(Deserialize)]
struct WireFunction {
    name: String,
    #[serde(default)]
    arguments: String,
}

#[derive(Deserialize)]
pub(super) struct WireTool {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    function: Option<ToolFunction>,
}

#[derive(Deserialize)]
struct ToolFunction {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    parameters: Option<Value>,
}

impl WireMessage {
    /// The message in our shape. `index` is its place in the request, for errors.
    pub(super) fn into_message(self, index: usize) -> Result<ChatMessage, ApiError> {
        let invalid = |what: &str| ApiError::invalid(&format!("messages.{index}"), what);
        let role = match self.role.as_str() {
            "system" | "developer" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" | "function" => Role::Tool,
            _ => return Err(invalid("`role` is one of system, developer, user, assistant and tool")),
        };
        let mut parts = match self.content {
            None => Vec::new(),
            Some(Content::Text(text)) => vec![Part::Text { text }],
            Some(Content::Parts(parts)) => {
                let parts = parts.into_iter().map(ContentPart::into_part).collect::<Option<_>>();
                parts.ok_or_else(|| invalid("`content` has a part that is neither text nor image_url"))?
            }
        };
        if role == Role::Tool {
            let call_id = self.tool_call_id.ok_or_else(|| invalid("a tool message needs `tool_call_id`"))?;
            let content = ChatMessage { role, parts }.plain_text();
            return Ok(ChatMessage { role, parts: vec![Part::ToolResult { call_id, content }] });
        }
        let calls = self.tool_calls.unwrap_or_default();
        if role != Role::Assistant && !calls.is_empty() {
            return Err(invalid("only an assistant message has `tool_calls`"));
        }
        if parts.is_empty() && calls.is_empty() && role != Role::Assistant {
            return Err(invalid("`content` is missing"));
        }
        parts.extend(calls.into_iter().map(|call| {
            let WireFunction { name, arguments } = call.function;
            Part::ToolCall(ToolCall { id: call.id, name, arguments })
        }));
        Ok(ChatMessage { role, parts })
    }
}

impl ContentPart {
    fn into_part(self) -> Option<Part> {
        match self {
            Self::Text { text } | Self::Refusal { refusal: text } => Some(Part::Text { text }),
            Self::ImageUrl { image_url } => Some(Part::Image { url: image_url.url }),
            Self::Other => None,
        }
    }
}

impl WireTool {
    /// The tool in our shape.
    pub(super) fn into_spec(self) -> Result<ToolSpec, ApiError> {
        match (self.r#type.as_deref(), self.function) {
            (None | Some("function"), Some(function)) if !function.name.is_empty() => Ok(ToolSpec {
                name: function.name,
                description: function.description.unwrap_or_default(),
                parameters: function.parameters.unwrap_or(Value::Null),
            }),
            _ => Err(ApiError::invalid(
                "tools",
                "a tool has the type `function` and a `function` with a `name`",
            )),
        }
    }
}
