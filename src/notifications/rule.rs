//! Rules: what people want to be told, and how.
//!
//! Of all rules that fit, the one of the workspace wins over one for everything, and among those the one that says
//! most exactly what it is about. Where none fits, warnings and errors are in the inbox and nothing goes anywhere.

use super::error::NotificationError;
use super::notice::{Happening, Severity, words};
use super::pattern::Pattern;
use crate::protocol::ids::{NotificationRuleId, WorkspaceId};

/// Rules of a tenant.
pub const RULES_MAX: usize = 500;
/// Most characters of a name.
const NAME_CHARS_MAX: usize = 100;

words! {
    /// Where a notice goes besides the inbox, where it always is.
    Delivery {
        /// The inbox alone.
        InApp = "in_app",
        /// By e-mail.
        Email = "email",
        /// To browsers that are subscribed.
        Push = "push",
        /// Over a chat platform.
        Channel = "channel",
        /// Every way that is set up.
        All = "all",
    } "in_app, email, push, channel or all"
}

words! {
    /// A way out of the daemon.
    Way {
        /// By e-mail.
        Email = "email",
        /// To a browser.
        Push = "push",
        /// Over a chat platform.
        Channel = "channel",
    } "email, push or channel"
}

/// What people want to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its id.
    pub id: NotificationRuleId,
    /// For this workspace; `None` for every one, and for what has none.
    pub workspace: Option<WorkspaceId>,
    /// Its name.
    pub name: String,
    /// A word of [`Pattern`], the beginning of some with `.*` at its end, or `*`.
    pub pattern: String,
    /// What is less bad is not told.
    pub severity: Severity,
    /// How it is told.
    pub delivery: Delivery,
    /// Whether it is told at all.
    pub enabled: bool,
    /// Counts changes.
    pub version: i64,
    /// When it was made, in Unix milliseconds.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// A rule that somebody wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRule {
    /// For this workspace; `None` for every one.
    pub workspace: Option<WorkspaceId>,
    /// Its name; empty for its pattern.
    pub name: String,
    /// See [`Rule::pattern`].
    pub pattern: String,
    /// What is less bad is not told.
    pub severity: Severity,
    /// How it is told.
    pub delivery: Delivery,
    /// Whether it is told at all.
    pub enabled: bool,
}

/// What changes of a rule.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RuleChange {
    /// Its name.
    pub name: Option<String>,
    /// What it is about.
    pub pattern: Option<String>,
    /// What is less bad is not told.
    pub severity: Option<Severity>,
    /// How it is told.
    pub delivery: Option<Delivery>,
    /// Whether it is told at all.
    pub enabled: Option<bool>,
}

// === impl Delivery ===

impl Delivery {
    /// The ways out that it names. [`Delivery::All`] names all; those that are not set up are left out later.
    #[must_use]
    pub const fn ways(self) -> &'static [Way] {
        match self {
            Self::InApp => &[],
            Self::Email => &[Way::Email],
            Self::Push => &[Way::Push],
            Self::Channel => &[Way::Channel],
            Self::All => Way::ALL,
        }
    }
}

// === impl NewRule ===

impl NewRule {
    pub(super) fn into_rule(self, now_ms: i64) -> Result<Rule, NotificationError> {
        let name = if self.name.trim().is_empty() { self.pattern.clone() } else { self.name };
        let rule = Rule {
            id: NotificationRuleId::new(),
            workspace: self.workspace,
            name,
            pattern: self.pattern,
            severity: self.severity,
            delivery: self.delivery,
            enabled: self.enabled,
            version: 1,
            created_ms: now_ms,
            updated_ms: now_ms,
        };
        rule.checked()
    }
}

// === impl RuleChange ===

impl RuleChange {
    pub(super) fn apply(self, mut rule: Rule, now_ms: i64) -> Result<Rule, NotificationError> {
        rule.name = self.name.unwrap_or(rule.name);
        rule.pattern = self.pattern.unwrap_or(rule.pattern);
        rule.severity = self.severity.unwrap_or(rule.severity);
        rule.delivery = self.delivery.unwrap_or(rule.delivery);
        rule.enabled = self.enabled.unwrap_or(rule.enabled);
        rule.version += 1;
        rule.updated_ms = now_ms;
        rule.checked()
    }
}

// === impl Rule ===

impl Rule {
    fn checked(mut self) -> Result<Self, NotificationError> {
        self.name = self.name.trim().to_owned();
        if !(1..=NAME_CHARS_MAX).contains(&self.name.chars().count()) {
            return Err(NotificationError::field("name", format!("has 1 to {NAME_CHARS_MAX} characters")));
        }
        if !Pattern::ALL.iter().any(|pattern| weight(&self.pattern, *pattern).is_some()) {
            let text = "is no pattern; GET /api/v1/notification-patterns lists them, and `capuchin.mcp.*` or `*` \
                        stand for several";
            return Err(NotificationError::field("pattern", text));
        }
        Ok(self)
    }

    /// How exactly it is about this; `None` when it is not.
    fn fits(&self, happening: &Happening) -> Option<(bool, usize)> {
        if self.workspace.is_some() && self.workspace != happening.workspace {
            return None;
        }
        Some((self.workspace.is_some(), weight(&self.pattern, happening.pattern)?))
    }
}

/// How exactly a rule's pattern names this one: the length of what they share, and an exact one above all.
fn weight(of: &str, pattern: Pattern) -> Option<usize> {
    if of == "*" {
        return Some(0);
    }
    let begins = of.strip_suffix('*').filter(|prefix| prefix.ends_with('.'));
    let of_word = |word: &str| match begins {
        None => (word == of).then_some(usize::MAX),
        Some(prefix) => word.starts_with(prefix).then_some(prefix.len()),
    };
    pattern.words().filter_map(of_word).max()
}

/// How this is told; `None` when nobody wants to know.
pub(super) fn delivery(rules: &[Rule], happening: &Happening) -> Option<Delivery> {
    let best =
        rules.iter().filter_map(|rule| Some((rule.fits(happening)?, rule))).max_by_key(|(fit, _)| *fit);
    match best {
        Some((_, rule)) if rule.enabled && happening.severity >= rule.severity => Some(rule.delivery),
        Some(_) => None,
        None => (happening.severity >= Severity::Warning).then_some(Delivery::InApp),
    }
}

/// Whether anybody may want to know this. Which workspace a conversation is in is only known to the store.
pub(super) fn may_be_wanted(rules: &[Rule], happening: &Happening) -> bool {
    let somewhere = |rule: &Rule| {
        let fits = rule.workspace.is_some() && weight(&rule.pattern, happening.pattern).is_some();
        fits && rule.enabled && happening.severity >= rule.severity
    };
    delivery(rules, happening).is_some() || happening.is_somewhere() && rules.iter().any(somewhere)
}
