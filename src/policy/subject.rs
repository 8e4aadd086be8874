//! On whose behalf something is done.

use serde::{Deserialize, Serialize};

use crate::protocol::ids::{AssistantId, ThreadId, WorkspaceId};
use crate::protocol::turn::Provenance;

/// Who caused a turn.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The owner.
    Owner,
    /// Another member of the tenant.
    Member,
    /// A program with an API token.
    Token,
    /// A sender of a channel whom somebody approved.
    Channel,
    /// Any other sender of a channel.
    Stranger,
    /// A webhook.
    Webhook,
    /// A schedule.
    Schedule,
}

impl SourceKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Member,
        Self::Token,
        Self::Channel,
        Self::Stranger,
        Self::Webhook,
        Self::Schedule,
    ];

    /// Whether nobody who may decide is known to look.
    #[must_use]
    pub const fn is_unattended(self) -> bool {
        matches!(self, Self::Stranger | Self::Webhook | Self::Schedule)
    }

    /// Who causes a turn whose own message has this provenance. What should not be there counts as the
    /// least trusted.
    #[must_use]
    pub const fn of(provenance: Provenance) -> Self {
        match provenance {
            Provenance::Owner => Self::Owner,
            Provenance::Member => Self::Member,
            Provenance::Token => Self::Token,
            Provenance::ApprovedSender => Self::Channel,
            Provenance::Webhook => Self::Webhook,
            Provenance::Schedule | Provenance::System => Self::Schedule,
            Provenance::Stranger | Provenance::Tool | Provenance::Web | Provenance::Model => Self::Stranger,
        }
    }
}

/// Who does it, where, and because of whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subject {
    /// The assistant.
    pub assistant: Option<AssistantId>,
    /// The workspace.
    pub workspace: Option<WorkspaceId>,
    /// The thread.
    pub thread: Option<ThreadId>,
    /// Who caused it.
    pub source: SourceKind,
}

/// Whom a rule is about. A field that is left out matches everybody.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectPattern {
    /// Only this assistant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assistant: Option<AssistantId>,
    /// Only in this workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<WorkspaceId>,
    /// Only in this thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadId>,
    /// Only when caused so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceKind>,
}

impl SubjectPattern {
    /// Whether the rule is about this subject.
    #[must_use]
    pub fn matches(&self, subject: &Subject) -> bool {
        fn fits<T: PartialEq + Copy>(wanted: Option<T>, found: Option<T>) -> bool {
            wanted.is_none() || wanted == found
        }
        fits(self.assistant, subject.assistant)
            && fits(self.workspace, subject.workspace)
            && fits(self.thread, subject.thread)
            && fits(self.source, Some(subject.source))
    }
}
