//! What a call is about, and how much it may need.

use crate::protocol::chat::{ChatMessage, Part, Usage};
use crate::protocol::ids::{AssistantId, TenantId, ThreadId, TokenId, TurnId};
use crate::protocol::model::ModelRequest;

/// Bytes of a prompt for which a token is reserved. English text has four, most code about three.
const BYTES_PER_TOKEN: u64 = 3;
/// Tokens around each message.
const MESSAGE_TOKENS: u64 = 8;
/// Tokens of a picture.
const PICTURE_TOKENS: u64 = 1_600;

/// Who spends, and on what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope {
    /// The tenant.
    pub tenant: TenantId,
    /// On whose behalf: `owner`, or the id of a member or a token.
    pub source: String,
    /// The token, if it is one.
    pub token: Option<TokenId>,
    /// Who answers, if it is an assistant.
    pub assistant: Option<AssistantId>,
    /// The thread, if it belongs to one.
    pub thread: Option<ThreadId>,
    /// The turn, if it belongs to one. Without it a call is stateless.
    pub turn: Option<TurnId>,
    /// The backend; empty for what is no model call.
    pub backend: String,
    /// The model, the backend's default one filled in.
    pub model: String,
}

/// What a model call may need, known before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Estimate {
    /// Tokens of the prompt at most, as far as that can be guessed.
    pub input_tokens: u64,
    /// Tokens of the answer at most; `None` when the call does not limit it.
    pub output_tokens: Option<u64>,
}

// === impl Scope ===

impl Scope {
    /// What this principal's source does: a source that is an id may be a token's.
    #[must_use]
    pub fn new(tenant: TenantId, source: impl Into<String>) -> Self {
        let source = source.into();
        Self {
            token: source.parse().ok(),
            tenant,
            source,
            assistant: None,
            thread: None,
            turn: None,
            backend: String::new(),
            model: String::new(),
        }
    }

    /// The same for a call of this model.
    #[must_use]
    pub fn calling(self, backend: impl Into<String>, model: impl Into<String>) -> Self {
        Self { backend: backend.into(), model: model.into(), ..self }
    }
}

// === impl Estimate ===

impl Estimate {
    /// What this request may need.
    #[must_use]
    pub fn of(request: &ModelRequest) -> Self {
        let tools = request.tools.iter().map(|tool| tool.description.len() + tool.name.len());
        let schemas = request.tools.iter().map(|tool| tool.parameters.to_string().len());
        let extra = request.extra.values().map(|value| value.to_string().len());
        let bytes = request.system.len() + tools.chain(schemas).chain(extra).sum::<usize>();
        let messages = request.messages.iter().map(of_message).sum::<u64>();
        Self {
            input_tokens: tokens(bytes).saturating_add(messages).saturating_add(MESSAGE_TOKENS),
            output_tokens: request.max_tokens.map(u64::from),
        }
    }

    /// What is reserved, with this limit where the call has none.
    pub(super) fn usage(&self, output_default: u64) -> Usage {
        Usage {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens.unwrap_or(output_default),
            ..Usage::default()
        }
    }
}

fn of_message(message: &ChatMessage) -> u64 {
    let part = |part: &Part| match part {
        Part::Text { text } | Part::Thinking { text, .. } | Part::ToolResult { content: text, .. } => {
            tokens(text.len())
        }
        Part::ToolCall(call) => tokens(call.arguments.len() + call.name.len()),
        Part::Image { .. } => PICTURE_TOKENS,
    };
    message.parts.iter().map(part).sum::<u64>() + MESSAGE_TOKENS
}

/// Tokens that are reserved for so many bytes of text.
pub(super) fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(BYTES_PER_TOKEN)
}
