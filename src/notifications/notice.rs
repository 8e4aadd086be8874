//! What happened, and the notice that it becomes.

use std::fmt;

use super::pattern::Pattern;
use crate::db::fingerprint;
use crate::protocol::ids::{NotificationId, WorkspaceId};

/// Most characters of a title.
pub const TITLE_CHARS_MAX: usize = 255;
/// Most characters of a body.
pub const BODY_CHARS_MAX: usize = 5_000;
/// Bytes of a text that are taken in: enough that a secret at the end of what is kept is whole.
const TEXT_BYTES_MAX: usize = 32 << 10;
/// Most bytes of the id of a source.
const SOURCE_ID_BYTES_MAX: usize = 200;

/// A word that is none of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is {0}")]
pub struct Unreadable(pub &'static str);

/// A closed list of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? } $list:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum $name {
            $($(#[$inner])* $variant,)+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its word in the store, the APIs and on the command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::notifications::notice::Unreadable;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().copied().find(|one| one.as_str() == word);
                found.ok_or($crate::notifications::notice::Unreadable($list))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(super) use words;

words! {
    /// What a notice is about.
    Category {
        /// Webhooks.
        Webhook = "webhook",
        /// Experiments.
        Experiment = "experiment",
        /// Conversations and what they start.
        Session = "session",
        /// The daemon itself.
        System = "system",
        /// Chat platforms.
        Channel = "channel",
    } "webhook, experiment, session, system or channel"
}

words! {
    /// How bad it is; later ones are worse.
    Severity {
        /// Good to know.
        Info = "info",
        /// Somebody should look.
        Warning = "warning",
        /// Something does not work.
        Error = "error",
    } "info, warning or error"
}

words! {
    /// What became of a notice.
    NoticeStatus {
        /// Nobody has seen it, or it came back since.
        Unread = "unread",
        /// Somebody has seen it.
        Read = "read",
        /// Somebody wants to see it no more.
        Dismissed = "dismissed",
    } "unread, read or dismissed"
}

words! {
    /// What it happened to.
    SourceType {
        /// A delivery of a webhook.
        WebhookDelivery = "webhook_delivery",
        /// An endpoint of webhooks.
        WebhookEndpoint = "webhook_endpoint",
        /// An experiment.
        Experiment = "experiment",
        /// A conversation, by its thread.
        Session = "session",
        /// A channel.
        Channel = "channel",
        /// A question to people.
        Approval = "approval",
        /// A schedule.
        Schedule = "schedule",
        /// A process.
        Process = "process",
        /// An MCP server.
        McpServer = "mcp_server",
        /// An actor, by its path.
        Actor = "actor",
        /// A budget.
        Budget = "budget",
        /// An assistant, by its id.
        Assistant = "assistant",
        /// A secret, by its name.
        Secret = "secret",
        /// An OAuth token, by its id.
        OauthToken = "oauth_token",
        /// A certificate, by its name.
        Certificate = "certificate",
        /// A layer of the sandbox.
        SandboxLayer = "sandbox_layer",
        /// A part of the daemon, by its module.
        Part = "part",
    } "no kind of source"
}

/// What it happened to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Which kind of thing.
    pub kind: SourceType,
    /// Which one.
    pub id: String,
}

/// Something that people may want to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Happening {
    /// What it is.
    pub pattern: Pattern,
    /// How bad it is.
    pub severity: Severity,
    /// The workspace that it concerns; `None` for everything.
    pub workspace: Option<WorkspaceId>,
    /// What it happened to.
    pub source: Option<Source>,
    /// One line.
    pub title: String,
    /// The rest; may be empty.
    pub body: String,
    /// What else makes it another one than the last with this pattern and source; may be empty.
    pub collapse: String,
}

/// What is in the inbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// Its id.
    pub id: NotificationId,
    /// The workspace that it concerns; `None` for everything.
    pub workspace: Option<WorkspaceId>,
    /// The word of what happened; one of a newer version may be unknown here.
    pub pattern: String,
    /// What it is about.
    pub category: Category,
    /// How bad it is: the worst of all that it stands for.
    pub severity: Severity,
    /// What became of it.
    pub status: NoticeStatus,
    /// One line, of the last time.
    pub title: String,
    /// The rest, of the last time.
    pub body: String,
    /// What it happened to.
    pub source: Option<Source>,
    /// How often it happened.
    pub count: u64,
    /// When it happened first, in Unix milliseconds.
    pub first_ms: i64,
    /// When it happened last.
    pub last_ms: i64,
    /// When it was read.
    pub read_ms: Option<i64>,
    /// When its row changed last.
    pub updated_ms: i64,
    /// Counts changes.
    pub version: i64,
}

