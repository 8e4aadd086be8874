//! `/api/v1/extensions`: the points at which plugs run, the plugs at each, and how they do.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extensions::{Hook, PlugView, Tried};
use crate::http::auth::{Admin, May, SeeRuntime, unrestricted};
use crate::http::extract::Body;
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;

/// A point with its plugs.
#[derive(Serialize, ToSchema)]
pub(super) struct ExtensionPoint {
    /// `query_pre`, …
    hook: &'static str,
    /// When it is reached.
    about: &'static str,
    /// Whether its plugs are waited for and may stop it.
    can_halt: bool,
    /// Its plugs, in the order in which they run.
    plugs: Vec<PlugAtPoint>,
}

/// A plug at a point, and how it did since the pipelines were put in place.
#[derive(Serialize, ToSchema)]
pub(super) struct PlugAtPoint {
    name: String,
    /// `unused`, `working`, `failing`, or `resting`: it failed too often and is left out for a while.
    state: &'static str,
    /// Whether its failure halts the point.
    guards: bool,
    runs: u64,
    halts: u64,
    failures: u64,
    /// Times that it was left out.
    left_out: u64,
    mean_us: u64,
    longest_us: u64,
    /// The last failure.
    trouble: Option<PlugTrouble>,
}

/// A failure.
#[derive(Serialize, ToSchema)]
pub(super) struct PlugTrouble {
    at: String,
    what: String,
}

/// What the plugs of a point are told.
#[derive(Serialize, ToSchema)]
pub(super) struct HookView {
    hook: &'static str,
    about: &'static str,
    can_halt: bool,
    /// An example of the context's `data`.
    #[schema(value_type = Object)]
    data: Value,
}

/// A plug to try.
#[derive(Deserialize, ToSchema)]
pub(super) struct TryPlug {
    /// Its name.
    plug: String,
    /// The point at which it is to think it is.
    hook: String,
    /// What it is told; the example of the point without it.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
}

/// What it said.
#[derive(Serialize, ToSchema)]
pub(super) struct TriedPlug {
    /// Why it said nothing.
    failure: Option<String>,
    /// Why it stops here.
    halt: Option<String>,
    #[schema(value_type = Object)]
    assigns: Map<String, Value>,
    #[schema(value_type = Object)]
    private: Map<String, Value>,
    #[schema(value_type = Vec<Object>)]
    injections: Vec<Value>,
    took_us: u64,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(hooks))
        .routes(routes!(reload))
        .routes(routes!(try_plug))
}

/// All sixteen points with their plugs.
#[utoipa::path(
    get, path = "/api/v1/extensions", tag = "extensions",
    responses((status = 200, body = Page<ExtensionPoint>)),
    security(("token" = ["read"]), ("token" = ["operate"]))
)]
async fn list(
    by: May<SeeRuntime>,
    State(state): State<AppState>,
) -> Result<Json<Page<ExtensionPoint>>, Problem> {
    unrestricted(&by, "see or change plugs")?;
    Ok(Json(points(&state)))
}

/// What the plugs of each point are told, with an example.
#[utoipa::path(
    get, path = "/api/v1/extensions/hooks", tag = "extensions",
    responses((status = 200, body = Page<HookView>)),
    security(("token" = ["read"]), ("token" = ["operate"]))
)]
async fn hooks(_by: May<SeeRuntime>) -> Json<Page<HookView>> {
    let view = |hook: Hook| HookView {
        hook: hook.as_str(),
        about: hook.about(),
        can_halt: hook.can_halt(),
        data: hook.sample(),
    };
    Json(Page { items: Hook::ALL.into_iter().map(view).collect(), next: None })
}

/// Takes in `[extensions]` of the settings as they are now. With any problem in them nothing changes.
#[utoipa::path(
    post, path = "/api/v1/extensions/reload", tag = "extensions",
    responses(
        (status = 200, description = "In place, for everything that begins now", body = Page<ExtensionPoint>),
        (status = 422, description = "The settings have problems; the plugs of before stay"),
    ),
    security(("token" = ["admin"]))
)]
async fn reload(
    by: May<Admin>,
    State(state): State<AppState>,
) -> Result<Json<Page<ExtensionPoint>>, Problem> {
    unrestricted(&by, "see or change plugs")?;
    state.reload_plugs(&by).await?;
    Ok(Json(points(&state)))
}

/// Has one plug say what it would say. Nothing follows from it, and nothing is counted.
#[utoipa::path(
    post, path = "/api/v1/extensions/test", tag = "extensions", request_body = TryPlug,
    responses((status = 200, body = TriedPlug), (status = 404, description = "There is no such plug")),
    security(("token" = ["admin"]))
)]
async fn try_plug(
    by: May<Admin>,
    State(state): State<AppState>,
    Body(body): Body<TryPlug>,
) -> Result<Json<TriedPlug>, Problem> {
    unrestricted(&by, "see or change plugs")?;
    let hook = Hook::named(&body.hook).ok_or_else(|| {
        Problem::invalid_field("hook", "is one of those that GET /api/v1/extensions/hooks lists")
    })?;
    let data = body.data.unwrap_or_else(|| hook.sample());
    let tried = state.extensions.try_plug(&body.plug, hook, &by.tenant, data).await;
    Ok(Json(told(tried.ok_or_else(Problem::not_found)?)))
}

fn told(tried: Tried) -> TriedPlug {
    let took_us = u64::try_from(tried.took.as_micros()).unwrap_or(u64::MAX);
    match tried.outcome {
        Ok(context) => TriedPlug {
            failure: None,
            halt: context.halted.map(|halt| halt.reason),
            assigns: context.assigns,
            private: context.private,
            injections: context.injections.iter().map(|one| serde_json::json!(one)).collect(),
            took_us,
        },
        Err(error) => TriedPlug {
            failure: Some(error.to_string()),
            halt: None,
            assigns: Map::new(),
            private: Map::new(),
            injections: Vec::new(),
            took_us,
        },
    }
}

fn points(state: &AppState) -> Page<ExtensionPoint> {
    let point = |hook: Hook| ExtensionPoint {
        hook: hook.as_str(),
        about: hook.about(),
        can_halt: hook.can_halt(),
        plugs: state.extensions.views(hook).into_iter().map(plug).collect(),
    };
    Page { items: Hook::ALL.into_iter().map(point).collect(), next: None }
}

fn plug(view: PlugView) -> PlugAtPoint {
    let report = view.report;
    PlugAtPoint {
        name: view.name,
        state: view.state.as_str(),
        guards: view.guards,
        runs: report.runs,
        halts: report.halts,
        failures: report.failures,
        left_out: report.left_out,
        mean_us: report.mean_us(),
        longest_us: report.longest_us,
        trouble: report.trouble.map(|trouble| PlugTrouble { at: rfc3339(trouble.at_ms), what: trouble.what }),
    }
}
