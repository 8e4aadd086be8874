//! A budget: whose spending it limits, over which time, and how much.

use serde::{Deserialize, Serialize};

use super::amounts::{Dimension, Limits};
use super::error::BudgetError;
use super::meter::{Instance, Key};
use super::scope::Scope;
use super::window::Period;
use crate::protocol::ids::{AssistantId, BudgetId, ThreadId, TokenId};

/// Most budgets of a tenant, those of tokens not counted.
pub const BUDGETS_MAX: usize = 200;
/// Most characters of a name.
pub const NAME_CHARS_MAX: usize = 100;

/// Whose spending is limited.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// Everything of the tenant.
    Tenant,
    /// What this assistant does.
    Assistant(AssistantId),
    /// What happens in this thread.
    Thread(ThreadId),
    /// What is done with this token.
    Token(TokenId),
    /// Each thread for itself.
    EachThread,
    /// Each turn for itself.
    EachTurn,
}

/// Where a budget comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Somebody made it; it can be changed and deleted.
    Own,
    /// It belongs to an API token and ends with it.
    Token,
    /// The settings say so.
    Settings,
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Budget {
    /// Its id.
    pub id: BudgetId,
    /// A name for people, unique in the tenant.
    pub name: String,
    /// Whose spending.
    pub subject: Subject,
    /// After what it counts from nothing again.
    pub period: Period,
    /// How much.
    pub limits: Limits,
    /// Where it comes from.
    pub origin: Origin,
    /// Counts its changes, from 1.
    pub version: i64,
    /// When it was made, in milliseconds since 1970. It counts from then on.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
}

/// What somebody wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewBudget {
    /// 1–100 characters.
    pub name: String,
    /// Whose spending.
    pub subject: Subject,
    /// After what it counts from nothing again.
    pub period: Period,
    /// At least one.
    pub limits: Limits,
}

/// What is to be different. Subject and period stay: another one is another budget.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BudgetChange {
    /// Another name.
    pub name: Option<String>,
    /// Other limits, all of them.
    pub limits: Option<Limits>,
}

// === impl Subject ===

impl Subject {
    /// Which of its counts this is about; `None` when it is about none.
    pub(super) fn instance(self, scope: &Scope) -> Option<Instance> {
        const ONE: Instance = [0; 16];
        match self {
            Self::Tenant => Some(ONE),
            Self::Assistant(id) => (scope.assistant == Some(id)).then_some(ONE),
            Self::Thread(id) => (scope.thread == Some(id)).then_some(ONE),
            Self::Token(id) => (scope.token == Some(id)).then_some(ONE),
            Self::EachThread => scope.thread.map(|id| *id.as_bytes()),
            Self::EachTurn => scope.turn.map(|id| *id.as_bytes()),
        }
    }

    /// Whether there is one count of it, that can be shown.
    #[must_use]
    pub const fn is_one(self) -> bool {
        !matches!(self, Self::EachThread | Self::EachTurn)
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tenant => f.write_str("tenant"),
            Self::Assistant(id) => write!(f, "assistant:{id}"),
            Self::Thread(id) => write!(f, "thread:{id}"),
            Self::Token(id) => write!(f, "token:{id}"),
            Self::EachThread => f.write_str("each_thread"),
            Self::EachTurn => f.write_str("each_turn"),
        }
    }
}

/// A text that names no subject.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is `tenant`, `assistant:ID`, `thread:ID`, `token:ID`, `each_thread` or `each_turn`")]
pub struct BadSubject;

impl std::str::FromStr for Subject {
    type Err = BadSubject;

    fn from_str(text: &str) -> Result<Self, BadSubject> {
        match text.split_once(':') {
            None => match text {
                "tenant" => Ok(Self::Tenant),
                "each_thread" => Ok(Self::EachThread),
                "each_turn" => Ok(Self::EachTurn),
                _ => Err(BadSubject),
            },
            Some(("assistant", id)) => id.parse().map(Self::Assistant).map_err(|_| BadSubject),
            Some(("thread", id)) => id.parse().map(Self::Thread).map_err(|_| BadSubject),
            Some(("token", id)) => id.parse().map(Self::Token).map_err(|_| BadSubject),
            Some(_) => Err(BadSubject),
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = BadSubject;

    fn try_from(text: String) -> Result<Self, BadSubject> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

// === impl Budget ===

impl Budget {
    /// The count that a call belongs to, if the budget is about it.
    pub(super) fn key(&self, scope: &Scope, now_ms: i64) -> Option<Key> {
        let instance = self.subject.instance(scope)?;
        Some(Key { budget: self.id, instance, window: self.period.window(now_ms) })
    }

    /// Whether its counts are stored.
    pub(super) fn is_kept(&self) -> bool {
        self.origin != Origin::Settings
    }

    pub(super) fn changed(&self, change: BudgetChange, now_ms: i64) -> Result<Self, BudgetError> {
        let name = change.name.map_or_else(|| Ok(self.name.clone()), |name| named(&name))?;
        let limits = change.limits.unwrap_or(self.limits);
        check(&limits, self.subject)?;
        Ok(Self { name, limits, version: self.version + 1, updated_ms: now_ms, ..self.clone() })
    }
}

// === impl NewBudget ===

impl NewBudget {
    pub(super) fn into_budget(self, now_ms: i64) -> Result<Budget, BudgetError> {
        check(&self.limits, self.subject)?;
        if self.subject == Subject::EachTurn && self.period != Period::Total {
            return Err(BudgetError::Field {
                field: "period",
                text: "is `total` for each turn: a turn is one piece",
            });
        }
        Ok(Budget {
            id: BudgetId::new(),
            name: named(&self.name)?,
            subject: self.subject,
            period: self.period,
            limits: self.limits,
            origin: Origin::Own,
            version: 1,
            created_ms: now_ms,
            updated_ms: now_ms,
        })
    }
}

fn named(name: &str) -> Result<String, BudgetError> {
    let name = name.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned()).ok_or(BudgetError::Field {
        field: "name",
        text: "has 1 to 100 characters and no control characters",
    })
}

fn check(limits: &Limits, subject: Subject) -> Result<(), BudgetError> {
    let wrong = |text| Err(BudgetError::Field { field: "limits", text });
    if limits.each().next().is_none() {
        return wrong("names at least one of turns, tool_calls, tokens, cost_usd and wall_s");
    }
    if limits.each().any(|(_, limit)| i64::try_from(limit).is_err()) {
        return wrong("is larger than can be counted");
    }
    if subject == Subject::EachTurn && limits.get(Dimension::Turns).is_some() {
        return wrong("has no turns for each turn: it is one");
    }
    Ok(())
}
