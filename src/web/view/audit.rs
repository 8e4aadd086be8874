//! The audit trail as a page.

use askama::Template;

use super::{Frame, filters};

/// `/audit`.
#[derive(Template)]
#[template(path = "audit.html", config = "src/web/askama.toml")]
pub struct AuditPage {
    /// The frame.
    pub frame: Frame,
    /// Which entries are shown.
    pub filter: AuditFilter,
    /// Newest first.
    pub rows: Vec<AuditRow>,
    /// The address of older entries.
    pub older: Option<String>,
    /// The address of the newest ones, on a page of older ones.
    pub newest: Option<String>,
    /// The address of everything that the filter lets through, as JSON lines.
    pub export: String,
    /// How whole the chain is.
    pub chain: ChainView,
}

/// What a person wants to see. Empty is all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// An action, or the first word of some.
    pub action: String,
    /// On whose behalf.
    pub principal: String,
    /// The word of an outcome.
    pub outcome: String,
    /// A word of [`AuditPage::TIMES`].
    pub since: String,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Its place in the chain.
    pub seq: i64,
    /// When, RFC 3339.
    pub at: String,
    /// On whose behalf.
    pub principal: String,
    /// Which part of the daemon told it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what; may be empty.
    pub target: String,
    /// The word of the outcome.
    pub outcome: String,
    /// Why; may be empty.
    pub reason: String,
    /// More, as indented JSON; empty for nothing.
    pub detail: String,
    /// Its hash as hex.
    pub hash: String,
}

/// How whole the chain is.
#[derive(Clone, Debug, Default)]
pub struct ChainView {
    /// How many entries were looked at.
    pub entries: u64,
    /// Whether they are all.
    pub all: bool,
    /// The first one that does not fit.
    pub broken: Option<i64>,
    /// The last entry's number; 0 for none.
    pub seq: i64,
    /// Its hash as hex.
    pub hash: String,
}

impl AuditPage {
    /// Outcomes that can be chosen.
    pub const OUTCOMES: &'static [&'static str] = &["allowed", "denied", "asked", "done", "failed"];
    /// Times that can be chosen: the word, the label, and how long ago in milliseconds.
    pub const TIMES: &'static [(&'static str, &'static str, i64)] = &[
        ("1h", "Last hour", 3_600_000),
        ("24h", "Last 24 hours", 86_400_000),
        ("7d", "Last 7 days", 604_800_000),
        ("30d", "Last 30 days", 2_592_000_000),
    ];
    /// First words of actions, to choose from.
    pub const ACTIONS: &'static [&'static str] = &[
        "actor",
        "approval",
        "assistant",
        "budget",
        "certificate",
        "daemon",
        "kill_switch",
        "member",
        "policy",
        "process",
        "secret",
        "session",
        "sign_in",
        "token",
        "vault",
    ];

    /// Whether anything is left out.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        let AuditFilter { action, principal, outcome, since } = &self.filter;
        [action, principal, outcome, since].iter().any(|word| !word.is_empty())
    }
}
