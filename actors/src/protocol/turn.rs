//! The life of a turn: what comes in, the states it passes, and how it ends.

use serde::{Deserialize, Serialize};

use super::chat::{StopReason, ToolCall, Usage};
use super::ids::{MessageId, TenantId, ThreadId, TurnId};
use super::journal::TurnLog;
use super::model::ModelErrorKind;

/// Where a piece of text came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// The owner, signed in or on the machine itself.
    Owner,
    /// Another member of the tenant, signed in.
    Member,
    /// A program with an API token.
    Token,
    /// A sender of a channel whom the owner approved.
    ApprovedSender,
    /// Any other sender of a channel.
    Stranger,
    /// A tool, which may repeat what it read anywhere.
    Tool,
    /// A page or an answer of the network.
    Web,
    /// A webhook.
    Webhook,
    /// A schedule, in the words of who made it.
    Schedule,
    /// A model.
    Model,
    /// The daemon itself.
    System,
}

impl Provenance {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Owner,
        Self::Member,
        Self::Token,
        Self::ApprovedSender,
        Self::Stranger,
        Self::Tool,
        Self::Web,
        Self::Webhook,
        Self::Schedule,
        Self::Model,
        Self::System,
    ];

    /// The word used in the store and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
            Self::Token => "token",
            Self::ApprovedSender => "approved_sender",
            Self::Stranger => "stranger",
            Self::Tool => "tool",
            Self::Web => "web",
            Self::Webhook => "webhook",
            Self::Schedule => "schedule",
            Self::Model => "model",
            Self::System => "system",
        }
    }

    /// The provenance with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provenance| provenance.as_str() == word)
    }

    /// Whether the text is somebody's whom the tenant trusts to give instructions. What a model says is
    /// as good as what it read, which is judged by itself.
    #[must_use]
    pub const fn is_trusted(self) -> bool {
        !matches!(self, Self::Stranger | Self::Tool | Self::Web | Self::Webhook)
    }
}

/// A message on its way into a thread.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inbound {
    /// Whose thread it is.
    pub tenant: TenantId,
    /// The thread that it belongs to.
    pub thread: ThreadId,
    /// The text, 1 byte to the limit of the settings.
    pub content: String,
    /// Who wrote it.
    pub provenance: Provenance,
    /// Where it came from: idempotency keys are unique within a source.
    pub source: String,
    /// The sender's key; the same key answers with the first outcome.
    pub idempotency_key: Option<String>,
    /// What this turn wants otherwise than the thread's assistant does.
    pub overrides: TurnOverrides,
}

/// Choices of one message that differ from its thread's assistant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnOverrides {
    /// Another backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Another model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Limit of the answer in tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// JSON object of further model parameters in OpenAI's names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<String>,
    /// What a schedule wants of its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Box<Scheduled>>,
    /// Where its tools work instead of the workspace, for a turn of an experiment. Never taken from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confined: Option<Confined>,
}

/// What a schedule wants of its turn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduled {
    /// How far the turn may go at most, as a word of the policy; one that is not known is the narrowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<String>,
    /// The one call of a tool that the turn makes, instead of asking a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<ScriptedCall>,
}

impl TurnOverrides {
    /// The one call of a tool that the turn makes, instead of asking a model.
    #[must_use]
    pub fn call(&self) -> Option<&ScriptedCall> {
        self.scheduled.as_ref()?.call.as_ref()
    }

    /// How far the turn may go at most.
    #[must_use]
    pub fn ceiling(&self) -> Option<&str> {
        self.scheduled.as_ref()?.ceiling.as_deref()
    }
}

/// A call of a tool that no model thought of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptedCall {
    /// Which tool.
    pub name: String,
    /// Its arguments as JSON text.
    pub arguments: String,
}

/// A folder of an experiment in which a turn works, and the only tools that it has there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confined {
    /// The folder, relative to where the daemon keeps those of experiments.
    pub folder: String,
    /// Names of the tools.
    pub tools: Vec<String>,
}

/// The proof that a message is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Accepted {
    /// The turn that answers it.
    pub turn_id: TurnId,
    /// The stored message.
    pub message_id: MessageId,
    /// The id of the `accepted` event: streams that want all of this turn start after `event_id - 1`.
    pub event_id: i64,
    /// Whether an earlier message had the same key, so that nothing new was stored.
    pub repeated: bool,
}

