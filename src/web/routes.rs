//! Which address shows which page. Forms answer with a redirection to a page, or with JSON to scripts.

mod approvals;
mod audit;
mod chat;
mod gate;
mod home;
mod runtime;
mod safety;
mod send;
mod settings;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use form_urlencoded::Serializer;
use tower_http::compression::CompressionLayer;

use super::{assets, live};
use crate::http::{AppState, Problem};
use crate::identity::Principal;

/// Every page, asset and form of the console.
pub fn router() -> Router<AppState> {
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/about", get(home::about))
        .route("/setup", get(gate::setup).post(gate::set_up))
        .route("/login", get(gate::login).post(gate::sign_in))
        .route("/logout", post(gate::sign_out))
        .route("/chat", get(chat::new).post(send::first))
        .route("/c/{thread}", get(chat::show))
        .route("/c/{thread}/messages", post(send::message))
        .route("/c/{thread}/rename", post(send::rename))
        .route("/c/{thread}/delete", post(send::delete))
        .route("/c/{thread}/turns/{turn}/stop", post(send::stop))
        .route("/c/{thread}/turns/{turn}/retry", post(send::retry))
        .route("/inbox", get(approvals::inbox))
        .route("/inbox/deny", post(approvals::deny_ticked))
        .route("/a/{id}", get(approvals::show))
        .route("/a/{id}/decide", get(approvals::confirm).post(approvals::answer))
        .route("/audit", get(audit::show))
        .route("/settings", get(settings::show))
        .route("/settings/safety", get(safety::show))
        .route("/settings/safety/policy", post(safety::policy))
        .route("/settings/safety/assistants/{id}", post(safety::assistant))
        .route("/settings/safety/rules", post(safety::add_rule))
        .route("/settings/safety/rules/{id}/remove", post(safety::remove_rule))
        .route("/settings/safety/kill", get(safety::confirm_kill).post(safety::kill))
        .route("/settings/safety/resume", post(safety::resume))
        .route("/runtime", get(runtime::show))
        .route("/runtime/confirm", get(runtime::confirm))
        .route("/runtime/{action}", post(runtime::act))
        .route("/assets/{build}/{name}", get(assets::serve));
    // The stream is never compressed: a compressor holds back what a reader waits for.
    pages.layer(CompressionLayer::new()).route("/live", get(live::follow))
}

/// A token for one assistant has nothing to do with what holds for all of them.
fn unrestricted(by: &Principal) -> Result<(), Problem> {
    if by.assistant.is_none() {
        return Ok(());
    }
    let text = "a token for one assistant cannot reach this";
    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", text))
}

/// An address with these pairs in its query, without the empty ones.
fn address<'a>(path: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let query: String =
        Serializer::new(String::new()).extend_pairs(pairs.filter(|(_, value)| !value.is_empty())).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
