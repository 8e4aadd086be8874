//! `/api/v1/kill-switch`: nothing is started any more.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Halt, May, SeeRuntime, require_fresh};
use crate::http::extract::Body;
use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Scope;
use crate::policy::{Author, Engaged};

/// The switch.
#[derive(Serialize, ToSchema)]
#[schema(as = KillSwitch)]
pub(super) struct SwitchView {
    /// Whether nothing is started.
    engaged: bool,
    /// Who engaged it.
    by: Option<String>,
    /// Why.
    reason: Option<String>,
    since: Option<String>,
    /// Turns that this call stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_turns: Option<usize>,
}

/// What it is to be.
#[derive(Deserialize, ToSchema)]
pub(super) struct SetSwitch {
    /// `true` stops everything that runs and starts nothing more; `false` needs `admin`.
    engaged: bool,
    /// Why, in up to 500 characters.
    #[serde(default)]
    reason: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(read, set))
}

/// Whether it is engaged, by whom, and why.
#[utoipa::path(
    get, path = "/api/v1/kill-switch", tag = "policy",
    responses((status = 200, body = SwitchView)),
    security(("token" = ["read"]), ("token" = ["operate"]))
)]
async fn read(by: May<SeeRuntime>, State(state): State<AppState>) -> Json<SwitchView> {
    Json(view(state.kill_switches.status(&by.tenant), None))
}

/// Engages or releases it. Engaging stops all turns that run; those that wait go on after the release.
#[utoipa::path(
    put, path = "/api/v1/kill-switch", tag = "policy", request_body = SetSwitch,
    responses((status = 200, body = SwitchView)), security(("token" = ["operate"]))
)]
async fn set(
    by: May<Halt>,
    State(state): State<AppState>,
    Body(body): Body<SetSwitch>,
) -> Result<Json<SwitchView>, Problem> {
    let author = Author::at_console(by.source());
    if body.engaged {
        let reason = state.clean(&by, "kill_switch", body.reason);
        let (engaged, stopped) = state.halt(&by.tenant, author, &reason).await?;
        return Ok(Json(view(Some(engaged), Some(stopped))));
    }
    if !by.scopes.allows(Scope::Admin) {
        let detail = "releasing the kill switch needs the scope `admin`";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
    }
    require_fresh(&state, &by)?;
    state.resume(&by.tenant, author).await?;
    Ok(Json(view(None, None)))
}

fn view(engaged: Option<Engaged>, stopped_turns: Option<usize>) -> SwitchView {
    let since = engaged.as_ref().map(|engaged| rfc3339(engaged.since_ms));
    let (by, reason) = engaged.map(|engaged| (engaged.by, engaged.reason)).unzip();
    SwitchView { engaged: by.is_some(), by, reason, since, stopped_turns }
}
