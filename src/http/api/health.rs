//! Whether the daemon lives and can take work. No credential, no detail.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::problem::Problem;
use crate::http::state::AppState;

/// One word.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    status: &'static str,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(live)).routes(routes!(ready))
}

/// The process answers.
#[utoipa::path(get, path = "/health", tag = "health", security(()), responses((status = 200, body = Health)))]
async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The store takes writes.
#[utoipa::path(
    get, path = "/health/ready", tag = "health", security(()),
    responses((status = 200, body = Health), (status = 503, description = "The store is not available"))
)]
async fn ready(State(state): State<AppState>) -> Result<Json<Health>, Problem> {
    if state.db.stats().writing {
        return Ok(Json(Health { status: "ok" }));
    }
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "not ready"))
}
