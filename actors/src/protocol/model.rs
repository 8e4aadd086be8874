//! What a model call is, what it streams, and how it fails: the same for every backend.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::chat::{ChatMessage, StopReason, ToolCall, ToolSpec, Usage};

/// One call of a model.
#[derive(Clone, Debug, Default)]
pub struct ModelRequest {
    /// The model's name as its provider knows it.
    pub model: String,
    /// System prompt; empty for none.
    pub system: String,
    /// The conversation, oldest first, the new message last.
    pub messages: Vec<ChatMessage>,
    /// Tools that the model may call.
    pub tools: Vec<ToolSpec>,
    /// Limit of the answer in tokens.
    pub max_tokens: Option<u32>,
    /// Further parameters in OpenAI's names (`temperature`, `tool_choice`, …), passed on as they are.
    pub extra: Map<String, Value>,
    /// Whether pieces are wanted as they come. `false` lets a backend take the cheaper whole answer.
    pub stream: bool,
}

/// One normalised event of an answer. Text arrives in order; `Stop` is the last event of a good answer.
#[derive(Clone, PartialEq, Debug)]
pub enum ModelEvent {
    /// A piece of the answer.
    Text(String),
    /// A piece of reasoning.
    Thinking(String),
    /// The seal over the reasoning so far.
    ThinkingSignature(String),
    /// A whole tool call.
    ToolCall(ToolCall),
    /// Tokens so far; the last one counts.
    Usage(Usage),
    /// The model stopped.
    Stop(StopReason),
}

/// What went wrong with a model call, by what a caller can do about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelErrorKind {
    /// The request is wrong; the same request fails again.
    InvalidRequest,
    /// The credential is missing or wrong.
    Authentication,
    /// The credential may not do this, or the account has no credit.
    Permission,
    /// No such model or address.
    NotFound,
    /// The prompt is too large.
    TooLarge,
    /// Too many requests; try again after the delay.
    RateLimited,
    /// The provider is overloaded; try again later.
    Overloaded,
    /// The provider failed.
    Upstream,
    /// The provider could not be reached.
    Network,
    /// No answer in time.
    Timeout,
    /// The stream ended without a finish reason: the answer is not whole.
    Truncated,
    /// The provider answered something that its protocol does not allow.
    Protocol,
    /// Our own settings are incomplete.
    Configuration,
    /// The policy, or a person who was asked, said no.
    Denied,
    /// A budget has too little left.
    BudgetExceeded,
    /// The kill switch is engaged.
    #[serde(rename = "kill_switch")]
    Halted,
}

impl ModelErrorKind {
    /// The stable word in events, metrics and problem documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Upstream => "upstream",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Protocol => "protocol",
            Self::Configuration => "configuration",
            Self::Denied => "denied",
            Self::BudgetExceeded => "budget_exceeded",
            Self::Halted => "kill_switch",
        }
    }

    /// Whether the same call may succeed later without a change.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited
                | Self::Overloaded
                | Self::Upstream
                | Self::Network
                | Self::Timeout
                | Self::Truncated
        )
    }
}

/// A failed model call. The text is for people and holds no secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What a caller can do about it.
    pub kind: ModelErrorKind,
    /// What happened, in the provider's words where it gave any.
    pub message: String,
    /// How long the provider asked us to wait.
    pub retry_after: Option<Duration>,
    /// The provider's HTTP status, when there was one.
    pub status: Option<u16>,
}

impl ModelError {
    /// An error without a status or a delay.
    pub fn new(kind: ModelErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, status: None }
    }
}
