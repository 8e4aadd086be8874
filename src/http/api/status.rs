//! `/api/v1/status`, `/api/v1/tenants`, `/metrics`: how the daemon does.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{May, Metrics, ReadChats};
use crate::http::page::Page;
use crate::http::state::AppState;
use crate::telemetry::metrics::CONTENT_TYPE;

/// The daemon at a glance.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    version: &'static str,
    pid: u32,
    uptime_s: u64,
    /// Sessions with an actor.
    live_sessions: usize,
    /// Turns that run.
    running_turns: usize,
    /// Jobs that wait for the store.
    store_queue: usize,
    /// Whether the store takes writes.
    store_writing: bool,
    /// Size of the data file.
    store_bytes: u64,
    /// Whether the owner has set a password.
    set_up: bool,
    /// The configured backends.
    backends: Vec<String>,
}

/// A tenant.
#[derive(Serialize, ToSchema)]
pub(super) struct Tenant {
    id: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(status)).routes(routes!(tenants)).routes(routes!(metrics))
}

/// The daemon at a glance.
#[utoipa::path(
    get, path = "/api/v1/status", tag = "status", responses((status = 200, body = Status)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn status(_by: May<ReadChats>, State(state): State<AppState>) -> Json<Status> {
    let stats = state.db.stats();
    Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        uptime_s: state.started.elapsed().as_secs(),
        live_sessions: state.sessions.live(),
        running_turns: state.sessions.running(),
        store_queue: stats.queue_depth,
        store_writing: stats.writing,
        store_bytes: stats.db_bytes,
        set_up: state.identity.is_set_up(),
        backends: state.backends.names().map(str::to_owned).collect(),
    })
}

/// The tenants that the caller can see: its own.
#[utoipa::path(
    get, path = "/api/v1/tenants", tag = "status", responses((status = 200, body = Page<Tenant>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn tenants(by: May<ReadChats>) -> Json<Page<Tenant>> {
    Json(Page::whole(vec![Tenant { id: by.tenant.to_string() }]))
}

/// Every metric in the OpenMetrics text format.
#[utoipa::path(
    get, path = "/metrics", tag = "status",
    responses((status = 200, content_type = "application/openmetrics-text", body = String)),
    security(("token" = ["metrics"]))
)]
async fn metrics(_by: May<Metrics>, State(state): State<AppState>) -> Response {
    let metrics = &state.metrics;
    metrics.sessions.live.set(gauge(state.sessions.live()));
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], metrics.encode()).into_response()
}

fn gauge(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}
