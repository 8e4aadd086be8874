//! What an approval is.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::notifications::{Happening, Pattern, SourceType};
use crate::policy::{Action, SourceKind, Subject};
use crate::protocol::ids::{ApprovalId, AssistantId, RuleId, ThreadId, TurnId, WorkspaceId};

/// Where an approval is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ApprovalState {
    /// Nobody has decided.
    Pending,
    /// It may be done.
    Allowed,
    /// It may not be done.
    Denied,
    /// Nobody decided in time: it may not be done.
    Expired,
}

impl ApprovalState {
    const ALL: [Self; 4] = [Self::Pending, Self::Allowed, Self::Denied, Self::Expired];

    /// The word used in the store and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }

    /// The state with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// How far a decision reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecisionScope {
    /// This one action.
    Once,
    /// This action, as often as this thread wants it: makes a rule.
    Thread,
    /// This action, of this assistant in this workspace and caused the same way: makes a rule.
    Always,
}

impl DecisionScope {
    const ALL: [Self; 3] = [Self::Once, Self::Thread, Self::Always];

    /// The word used in the store and in the APIs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Thread => "thread",
            Self::Always => "always",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// What a person answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// Yes, as far as this says.
    Allow(DecisionScope),
    /// No.
    Deny,
}

impl FromStr for Choice {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "allow" => Ok(Self::Allow(DecisionScope::Once)),
            "allow_thread" => Ok(Self::Allow(DecisionScope::Thread)),
            "allow_always" => Ok(Self::Allow(DecisionScope::Always)),
            "deny" => Ok(Self::Deny),
            _ => Err(()),
        }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Whose action it is.
    pub subject: Subject,
    /// The turn that waits; `None` for a program's own question.
    pub turn: Option<TurnId>,
    /// Who caused it: `owner`, the id of a member or a token, …
    pub source: String,
    /// What is to be done, all of it or nothing; at least one.
    pub actions: Vec<Action>,
    /// The bytes that go with it: a tool's arguments, a message's text. May be empty.
    pub payload: String,
    /// Why a person is asked.
    pub why: String,
    /// The rule that said so.
    pub rule: Option<RuleId>,
    /// Whether the turn has read untrusted text.
    pub tainted: bool,
    /// Time to decide; `None` for the settings'.
    pub expires_in: Option<Duration>,
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// The thread that it belongs to.
    pub thread: Option<ThreadId>,
    /// The turn that waits.
    pub turn: Option<TurnId>,
    /// The thread's workspace.
    pub workspace: Option<WorkspaceId>,
    /// The assistant that wants it.
    pub assistant: Option<AssistantId>,
    /// Who caused it.
    pub source: String,
    /// What kind of cause that is.
    pub source_kind: SourceKind,
    /// What is to be done.
    pub actions: Vec<Action>,
    /// The bytes that go with it.
    pub payload: String,
    /// Both, with everything invisible made visible.
    pub shown: String,
    /// SHA-256 of both.
    pub digest: [u8; 32],
    /// Why a person is asked.
    pub why: String,
    /// The rule that said so.
    pub rule: Option<RuleId>,
    /// Whether the turn had read untrusted text.
    pub tainted: bool,
    /// When it was asked, in milliseconds since 1970.
    pub requested_ms: i64,
    /// When it becomes a denial.
    pub expires_ms: i64,
    /// Where it is.
    pub state: ApprovalState,
    /// How far the decision reaches.
    pub scope: Option<DecisionScope>,
    /// Who decided; `system` when the turn ended first.
    pub decided_by: Option<String>,
    /// When.
    pub decided_ms: Option<i64>,
    /// Why, in the words of who decided; may be empty.
    pub reason: String,
    /// The rule that the decision made.
    pub made_rule: Option<RuleId>,
    /// When the action was begun.
    pub used_ms: Option<i64>,
}

impl Approval {
    /// What people are told when it begins to wait.
    pub(super) fn waits(&self) -> Happening {
        let what = self.shown.lines().next().unwrap_or_default();
        Happening::new(Pattern::ApprovalWaiting, format!("Somebody has to decide: {what}"))
            .saying(self.why.as_str())
            .within(self.workspace)
            .to(SourceType::Approval, self.id)
    }

    /// The digest as text.
    #[must_use]
    pub fn digest_hex(&self) -> String {
        self.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What an `approval` event says: enough to show the question or its outcome without another call.
    #[must_use]
    pub fn event(&self) -> Map<String, Value> {
        let data = json!({
            "approval_id": self.id,
            "state": self.state.as_str(),
            "shown": self.shown,
            "why": self.why,
            "expires_ms": self.expires_ms,
            "decided_by": self.decided_by,
            "scope": self.scope.map(DecisionScope::as_str),
            "reason": self.reason,
        });
        match data {
            Value::Object(data) => data.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            _ => Map::new(),
        }
    }
}

/// Which approvals are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApprovalFilter {
    /// Those in this state.
    pub state: Option<ApprovalState>,
    /// Those of this thread.
    pub thread: Option<ThreadId>,
    /// Those after this one.
    pub after: Option<Cursor>,
}

/// A place in the list, which is in the order of expiry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    pub(super) expires_ms: i64,
    pub(super) id: ApprovalId,
}

impl From<&Approval> for Cursor {
    fn from(approval: &Approval) -> Self {
        Self { expires_ms: approval.expires_ms, id: approval.id }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.expires_ms, self.id)
    }
}

/// A text that is no cursor of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (ms, id) = text.split_once('.').ok_or(NoCursor)?;
        Ok(Self { expires_ms: ms.parse().map_err(|_| NoCursor)?, id: id.parse().map_err(|_| NoCursor)? })
    }
}
