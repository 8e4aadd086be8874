//! Home and About.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::about::PARTS;
use super::super::answer::Reader;
use super::super::headers::page;
use super::super::read;
use super::super::view::pages::{AboutPage, HomePage};
use crate::http::auth::ReadChats;
use crate::http::{AppState, May, Problem};

/// `GET /`.
pub(super) async fn show(
    by: May<ReadChats>,
    State(state): State<AppState>,
    reader: Reader,
) -> Result<Response, Problem> {
    let facts = read::home::facts(&state, &by).await?;
    Ok(page(StatusCode::OK, &HomePage { frame: reader.frame("Home", "home"), facts }))
}

/// `GET /about`.
pub(super) async fn about(_by: May<ReadChats>, reader: Reader) -> Response {
    let frame = reader.frame("About", "settings");
    page(StatusCode::OK, &AboutPage { frame, version: env!("CARGO_PKG_VERSION"), parts: PARTS })
}
