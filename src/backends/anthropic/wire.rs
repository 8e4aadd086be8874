//! The JSON of Messages answers, as far as it is used. Source: Anthropic's API reference and SDK types.

use serde::Deserialize;
use serde_json::Value;

use crate::backends::ModelInfo;
use crate::protocol::chat::Usage;

/// One event of a stream. Unknown events are allowed by the protocol and mean nothing here.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    MessageStart {
        message: MessageHead,
    },
    ContentBlockStart {
        index: u32,
        content_block: Block,
    },
    ContentBlockDelta {
        index: u32,
        delta: Delta,
    },
    ContentBlockStop {
        index: u32,
    },
    MessageDelta {
        delta: MessageEnd,
        #[serde(default)]
        usage: Option<WireUsage>,
    },
    MessageStop,
    Ping,
    Error(Value),
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub(super) struct MessageHead {
    #[serde(default)]
    pub(super) usage: Option<WireUsage>,
}

#[derive(Deserialize)]
pub(super) struct MessageEnd {
    #[serde(default)]
    pub(super) stop_reason: Option<String>,
}

/// A whole answer.
#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) content: Vec<Block>,
    #[serde(default)]
    pub(super) stop_reason: Option<String>,
    #[serde(default)]
    pub(super) usage: Option<WireUsage>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block {
    Text {
        #[serde(default)]
        text: String,
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
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
pub(super) enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(other)]
    Other,
}

/// Cumulative counts; a later one replaces an earlier one where it has a value.
#[derive(Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize)]
struct OutputDetails {
    #[serde(default, alias = "thinking_tokens")]
    reasoning_tokens: Option<u64>,
}

/// The counts of an answer so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    input: u64,
    output: u64,
    cache_written: u64,
    cache_read: u64,
    reasoning: u64,
}

impl Counts {
    pub(super) fn update(&mut self, usage: WireUsage) -> Usage {
        let reasoning = usage.output_tokens_details.and_then(|details| details.reasoning_tokens);
        let news = [
            (&mut self.input, usage.input_tokens),
            (&mut self.output, usage.output_tokens),
            (&mut self.cache_written, usage.cache_creation_input_tokens),
            (&mut self.cache_read, usage.cache_read_input_tokens),
            (&mut self.reasoning, reasoning),
        ];
        for (count, new) in news {
            *count = new.unwrap_or(*count);
        }
        Usage {
            input_tokens: self.input.saturating_add(self.cache_written).saturating_add(self.cache_read),
            output_tokens: self.output,
            cached_tokens: self.cache_read,
            reasoning_tokens: self.reasoning,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct ModelPage {
    pub(super) data: Vec<Model>,
    #[serde(default)]
    pub(super) has_more: bool,
    #[serde(default)]
    pub(super) last_id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Model {
    id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    created_at: Option<jiff::Timestamp>,
    #[serde(default)]
    max_input_tokens: Option<u64>,
    #[serde(default)]
    max_tokens: Option<u64>,
    /// `active`, `deprecated` or `retired`.
    #[serde(default)]
    lifecycle: Option<String>,
}

impl From<Model> for ModelInfo {
    fn from(model: Model) -> Self {
        Self {
            display_name: model.display_name.unwrap_or_else(|| model.id.clone()),
            created_s: model.created_at.map_or(0, jiff::Timestamp::as_second),
            context_tokens: model.max_input_tokens,
            output_tokens: model.max_tokens,
            deprecated: model.lifecycle.is_some_and(|word| word != "active"),
            ..Self::named(model.id)
        }
    }
}
