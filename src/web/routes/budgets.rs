//! Budgets: made, changed and removed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::headers::page;
use super::super::read;
use super::super::view::budgets::{BudgetDraft, BudgetsPage};
use crate::budgets::{BudgetChange, NewBudget, Period, Subject};
use crate::http::auth::Admin;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::protocol::ids::BudgetId;

#[derive(Deserialize)]
pub(super) struct BudgetsQuery {
    #[serde(default)]
    done: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct BudgetFields {
    version: Option<i64>,
    name: String,
    subject: String,
    period: String,
    turns: String,
    tool_calls: String,
    tokens: String,
    cost_usd: String,
    wall_s: String,
}

#[derive(Deserialize)]
pub(super) struct RemoveFields {
    #[serde(default)]
    sure: String,
}

impl BudgetFields {
    fn into_draft(self) -> BudgetDraft {
        BudgetDraft {
            name: self.name,
            subject: self.subject,
            period: self.period,
            turns: self.turns,
            tool_calls: self.tool_calls,
            tokens: self.tokens,
            cost_usd: self.cost_usd,
            wall_s: self.wall_s,
        }
    }
}

/// `GET /settings/budgets`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<BudgetsQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut template = budgets_page(&state, &by, &reader).await?;
    template.notice = match query.done.as_str() {
        "made" => Some("Set. It counts from now on."),
        "changed" => Some("Changed. What was spent stays."),
        "removed" => Some("Removed."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &template))
}

/// `POST /settings/budgets`.
pub(super) async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<BudgetFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let draft = fields.into_draft();
    let outcome = make(&state, &by, &draft).await;
    done(&state, &by, &reader, outcome.map(|()| "made"), draft).await
}

async fn make(state: &AppState, by: &Principal, draft: &BudgetDraft) -> Result<(), Problem> {
    let subject = draft.subject.parse::<Subject>();
    let new = NewBudget {
        name: state.clean(by, "budget", draft.name.clone()),
        subject: subject.map_err(|error| Problem::invalid_field("subject", error.to_string()))?,
        period: Period::parse(&draft.period)
            .ok_or_else(|| Problem::invalid_field("period", "is hour, day, month or total"))?,
        limits: read::budgets::limits(draft)?,
    };
    state.budgets.create(by, new, None).await?;
    Ok(())
}

/// `POST /settings/budgets/{id}`.
pub(super) async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<BudgetId>,
    reader: Reader,
    Fields(fields): Fields<BudgetFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let version = fields.version;
    let draft = fields.into_draft();
    let outcome = async {
        let name = state.clean(&by, "budget", draft.name.clone());
        let change = BudgetChange { name: Some(name), limits: Some(read::budgets::limits(&draft)?) };
        state.budgets.update(&by, id, version, change).await?;
        Ok("changed")
    };
    done(&state, &by, &reader, outcome.await, BudgetDraft::default()).await
}

/// `POST /settings/budgets/{id}/remove`.
pub(super) async fn remove(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<BudgetId>,
    reader: Reader,
    Fields(fields): Fields<RemoveFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to remove a budget"));
    }
    let outcome = state.budgets.delete(&by, id, None).await;
    done(&state, &by, &reader, outcome.map(|()| "removed").map_err(Problem::from), BudgetDraft::default())
        .await
}

async fn budgets_page(state: &AppState, by: &Principal, reader: &Reader) -> Result<BudgetsPage, Problem> {
    read::budgets::page(state, by, reader.frame("Budgets", "settings")).await
}

/// Back to the page with what was done, or the page with why it was not.
async fn done(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    outcome: Result<&'static str, Problem>,
    draft: BudgetDraft,
) -> Result<Response, Problem> {
    let refused = |page: &mut BudgetsPage, why| (page.error, page.draft) = (Some(why), draft);
    reader.after("/settings/budgets", outcome, budgets_page(state, by, reader), refused).await
}
