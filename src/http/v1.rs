//! The OpenAI face: `/v1/models` and `/v1/chat/completions`, for every client that speaks to OpenAI.
//!
//! A call without `session_id` and `store: true` is stateless: it goes straight to its backend, and nothing is
//! stored but its tokens. With one of them it is a durable turn of a thread.
//!
//! **Invariant:** every error has OpenAI's envelope and an honest status; an answer that failed never ends cleanly.

mod chain;
mod chat;
mod durable;
mod encode;
mod error;
mod message;
mod models;
mod parameters;
mod request;
mod respond;
mod target;

use axum::Router;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};

use super::problem::Problem;
use super::state::AppState;
use error::ApiError;

/// The routes, without the edge.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::get))
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/{*rest}", any(|| std::future::ready(Problem::not_found())))
        .layer(middleware::map_response(in_envelope))
}

/// Puts problems of extractors and layers into the envelope.
async fn in_envelope(mut response: Response) -> Response {
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => ApiError::from(problem).into_response(),
        None => response,
    }
}
