//! Passages: the way of coding CLIs to their providers. A loopback address, a throw-away token for each session, and in its
//! place, on the way out, the provider's own credential.
//!
//! | file | what |
//! |---|---|
//! | `desk` | which passages are open |
//! | `pass` | one request, from the token to the provider's answer |
//! | `stream` | the answer on its way back, counted |
//! | `refusal` | errors as the provider would say them |
//!
//! A program that holds a token can ask models of one provider, within the policy and the budgets, until its session ends;
//! it never sees the credential, and reaches nothing else of the account. Requests are scanned for secrets, answers are
//! passed as they are: whoever reads them from the program scans them.
//!
//! **Invariant:** nothing passes, and nothing goes on passing, without an open passage.

mod desk;
mod pass;
mod refusal;
mod stream;

pub use desk::Passages;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::any;
use tower_http::catch_panic::CatchPanicLayer;

use super::edge;

/// Largest request, in bytes: what the providers take.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Everything that the listener of passages answers.
pub fn router(passages: Passages) -> Router {
    Router::new()
        .fallback(any(pass::pass))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CatchPanicLayer::custom(edge::on_panic))
        .layer(middleware::from_fn(edge::dress))
        .with_state(passages)
}
