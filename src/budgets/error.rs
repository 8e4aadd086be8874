//! Why something may not be spent, and why a budget is not made.

use std::time::Duration;

use super::amounts::Dimension;
use super::budget::Subject;
use super::window::Period;
use crate::db::DbError;
use crate::identity::KeyReused;
use crate::protocol::ids::BudgetId;

/// A budget has too little left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Exceeded {
    /// Which.
    pub budget: BudgetId,
    /// Its name.
    pub name: String,
    /// Whose spending it limits.
    pub subject: Subject,
    /// Over which time.
    pub period: Period,
    /// What there is too little of.
    pub what: Dimension,
    /// The limit, as it is counted.
    pub limit: u64,
    /// What was spent.
    pub spent: u64,
    /// What calls that run have reserved.
    pub reserved: u64,
    /// What this one may need.
    pub asked: u64,
    /// When it counts from nothing again, in milliseconds since 1970; `None` for never.
    pub resets_ms: Option<i64>,
    /// What a person can do.
    pub remedy: String,
}

impl Exceeded {
    /// How long until it counts from nothing again.
    #[must_use]
    pub fn resets_in(&self, now_ms: i64) -> Option<Duration> {
        let left = self.resets_ms?.saturating_sub(now_ms);
        u64::try_from(left).ok().map(Duration::from_millis)
    }
}

impl std::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let show = |amount| self.what.show(amount);
        write!(f, "the budget `{}` allows {}", self.name, show(self.limit))?;
        match self.period {
            Period::Total => {}
            period => write!(f, " per {}", period.as_str())?,
        }
        write!(f, "; {} are spent", show(self.spent))?;
        if self.reserved > 0 {
            write!(f, ", {} reserved by calls that run", show(self.reserved))?;
        }
        write!(f, ", and this needs up to {}", show(self.asked))?;
        if let Some(at) = self.resets_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()) {
            write!(f, "; it begins again at {at:.0}")?;
        }
        write!(f, "; {}", self.remedy)
    }
}

/// Why something may not be spent.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A budget has too little left.
    #[error("{0}")]
    Exceeded(Box<Exceeded>),
    /// A budget in dollars applies, and nobody knows what the model costs.
    #[error(
        "the budget `{budget}` limits dollars, and the price of {backend}/{model} is not known; add \
         [backends.{backend}.prices.\"{model}\"] with input and output (USD per million tokens) to the settings"
    )]
    NoPrice {
        /// The budget.
        budget: String,
        /// The backend.
        backend: String,
        /// The model.
        model: String,
    },
    /// What is reserved could not be stored, so nothing is spent.
    #[error("the budgets cannot be kept at the moment: {0}")]
    Store(#[from] DbError),
}

/// Why a budget is not made, changed or found.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// A field is wrong.
    #[error("{text}")]
    Field {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        text: &'static str,
    },
    /// The subject names nothing that there is.
    #[error("names nothing that there is")]
    NoSubject,
    /// Another budget has this name.
    #[error("another budget has this name")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are {max} budgets already; delete one first", max = super::budget::BUDGETS_MAX)]
    TooMany,
    /// It was changed since the caller read it.
    #[error("the budget was changed by somebody else; read it again")]
    Stale,
    /// It belongs to a token or to the settings.
    #[error("this budget belongs to {0}; change it there")]
    Foreign(&'static str),
    /// There is none.
    #[error("no such budget")]
    NotFound,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The store said no.
    #[error(transparent)]
    Store(DbError),
}

impl From<DbError> for BudgetError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Duplicate(_) => Self::NameTaken,
            DbError::NoRow => Self::NotFound,
            other => Self::Store(other),
        }
    }
}
