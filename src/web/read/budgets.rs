//! Budgets as rows, and what their forms say.

use super::{assistant_problem, rfc3339};
use crate::budgets::{Amounts, BudgetState, Dimension, Limits, Origin, Period, Subject, nano, seconds, usd};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::web::view::Frame;
use crate::web::view::budgets::{BudgetBar, BudgetDraft, BudgetRow, BudgetsPage};

/// Assistants that can have a budget of their own here.
const ASSISTANTS_MAX: usize = 200;
/// Hundredths of a limit from which on it is nearly used up.
const NEARLY: u64 = 80;

/// The page as it is before a form says anything.
pub(in crate::web) async fn page(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<BudgetsPage, Problem> {
    let assistants =
        state.assistants.list(&by.tenant, None, ASSISTANTS_MAX).await.map_err(assistant_problem)?;
    let word = |subject: Subject| subject.to_string();
    let mut subjects = vec![(word(Subject::Tenant), "everything together".to_owned())];
    let of = assistants
        .into_iter()
        .map(|one| (word(Subject::Assistant(one.id)), format!("the assistant {}", one.name)));
    subjects.extend(of);
    subjects.push((word(Subject::EachThread), "each chat for itself".to_owned()));
    subjects.push((word(Subject::EachTurn), "each turn for itself".to_owned()));
    let mut found = state.budgets.list(&by.tenant).await?;
    found.sort_by_key(|state| state.budget.origin != Origin::Own);
    let budgets = found.iter().map(|state| row(state, &subjects)).collect();
    Ok(BudgetsPage { frame, budgets, subjects, draft: BudgetDraft::default(), notice: None, error: None })
}

fn row(state: &BudgetState, subjects: &[(String, String)]) -> BudgetRow {
    let budget = &state.budget;
    let subject = budget.subject.to_string();
    let named = subjects.iter().find(|(word, _)| *word == subject).map(|(_, label)| label.clone());
    let whom = named.unwrap_or_else(|| match budget.subject {
        Subject::Thread(_) => "one chat".to_owned(),
        Subject::Token(_) => "an API token".to_owned(),
        _ => "an assistant that is gone".to_owned(),
    });
    BudgetRow {
        id: budget.id.to_string(),
        name: budget.name.clone(),
        whom,
        period: match budget.period {
            Period::Hour => "in an hour",
            Period::Day => "in a day",
            Period::Month => "in a month",
            Period::Total => "in all",
        },
        foreign: match budget.origin {
            Origin::Own => None,
            Origin::Token => Some("It belongs to an API token and ends with it."),
            Origin::Settings => Some("It is set in config.toml, section [budgets]."),
        },
        resets: state.count.and_then(|count| count.window.end_ms).map(rfc3339),
        bars: budget.limits.each().map(|(what, limit)| bar(what, limit, state)).collect(),
        draft: draft(&budget.name, &budget.limits),
        version: budget.version,
    }
}

fn bar(what: Dimension, limit: u64, state: &BudgetState) -> BudgetBar {
    let label = match what {
        Dimension::Turns => "Turns",
        Dimension::ToolCalls => "Tool calls",
        Dimension::Tokens => "Tokens",
        Dimension::Cost => "Money",
        Dimension::Wall => "Time",
    };
    let Some(count) = state.count else {
        let words = format!("at most {}", what.show(limit));
        return BudgetBar { what: label, words, reserved: String::new(), used: None, state: "done" };
    };
    let of = |amounts: Amounts| amounts.get(what);
    let (spent, reserved) = (of(count.spent), of(count.reserved));
    let used = spent.saturating_add(reserved).saturating_mul(100).checked_div(limit).unwrap_or(100).min(100);
    BudgetBar {
        what: label,
        words: format!("{} of {}", what.show(spent), what.show(limit)),
        reserved: if reserved == 0 { String::new() } else { what.show(reserved) },
        used: Some(used),
        state: match used {
            100.. => "failed",
            NEARLY.. => "waiting",
            _ => "done",
        },
    }
}

fn draft(name: &str, limits: &Limits) -> BudgetDraft {
    let number = |amount: Option<u64>| amount.map(|amount| amount.to_string()).unwrap_or_default();
    BudgetDraft {
        name: name.to_owned(),
        turns: number(limits.turns),
        tool_calls: number(limits.tool_calls),
        tokens: number(limits.tokens),
        cost_usd: limits.cost_nano.map(|nano| usd(nano).to_string()).unwrap_or_default(),
        wall_s: limits.wall_ms.map(|ms| seconds(ms).to_string()).unwrap_or_default(),
        ..BudgetDraft::default()
    }
}

/// The limits that a form names; an empty field is no limit.
pub(in crate::web) fn limits(draft: &BudgetDraft) -> Result<Limits, Problem> {
    Ok(Limits {
        turns: whole("turns", &draft.turns)?,
        tool_calls: whole("tool calls", &draft.tool_calls)?,
        tokens: whole("tokens", &draft.tokens)?,
        cost_nano: money(&draft.cost_usd)?,
        wall_ms: time(&draft.wall_s)?,
    })
}

fn whole(field: &str, text: &str) -> Result<Option<u64>, Problem> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace() && *c != '_').collect();
    if digits.is_empty() {
        return Ok(None);
    }
    digits
        .parse()
        .map(Some)
        .map_err(|_| Problem::invalid_field(field, "is a whole number, or empty for no limit"))
}

fn money(text: &str) -> Result<Option<u64>, Problem> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::invalid_field("dollars", "is an amount like 2.50, or empty for no limit");
    text.trim().parse().ok().and_then(nano).map(Some).ok_or_else(wrong)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn time(text: &str) -> Result<Option<u64>, Problem> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let wrong = || Problem::invalid_field("seconds", "is a number like 90, or empty for no limit");
    let seconds: f64 = text.trim().parse().map_err(|_| wrong())?;
    if !(0.0..=1e9).contains(&seconds) {
        return Err(wrong());
    }
    Ok(Some((seconds * 1_000.0).round() as u64))
}
