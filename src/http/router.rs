//! The routers of the two listeners.

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::Router;
use tower_http::catch_panic::CatchPanicLayer;

use super::api;
use super::edge::{self, EdgeState};
use super::host::HostRules;
use super::ingress::{self, IngressState};
use super::mcp;
use super::problem::Problem;
use super::state::AppState;
use super::v1;
use axum::http::StatusCode;

/// Everything that the console answers, behind the edge.
pub fn console(state: AppState) -> Router {
    let edge = EdgeState {
        rules: HostRules::new(&state.config.console.allowed_hosts),
        metrics: state.metrics.clone(),
    };
    let body_bytes_max = state.config.console.body_bytes_max;
    let api = api::routes();
    Router::new()
        .merge(api)
        .merge(crate::web::router())
        .merge(v1::router())
        .merge(mcp::router())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(CatchPanicLayer::custom(edge::on_panic))
        .layer(middleware::from_fn_with_state(state.clone(), crate::web::frame_problems))
        .layer(middleware::from_fn_with_state(edge, edge::guard))
        .with_state(state)
}

/// Everything that the ingress answers: what it does not know looks like what does not exist.
pub fn ingress(state: IngressState) -> Router {
    ingress::routes()
        .layer(CatchPanicLayer::custom(ingress::on_panic))
        .layer(middleware::from_fn(edge::dress))
        .with_state(state)
}

async fn not_found() -> Problem {
    Problem::not_found()
}

async fn method_not_allowed() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address has other methods")
}
