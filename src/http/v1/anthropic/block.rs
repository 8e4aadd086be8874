//! Messages, content blocks and tools in Anthropic's shape.
//!
//! The results of tools leave their message, because elsewhere they are messages of their own. What a block has besides
//! (`cache_control`, `citations`) is dropped.

use serde::Deserialize;
use serde_json::Value;

use crate::backends::REDACTED;
use crate::http::v1::error::ApiError;
use crate::protocol::chat::{ChatMessage, Part, Role, ToolCall, ToolSpec};

#[derive(Deserialize)]
pub(super) struct WireMessage {
    role: String,
    content: Content,
}

/// Text, or blocks.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    Text(String),
    Blocks(Vec<Value>),
}

/// A block that is understood.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text {
        text: String,
    },
    Image {
        source: Source,
    },
    Document {
        source: Source,
        #[serde(default)]
        title: Option<String>,
    },
    Thinking {
        #[serde(default)]
        thinking: String,
        #[serde(default)]
        signature: String,
    },
    RedactedThinking {
        data: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[serde(default)]
        input: Value,
    },
    ToolResult {
        tool_use_id: String,
        #[serde(default)]
        content: Option<Content>,
        #[serde(default)]
        is_error: bool,
    },
}

/// Where a picture or a document is.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source {
    Base64 { media_type: String, data: String },
    Url { url: String },
    Text { data: String },
}

#[derive(Deserialize)]
pub(super) struct WireTool {
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    input_schema: Option<Value>,
}

impl WireMessage {
    /// The message in our shape: the results of tools first, each a message, then what is said besides.
    pub(super) fn into_messages(self, index: usize) -> Result<Vec<ChatMessage>, ApiError> {
        let place = format!("messages.{index}");
        let role = match self.role.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            // Not in the documentation, but some clients send it.
            "system" => {
                let text = self.content.into_system(&place)?;
                return Ok(vec![ChatMessage::text(Role::System, text)]);
            }
            _ => return Err(invalid(&place, "role: one of user and assistant")),
        };
        let mut messages = Vec::new();
        let mut parts = Vec::new();
        for (at, block) in self.content.into_blocks(&place)?.into_iter().enumerate() {
            let place = format!("{place}.content.{at}");
            match (role, block) {
                (Role::User, Block::ToolResult { tool_use_id, content, is_error }) => {
                    let (text, pictures) = result(content, is_error, &place)?;
                    let result = Part::ToolResult { call_id: tool_use_id, content: text };
                    messages.push(ChatMessage { role: Role::Tool, parts: vec![result] });
                    parts.extend(pictures);
                }
                (Role::Assistant, Block::ToolUse { id, name, input }) => {
                    let arguments = if input.is_null() { "{}".to_owned() } else { input.to_string() };
                    parts.push(Part::ToolCall(ToolCall { id, name, arguments }));
                }
                (Role::Assistant, Block::Thinking { thinking, signature }) => {
                    let signature = (!signature.is_empty()).then_some(signature);
                    parts.push(Part::Thinking { text: thinking, signature });
                }
                (Role::Assistant, Block::RedactedThinking { data }) => {
                    let signature = Some([REDACTED, &data].concat());
                    parts.push(Part::Thinking { text: String::new(), signature });
                }
                (_, block) => parts.push(block.into_part(&place)?),
            }
        }
        if !parts.is_empty() {
            messages.push(ChatMessage { role, parts });
        }
        if messages.is_empty() && role == Role::User {
            return Err(invalid(&place, "content: is empty"));
        }
        Ok(messages)
    }
}

impl Content {
    /// The text of a system prompt.
    pub(super) fn into_system(self, place: &str) -> Result<String, ApiError> {
        let blocks = self.into_blocks(place)?;
        let texts = blocks.into_iter().map(|block| match block {
            Block::Text { text } => Ok(text),
            _ => Err(invalid(place, "a system prompt is text")),
        });
        texts.collect::<Result<Vec<_>, _>>().map(|texts| texts.join("\n\n"))
    }

    fn into_blocks(self, place: &str) -> Result<Vec<Block>, ApiError> {
        let blocks = match self {
            Self::Text(text) => return Ok(vec![Block::Text { text }]),
            Self::Blocks(blocks) => blocks,
        };
        let read = |(at, block): (usize, Value)| {
            let kind = block.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
            serde_json::from_value(block).map_err(|error| {
                invalid(&format!("{place}.content.{at}"), &format!("a block of type `{kind}`: {error}"))
            })
        };
        blocks.into_iter().enumerate().map(read).collect()
    }
}

impl Block {
    /// What anybody may say.
    fn into_part(self, place: &str) -> Result<Part, ApiError> {
        match self {
            Self::Text { text } | Self::Document { source: Source::Text { data: text }, title: None } => {
                Ok(Part::Text { text })
            }
            Self::Document { source: Source::Text { data }, title: Some(title) } => {
                Ok(Part::Text { text: format!("{title}\n\n{data}") })
            }
            Self::Image { source: Source::Base64 { media_type, data } } => {
                Ok(Part::Image { url: format!("data:{media_type};base64,{data}") })
            }
            Self::Image { source: Source::Url { url } } => Ok(Part::Image { url }),
            Self::Image { .. } => Err(invalid(place, "source: a picture is base64 or a url")),
            Self::Document { .. } => Err(invalid(place, "source: of documents only text is taken")),
            Self::Thinking { .. } | Self::RedactedThinking { .. } | Self::ToolUse { .. } => {
                Err(invalid(place, "only the assistant thinks and uses tools"))
            }
            Self::ToolResult { .. } => Err(invalid(place, "results of tools are the user's")),
        }
    }
}

/// The text of a tool's result, and its pictures, which follow it.
fn result(content: Option<Content>, is_error: bool, place: &str) -> Result<(String, Vec<Part>), ApiError> {
    let mut texts = Vec::new();
    let mut pictures = Vec::new();
    let blocks = content.map(|content| content.into_blocks(place)).transpose()?;
    for block in blocks.unwrap_or_default() {
        match block.into_part(place)? {
            Part::Text { text } => texts.push(text),
            picture => pictures.push(picture),
        }
    }
    if texts.is_empty() && !pictures.is_empty() {
        texts.push("The result is the picture that follows.".to_owned());
    }
    let text = texts.join("\n\n");
    Ok((if is_error { format!("Error: {text}") } else { text }, pictures))
}

impl WireTool {
    /// The tool in our shape. `index` is its place in the request, for errors.
    pub(super) fn into_spec(self, index: usize) -> Result<ToolSpec, ApiError> {
        let place = format!("tools.{index}");
        if let Some(kind) = self.r#type.as_deref().filter(|kind| *kind != "custom") {
            let text = format!(
                "the type `{kind}` is one of Anthropic's own tools, which are not here; leave it out"
            );
            return Err(invalid(&place, &text));
        }
        if self.name.is_empty() {
            return Err(invalid(&place, "name: Field required"));
        }
        Ok(ToolSpec {
            name: self.name,
            description: self.description.unwrap_or_default(),
            parameters: self.input_schema.unwrap_or(Value::Null),
        })
    }
}

fn invalid(place: &str, what: &str) -> ApiError {
    ApiError::invalid(place, format!("{place}: {what}"))
}
