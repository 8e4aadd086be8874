//! `/api/v1/budgets`: limits on what may be spent, and what was.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::budgets::{
    Amounts, BadSubject, BudgetChange, BudgetError, BudgetState, Limits, NewBudget, Origin, Period, nano,
    seconds, usd,
};
use crate::http::auth::{Admin, May};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::BudgetId;

/// An amount of each thing that is counted.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
pub(super) struct BudgetAmounts {
    /// Turns, and calls that belong to no turn.
    turns: Option<u64>,
    tool_calls: Option<u64>,
    /// In and out.
    tokens: Option<u64>,
    cost_usd: Option<f64>,
    /// Seconds of work.
    wall_s: Option<f64>,
}

/// A budget with its count.
#[derive(Serialize, ToSchema)]
#[schema(as = Budget)]
pub(super) struct BudgetView {
    id: String,
    name: String,
    /// `tenant`, `assistant:ID`, `thread:ID`, `token:ID`, `each_thread` or `each_turn`.
    subject: String,
    /// `hour`, `day`, `month` (in UTC) or `total`.
    period: &'static str,
    /// `null` is no limit.
    limits: BudgetAmounts,
    /// `own`, or `token` and `settings` for those that are changed elsewhere.
    origin: &'static str,
    /// What was spent in the window of now; `null` where each thread or turn has its own count.
    spent: Option<BudgetAmounts>,
    /// What calls that run have reserved.
    reserved: Option<BudgetAmounts>,
    /// What is left of each limit.
    remaining: Option<BudgetAmounts>,
    /// When it counts from nothing again.
    resets_at: Option<String>,
    version: i64,
    created_at: String,
    updated_at: String,
}

/// A new budget.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateBudget {
    /// 1–100 characters, unique.
    name: String,
    /// `tenant`, `assistant:ID`, `thread:ID`, `token:ID`, `each_thread` or `each_turn`.
    subject: String,
    /// `hour`, `day`, `month` (in UTC) or `total`.
    period: String,
    /// At least one.
    limits: BudgetAmounts,
}

/// What is to be different. Subject and period stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeBudget {
    name: Option<String>,
    /// All limits: one that is left out is none.
    limits: Option<BudgetAmounts>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list, create)).routes(routes!(read, change, delete))
}

/// Every budget with its count.
#[utoipa::path(
    get, path = "/api/v1/budgets", tag = "budgets",
    responses((status = 200, body = Page<BudgetView>)), security(("token" = ["admin"]))
)]
async fn list(by: May<Admin>, State(state): State<AppState>) -> Result<Json<Page<BudgetView>>, Problem> {
    let budgets = state.budgets.list(&by.tenant).await?;
    Ok(Json(Page::whole(budgets.into_iter().map(BudgetView::from).collect())))
}

/// Makes a budget. It counts from now on.
#[utoipa::path(
    post, path = "/api/v1/budgets", tag = "budgets", request_body = CreateBudget,
    responses(
        (status = 201, body = BudgetView),
        (status = 409, description = "Another budget has this name, or there are too many"),
    ),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateBudget>,
) -> Result<Response, Problem> {
    let key = key.of(&by, "POST /api/v1/budgets", &body);
    let subject = body
        .subject
        .parse()
        .map_err(|error: BadSubject| Problem::invalid_field("/subject", error.to_string()))?;
    let period = Period::parse(&body.period)
        .ok_or_else(|| Problem::invalid_field("/period", "is `hour`, `day`, `month` or `total`"))?;
    let name = state.clean(&by, "budget name", body.name);
    let new = NewBudget { name, subject, period, limits: limits(&body.limits)? };
    let made = state.budgets.create(&by, new, key).await?;
    Ok(created(made, |made| Some(made.budget.version), BudgetView::from))
}

/// One budget with its count.
#[utoipa::path(
    get, path = "/api/v1/budgets/{id}", tag = "budgets", params(("id" = String, Path)),
    responses((status = 200, body = BudgetView)), security(("token" = ["admin"]))
)]
async fn read(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<BudgetId>,
) -> Result<Response, Problem> {
    let found = state.budgets.get(&by.tenant, id).await?;
    Ok(tagged(StatusCode::OK, found.budget.version, BudgetView::from(found)))
}