/// Which notices are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NoticeFilter {
    /// Only those of this workspace; those that concern everything are left out then.
    pub workspace: Option<WorkspaceId>,
    /// Only these. Without it everything but what was dismissed.
    pub status: Option<NoticeStatus>,
    /// Only these.
    pub category: Option<Category>,
    /// Only what is as bad as this, or worse.
    pub severity: Option<Severity>,
    /// Dismissed ones too, when no status is asked for.
    pub with_dismissed: bool,
}

// === impl Happening ===

impl Happening {
    /// Something that happened, as bad as its pattern says.
    #[must_use]
    pub fn new(pattern: Pattern, title: impl Into<String>) -> Self {
        Self {
            pattern,
            severity: pattern.severity(),
            workspace: None,
            source: None,
            title: title.into(),
            body: String::new(),
            collapse: String::new(),
        }
    }

    /// With more words.
    #[must_use]
    pub fn saying(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// To this thing.
    #[must_use]
    pub fn to(mut self, kind: SourceType, id: impl fmt::Display) -> Self {
        self.source = Some(Source { kind, id: id.to_string() });
        self
    }

    /// In this workspace.
    #[must_use]
    pub fn within(mut self, workspace: impl Into<Option<WorkspaceId>>) -> Self {
        self.workspace = workspace.into();
        self
    }

    /// As bad as this.
    #[must_use]
    pub fn being(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Another one than those with another key.
    #[must_use]
    pub fn told_apart_by(mut self, key: impl Into<String>) -> Self {
        self.collapse = key.into();
        self
    }

    /// Short enough to wait in memory.
    pub(super) fn bounded(mut self) -> Self {
        cut_bytes(&mut self.title, TEXT_BYTES_MAX);
        cut_bytes(&mut self.body, TEXT_BYTES_MAX);
        if let Some(source) = &mut self.source {
            cut_bytes(&mut source.id, SOURCE_ID_BYTES_MAX);
        }
        self
    }

    /// Whether it is in a workspace that nobody has named yet.
    pub(super) fn is_somewhere(&self) -> bool {
        self.workspace.is_none()
            && self.source.as_ref().is_some_and(|source| source.kind == SourceType::Session)
    }

    /// What has the same digest is the same thing again.
    pub(super) fn digest(&self) -> [u8; 32] {
        let workspace = self.workspace.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let (kind, id) = self.source.as_ref().map_or(("", ""), |source| (source.kind.as_str(), &source.id));
        fingerprint(&[
            self.pattern.as_str().as_bytes(),
            &workspace,
            kind.as_bytes(),
            id.as_bytes(),
            self.collapse.as_bytes(),
        ])
    }
}

/// The beginning of a text, cut between characters, with a sign that it was cut.
pub(super) fn cut_chars(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => {
            let end = text.char_indices().nth(chars_max.saturating_sub(1)).map_or(0, |(at, _)| at);
            format!("{}…", text.get(..end).unwrap_or_default())
        }
    }
}

/// A text as one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut_bytes(text: &mut String, bytes_max: usize) {
    if text.len() > bytes_max {
        let end = (0..=bytes_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
    }
}
