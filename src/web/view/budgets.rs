//! Budgets: what may be spent, and what is left of it.

use askama::Template;

use super::{Frame, filters};

/// `/settings/budgets`.
#[derive(Template)]
#[template(path = "budgets.html", config = "src/web/askama.toml")]
pub struct BudgetsPage {
    /// The frame.
    pub frame: Frame,
    /// Those of people first.
    pub budgets: Vec<BudgetRow>,
    /// Whom a budget can be for: word and label.
    pub subjects: Vec<(String, String)>,
    /// What was typed into the form for a new one.
    pub draft: BudgetDraft,
    /// What the last form did.
    pub notice: Option<&'static str>,
    /// Why the last form was refused.
    pub error: Option<String>,
}

/// A budget.
#[derive(Clone, Debug)]
pub struct BudgetRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whose spending, in words.
    pub whom: String,
    /// Over which time, in words.
    pub period: &'static str,
    /// Where it comes from, if it cannot be changed here.
    pub foreign: Option<&'static str>,
    /// When it counts from nothing again, RFC 3339.
    pub resets: Option<String>,
    /// What is limited.
    pub bars: Vec<BudgetBar>,
    /// Its limits as its form shows them.
    pub draft: BudgetDraft,
    /// Counts changes.
    pub version: i64,
}

/// One limit.
#[derive(Clone, Debug)]
pub struct BudgetBar {
    /// What is counted.
    pub what: &'static str,
    /// How much, and of how much, in words.
    pub words: String,
    /// What is reserved besides, in words; empty for nothing.
    pub reserved: String,
    /// Hundredths of the limit that are spent or reserved, at most 100; `None` where each has its own count.
    pub used: Option<u64>,
    /// `done`, `waiting` when it is nearly used up, or `failed` when it is.
    pub state: &'static str,
}

/// The form of a budget.
#[derive(Clone, Debug, Default)]
pub struct BudgetDraft {
    /// Its name.
    pub name: String,
    /// Whose spending.
    pub subject: String,
    /// Over which time.
    pub period: String,
    /// Turns at most.
    pub turns: String,
    /// Tool calls at most.
    pub tool_calls: String,
    /// Tokens at most.
    pub tokens: String,
    /// US dollars at most.
    pub cost_usd: String,
    /// Seconds at most.
    pub wall_s: String,
}

impl BudgetsPage {
    /// Times: word and label.
    pub const PERIODS: &'static [(&'static str, &'static str)] =
        &[("day", "a day (UTC)"), ("hour", "an hour"), ("month", "a month (UTC)"), ("total", "all time")];
}
