//! `/api/v1/backends` and `/api/v1/usage`: who can answer, how they fare, a call that tries one out, and what was used.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::backends::{KeyState, ModelUsage};
use crate::budgets::usd;
use crate::http::auth::{May, Operate, ReadChats, SeeRuntime, unrestricted};
use crate::http::extract::{Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::standing::{self, Standing};
use crate::http::state::AppState;
use crate::http::trial::{Tried, try_out};

/// Most models in a list of what was used.
const USAGE_MAX: usize = 1_000;

/// A backend, as far as is known. Nobody is asked for this.
#[derive(Serialize, ToSchema)]
#[schema(as = Backend)]
pub(super) struct BackendView {
    name: String,
    /// As the settings name it; empty for what is not of the settings.
    kind: String,
    /// Whose models it offers.
    provider: String,
    /// The host that is asked; `null` for the built-in demo.
    host: Option<String>,
    /// Whether what it is asked stays on this machine.
    local: bool,
    default_model: Option<String>,
    /// `ready`, `unavailable`, or `unknown`: nobody has asked it yet.
    state: &'static str,
    /// `closed`, `open` or `half_open`.
    breaker: &'static str,
    /// When an open breaker lets a call through again.
    open_until: Option<String>,
    /// Models of it that are left out by themselves.
    models_open: Vec<String>,
    /// `none`, `environment`, `vault` or `missing`.
    key: &'static str,
    /// Why it is not ready.
    error: Option<String>,
    /// When a call was answered last.
    answered_at: Option<String>,
    /// Milliseconds to the first token, smoothed over the last calls.
    first_token_ms: Option<u64>,
    /// Calls that ended since the daemon started.
    calls: u64,
    /// Those of them that failed.
    failures: u64,
    /// How many models it offers.
    models: usize,
}

/// What a call that tries a backend out came to.
#[derive(Serialize, ToSchema)]
#[schema(as = BackendTrial)]
pub(super) struct TrialView {
    backend: String,
    model: String,
    ok: bool,
    /// What it answered, cut short.
    text: String,
    /// Why there is no answer: `authentication`, `rate_limited`, `denied`, …
    code: Option<&'static str>,
    /// The same in words.
    error: Option<String>,
    /// Milliseconds to the first token.
    first_token_ms: Option<u64>,
    /// Milliseconds to the end.
    took_ms: u64,
    input_tokens: u64,
    output_tokens: u64,
}

/// What a model was used for.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelUsage)]
pub(super) struct UsageView {
    backend: String,
    model: String,
    calls: u64,
    input_tokens: u64,
    output_tokens: u64,
    /// US dollars, as far as prices are known.
    cost_usd: f64,
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub(super) struct UsageQuery {
    /// 1 to 366, today among them; 30 without it.
    days: Option<u32>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(test)).routes(routes!(usage))
}

/// The configured backends and how they fare.
#[utoipa::path(
    get, path = "/api/v1/backends", tag = "models", responses((status = 200, body = Page<BackendView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(_by: May<ReadChats>, State(state): State<AppState>) -> Json<Page<BackendView>> {
    Json(Page::whole(standing::all(&state.models).into_iter().map(view).collect()))
}

/// Makes a tiny call of its default model: judged, paid for and counted like any other. A call that fails is an answer too.
#[utoipa::path(
    post, path = "/api/v1/backends/{name}/test", tag = "models", params(("name" = String, Path)),
    responses((status = 200, body = TrialView), (status = 404, description = "There is no such backend")),
    security(("token" = ["operate"]))
)]
async fn test(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(name): Named<String>,
) -> Result<Json<TrialView>, Problem> {
    unrestricted(&by, "try backends out")?;
    Ok(Json(trial(try_out(&state, &by, &name).await?)))
}

/// What each model was used for, the dearest first.
#[utoipa::path(
    get, path = "/api/v1/usage", tag = "models", params(UsageQuery),
    responses((status = 200, body = Page<UsageView>)), security(("token" = ["read"]), ("token" = ["operate"]))
)]
async fn usage(
    by: May<SeeRuntime>,
    State(state): State<AppState>,
    Params(query): Params<UsageQuery>,
) -> Result<Json<Page<UsageView>>, Problem> {
    unrestricted(&by, "see what everybody uses")?;
    let days = query.days.unwrap_or(30);
    if !(1..=366).contains(&days) {
        return Err(Problem::invalid_field("days", "is 1 to 366"));
    }
    let used = state.usage.by_model(&by.tenant, days, USAGE_MAX).await?;
    let view = |used: ModelUsage| UsageView {
        backend: used.backend,
        model: used.model,
        calls: used.calls,
        input_tokens: used.input_tokens,
        output_tokens: used.output_tokens,
        cost_usd: usd(used.cost_nano),
    };
    Ok(Json(Page::whole(used.into_iter().map(view).collect())))
}

fn view(of: Standing) -> BackendView {
    let state = of.state.as_str();
    let key = match &of.key {
        KeyState::None => "none",
        KeyState::Environment => "environment",
        KeyState::Vault(_) => "vault",
        KeyState::Missing(_) => "missing",
    };
    BackendView {
        error: of.error(),
        name: of.name,
        kind: of.kind,
        provider: of.provider,
        host: of.host,
        local: of.local,
        default_model: of.default_model,
        state,
        breaker: of.health.breaker,
        open_until: of.health.open_until_ms.map(rfc3339),
        models_open: of.health.models_open,
        key,
        answered_at: of.health.answered_ms.map(rfc3339),
        first_token_ms: of.health.first_token.map(standing::ms),
        calls: of.health.calls,
        failures: of.health.failures,
        models: of.models,
    }
}

fn trial(tried: Tried) -> TrialView {
    TrialView {
        backend: tried.backend,
        model: tried.model,
        ok: tried.failure.is_none(),
        text: tried.text,
        code: tried.failure.as_ref().map(|error| error.kind.as_str()),
        error: tried.failure.map(|error| error.message),
        first_token_ms: tried.first_token.map(standing::ms),
        took_ms: standing::ms(tried.took),
        input_tokens: tried.usage.input_tokens,
        output_tokens: tried.usage.output_tokens,
    }
}
