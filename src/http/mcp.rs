//! `/mcp`: the daemon as an MCP server, over streamable HTTP.
//!
//! Behind the same edge and the same credentials as every other route: whoever may not read chats is refused before
//! the protocol begins, and `ask` wants the scope `chat` besides. There are no sessions: every request stands for
//! itself, in either era of the protocol, so that a restart of the daemon ends nobody's connection.

mod desk;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::auth::{May, ReadChats};
use super::state::AppState;
use desk::McpDesk;

/// Pages of this machine may speak to it, with a token; those of others may not.
const ORIGINS: [&str; 6] = [
    "http://localhost:*",
    "https://localhost:*",
    "http://127.0.0.1:*",
    "https://127.0.0.1:*",
    "http://[::1]:*",
    "https://[::1]:*",
];

/// The route, without the edge.
pub(super) fn router() -> Router<AppState> {
    Router::new().route("/mcp", any(serve))
}

async fn serve(by: May<ReadChats>, State(state): State<AppState>, request: Request) -> Response {
    // The edge has judged the host.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .with_allowed_origins(ORIGINS)
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_cancellation_token(state.stopping.child_token())
        .with_max_request_body_bytes(state.config.console.body_bytes_max);
    let desk = McpDesk::new(state, by.0);
    let service = StreamableHttpService::new(
        move || Ok(desk.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    service.handle(request).await.map(Body::new)
}
