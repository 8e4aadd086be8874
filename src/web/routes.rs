//! Which address shows which page. Forms answer with a redirection to a page, or with JSON to scripts.

mod chat;
mod gate;
mod home;
mod runtime;
mod send;
mod settings;

use axum::Router;
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;

use super::{assets, live};
use crate::http::AppState;

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
        .route("/settings", get(settings::show))
        .route("/runtime", get(runtime::show))
        .route("/runtime/confirm", get(runtime::confirm))
        .route("/runtime/{action}", post(runtime::act))
        .route("/assets/{build}/{name}", get(assets::serve));
    // The stream is never compressed: a compressor holds back what a reader waits for.
    pages.layer(CompressionLayer::new()).route("/live", get(live::follow))
}