/// Where a turn is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    /// Stored and waiting.
    Queued,
    /// A model works on it.
    Running,
    /// Answered.
    Done,
    /// Ended by an error that its `error` event names.
    Failed,
    /// Ended by a person; the partial answer is kept.
    Stopped,
    /// Ended by a crash of the turn or of the daemon after text was visible; the partial answer is kept.
    Interrupted,
}

impl TurnState {
    /// The word used in the store and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Stopped, Self::Interrupted]
            .into_iter()
            .find(|state| state.as_str() == word)
    }

    /// Whether nothing follows any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// Who caused a turn: whose rights it has, and whose words it answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// `owner`, the id of a member or a token, …: what budgets and approvals are kept under.
    pub source: String,
    /// Where its message came from.
    pub provenance: Provenance,
}

/// A turn that has not ended, as the store knows it.
#[derive(Clone, Debug)]
pub struct PendingTurn {
    /// The turn.
    pub turn_id: TurnId,
    /// The message that it answers.
    pub message_id: MessageId,
    /// Queued, or running in an earlier life.
    pub state: TurnState,
    /// How often it was begun.
    pub attempt: u32,
    /// How many of those begins ended while it waited for a person, which is no fault of its own, or after it had
    /// got further, which is none either.
    pub waits: u32,
    /// Who caused it.
    pub cause: Cause,
    /// Whether some of what its model says in the present round is already in the event log.
    pub visible: bool,
    /// That text.
    pub partial: String,
    /// The message's choices.
    pub overrides: TurnOverrides,
}

/// The message of a turn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnText {
    /// What it says.
    pub text: String,
    /// Where it came from.
    pub provenance: Provenance,
}

/// What a turn has to do.
#[derive(Clone, Debug)]
pub struct TurnWork {
    /// Whose it is.
    pub tenant: TenantId,
    /// The thread.
    pub thread: ThreadId,
    /// The turn. Its prompt is what earlier turns of the thread said, then its own message.
    pub turn_id: TurnId,
    /// Its message while that may still be on its way to the disk; else the store has it.
    pub content: Option<OwnText>,
    /// 1 for the first try.
    pub attempt: u32,
    /// Who caused it.
    pub cause: Cause,
    /// The message's choices.
    pub overrides: TurnOverrides,
}

/// What the model did in a turn, as far as it came.
#[derive(Clone, Debug, Default)]
pub struct TurnAnswer {
    /// The text so far.
    pub text: String,
    /// The reasoning so far.
    pub thinking: String,
    /// The provider's seal over the reasoning.
    pub signature: Option<String>,
    /// The tool calls that were asked for.
    pub tool_calls: Vec<ToolCall>,
    /// Tokens used.
    pub usage: Usage,
    /// Why the model stopped, if it did.
    pub stop_reason: Option<StopReason>,
    /// The backend that answered.
    pub backend: String,
    /// The model that answered.
    pub model: String,
}

/// How a turn ends. Written once, in one transaction with the answer.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Whose it is.
    pub tenant: TenantId,
    /// The thread.
    pub thread: ThreadId,
    /// The turn.
    pub turn_id: TurnId,
    /// The terminal state.
    pub state: TurnState,
    /// The answer of its last round, whole or partial.
    pub answer: TurnAnswer,
    /// Tokens of the rounds before that one, which are counted already.
    pub spent: Usage,
    /// What is not in the log yet; it is written before the last event.
    pub tail: TurnLog,
    /// Why it is not `Done`.
    pub failure: Option<TurnFailure>,
}

/// Why a turn has no whole answer. Shown to the person as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnFailure {
    /// A stable word: one of [`ModelErrorKind::as_str`], or `stopped`, `deadline`, `crashed`, `interrupted`, `busy`.
    pub code: String,
    /// What happened and what to do, without a secret.
    pub message: String,
    /// Whether trying again may help.
    pub retryable: bool,
    /// Seconds to wait before that, when the provider said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

impl Inbound {
    /// Who causes the turn that answers it.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause { source: self.source.clone(), provenance: self.provenance }
    }
}

impl TurnFailure {
    /// A failure of the daemon's own making.
    pub fn new(code: &str, message: impl Into<String>, retryable: bool) -> Self {
        Self { code: code.to_owned(), message: message.into(), retryable, retry_after_s: None }
    }
}

impl From<&super::model::ModelError> for TurnFailure {
    fn from(error: &super::model::ModelError) -> Self {
        Self {
            code: ModelErrorKind::as_str(error.kind).to_owned(),
            message: error.message.clone(),
            retryable: error.kind.is_transient(),
            retry_after_s: error.retry_after.map(|delay| delay.as_secs().max(1)),
        }
    }
}
