//! Identifiers. UUID version 7 where we make them, so that keys sort by time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later than every id made before in this process.
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The sixteen bytes under which the id is stored.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id stored in these bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// One conversation in a workspace.
    ThreadId
);
uuid_id!(
    /// One stored message of a thread.
    MessageId
);
uuid_id!(
    /// Everything from one accepted message to its settled answer.
    TurnId
);
uuid_id!(
    /// What is known about a person, as long as it is not forgotten.
    ProfileId
);
uuid_id!(
    /// A summary that stands for older messages of a thread.
    CompactionId
);
uuid_id!(
    /// Something that a plug put before a message.
    InjectionId
);
uuid_id!(
    /// A project: files root, assistant, rules and threads.
    WorkspaceId
);
uuid_id!(
    /// A persona: name, backend, model, system prompt.
    AssistantId
);
uuid_id!(
    /// One thing that an assistant remembers.
    FactId
);
uuid_id!(
    /// An API token (the record, never the secret).
    TokenId
);
uuid_id!(
    /// One rule of a tenant's policy.
    RuleId
);
uuid_id!(
    /// One question to a person.
    ApprovalId
);
uuid_id!(
    /// A person of a tenant: its owner, or a member.
    MemberId
);
uuid_id!(
    /// A passkey of a person.
    PasskeyId
);
uuid_id!(
    /// A signed-in browser.
    WebSessionId
);

uuid_id!(
    /// An experiment.
    ExperimentId
);
uuid_id!(
    /// A limit on what may be spent.
    BudgetId
);

uuid_id!(
    /// A named secret of the vault (the record, never the value).
    SecretId
);
uuid_id!(
    /// OAuth tokens of one account at one provider.
    OauthTokenId
);
uuid_id!(
    /// Something that people are told.
    NotificationId
);
uuid_id!(
    /// What people want to be told, and how.
    NotificationRuleId
);
uuid_id!(
    /// One message of a notification to somewhere else.
    DeliveryId
);
uuid_id!(
    /// A browser that gets pushes.
    PushSubscriptionId
);
uuid_id!(
    /// A configured MCP server.
    McpServerId
);
uuid_id!(
    /// An address that webhooks come to.
    WebhookId
);
uuid_id!(
    /// One webhook that came.
    WebhookDeliveryId
);
uuid_id!(
    /// Something that happens by itself, at its times.
    ScheduleId
);
uuid_id!(
    /// What became of one time of a schedule.
    ScheduleRunId
);
uuid_id!(
    /// A connection to a chat platform.
    ChannelId
);
uuid_id!(
    /// A message that came over a channel.
    InboxId
);
uuid_id!(
    /// A message that must reach somebody.
    ObligationId
);

/// An isolated household or person. 1–64 characters of `a-z0-9-`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Arc<str>);

/// A tenant name that is empty, too long, or has characters outside `a-z0-9-`.
#[derive(Debug, thiserror::Error)]
#[error("a tenant name has 1 to 64 characters of a-z, 0-9 and -")]
pub struct BadTenantId;

impl TenantId {
    /// The tenant that exists from the first start.
    #[must_use]
    pub fn home() -> Self {
        Self(Arc::from("home"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TenantId {
    type Err = BadTenantId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        fits.then(|| Self(Arc::from(text))).ok_or(BadTenantId)
    }
}

impl TryFrom<String> for TenantId {
    type Error = BadTenantId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0.as_ref().to_owned()
    }
}