/// Changes name and limits. What was spent stays.
#[utoipa::path(
    patch, path = "/api/v1/budgets/{id}", tag = "budgets", request_body = ChangeBudget,
    params(("id" = String, Path)),
    responses(
        (status = 200, body = BudgetView),
        (status = 409, description = "The name is taken, or the budget belongs to a token or to the settings"),
        (status = 412, description = "It was changed since it was read"),
    ),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<BudgetId>,
    known: IfMatch,
    Body(body): Body<ChangeBudget>,
) -> Result<Response, Problem> {
    let name = body.name.map(|name| state.clean(&by, "budget name", name));
    let change = BudgetChange { name, limits: body.limits.as_ref().map(limits).transpose()? };
    let changed = state.budgets.update(&by, id, known.version(), change).await?;
    Ok(tagged(StatusCode::OK, changed.budget.version, BudgetView::from(changed)))
}

/// Deletes a budget with its counts.
#[utoipa::path(
    delete, path = "/api/v1/budgets/{id}", tag = "budgets",
    params(("id" = String, Path)),
    responses(
        (status = 204),
        (status = 409, description = "The budget belongs to a token or to the settings"),
        (status = 412, description = "It was changed since it was read"),
    ),
    security(("token" = ["admin"]))
)]
async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<BudgetId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    state.budgets.delete(&by, id, known.version()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be small and positive"
)]
fn limits(body: &BudgetAmounts) -> Result<Limits, Problem> {
    let cost =
        |usd| nano(usd).ok_or_else(|| Problem::invalid_field("/limits/cost_usd", "is 0 to 1,000,000,000"));
    let wall = |s: f64| {
        let fits = (0.0..=1e9).contains(&s);
        fits.then(|| (s * 1_000.0).round() as u64)
            .ok_or_else(|| Problem::invalid_field("/limits/wall_s", "is 0 to 1,000,000,000"))
    };
    Ok(Limits {
        turns: body.turns,
        tool_calls: body.tool_calls,
        tokens: body.tokens,
        cost_nano: body.cost_usd.map(cost).transpose()?,
        wall_ms: body.wall_s.map(wall).transpose()?,
    })
}

// === Views ===

impl From<Amounts> for BudgetAmounts {
    fn from(amounts: Amounts) -> Self {
        Self {
            turns: Some(amounts.turns),
            tool_calls: Some(amounts.tool_calls),
            tokens: Some(amounts.tokens),
            cost_usd: Some(usd(amounts.cost_nano)),
            wall_s: Some(seconds(amounts.wall_ms)),
        }
    }
}

impl From<Limits> for BudgetAmounts {
    fn from(limits: Limits) -> Self {
        Self {
            turns: limits.turns,
            tool_calls: limits.tool_calls,
            tokens: limits.tokens,
            cost_usd: limits.cost_nano.map(usd),
            wall_s: limits.wall_ms.map(seconds),
        }
    }
}

impl From<BudgetState> for BudgetView {
    fn from(BudgetState { budget, count }: BudgetState) -> Self {
        let remaining = count.map(|count| {
            let used = count.spent.plus(count.reserved);
            let left = |limit: Option<u64>, used: u64| limit.map(|limit| limit.saturating_sub(used));
            BudgetAmounts::from(Limits {
                turns: left(budget.limits.turns, used.turns),
                tool_calls: left(budget.limits.tool_calls, used.tool_calls),
                tokens: left(budget.limits.tokens, used.tokens),
                cost_nano: left(budget.limits.cost_nano, used.cost_nano),
                wall_ms: left(budget.limits.wall_ms, used.wall_ms),
            })
        });
        let origin = match budget.origin {
            Origin::Own => "own",
            Origin::Token => "token",
            Origin::Settings => "settings",
        };
        Self {
            id: budget.id.to_string(),
            subject: budget.subject.to_string(),
            period: budget.period.as_str(),
            limits: budget.limits.into(),
            origin,
            spent: count.map(|count| count.spent.into()),
            reserved: count.map(|count| count.reserved.into()),
            remaining,
            resets_at: count.and_then(|count| count.window.end_ms).map(rfc3339),
            version: budget.version,
            created_at: rfc3339(budget.created_ms),
            updated_at: rfc3339(budget.updated_ms),
            name: budget.name,
        }
    }
}

impl From<BudgetError> for Problem {
    fn from(error: BudgetError) -> Self {
        let detail = error.to_string();
        match error {
            BudgetError::Field { field, .. } => Self::invalid_field(format!("/{field}"), detail),
            BudgetError::NoSubject => Self::invalid_field("/subject", detail),
            BudgetError::NameTaken => Self::conflict("name_taken", detail),
            BudgetError::TooMany => Self::conflict("too_many_budgets", detail),
            BudgetError::Stale => stale(),
            BudgetError::Foreign(_) => Self::conflict("not_own", detail),
            BudgetError::NotFound => Self::not_found(),
            BudgetError::KeyReused(reused) => reused.into(),
            BudgetError::Store(error) => error.into(),
        }
    }
}
