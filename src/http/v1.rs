//! The faces for clients of others: OpenAI's (`/v1/chat/completions`, `/v1/responses`, `/v1/embeddings`), Anthropic's
//! (`/v1/messages`), and the models (`/v1/models`) in the shape of either.
//!
//! | file | what |
//! |---|---|
//! | `call` · `target` · `respond` · `durable` | one call, whichever face it came to |
//! | `chat` · `request` · `message` · `parameters` · `encode` | chat completions |
//! | `anthropic` | Anthropic's messages |
//! | `responses` | OpenAI's Responses |
//! | `embeddings` | texts as vectors |
//! | `models` | what can be named as `model` |
//! | `error` | what went wrong, in OpenAI's envelope |
//!
//! A call without `session_id` and `store: true` is stateless: it goes straight to its backend, and nothing is
//! stored but its tokens. With one of them it is a durable turn of a thread.
//!
//! **Invariant:** every error has the envelope that its client reads and an honest status; an answer that failed never
//! ends cleanly.

mod anthropic;
mod call;
mod chat;
mod durable;
mod embeddings;
mod encode;
mod error;
mod message;
mod models;
mod parameters;
mod request;
mod respond;
mod responses;
mod target;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};

use super::edge::RequestId;
use super::problem::Problem;
use super::state::AppState;
pub(in crate::http) use anthropic::in_envelope as anthropic_envelope;
pub(in crate::http) use error::ApiError;

/// Where clients of Anthropic put their token.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The routes, without the edge.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/models", get(models::list))
        .route("/v1/models/{*id}", get(models::get))
        .route("/v1/chat/completions", post(chat::complete))
        .route("/v1/responses", post(responses::create))
        .route("/v1/embeddings", post(embeddings::create))
        .route("/v1/messages", post(anthropic::create))
        .route("/v1/messages/count_tokens", post(anthropic::count_tokens))
        .route("/v1/{*rest}", any(|| std::future::ready(Problem::not_found())))
        .layer(middleware::from_fn(translated))
}

/// Reads a token where clients of either kind put it, and puts errors, those of extractors and layers too, into the
/// envelope that this one reads.
async fn translated(mut request: Request, next: Next) -> Response {
    let of_anthropic = request.uri().path().starts_with("/v1/messages")
        || request.headers().contains_key(anthropic::VERSION);
    let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    take_api_key(request.headers_mut());
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>().map(ApiError::from);
    let error = response.extensions_mut().remove::<ApiError>();
    if of_anthropic {
        return anthropic::in_envelope(response, problem.or(error), id);
    }
    match problem {
        Some(problem) => problem.into_response(),
        None => response,
    }
}

/// A token in `x-api-key` counts as a bearer token where there is none. No page can send that header unasked.
fn take_api_key(headers: &mut HeaderMap) {
    if headers.contains_key(header::AUTHORIZATION) {
        return;
    }
    let Some(key) = headers.get(X_API_KEY) else { return };
    if let Ok(bearer) = HeaderValue::from_bytes(&[b"Bearer ", key.as_bytes()].concat()) {
        headers.insert(header::AUTHORIZATION, bearer);
    }
}
