//! Plugs: shown, and their settings taken in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::answer::Reader;
use super::super::headers::page;
use super::super::read;
use crate::http::auth::Admin;
use crate::http::extract::Params;
use crate::http::{AppState, May, Problem};

#[derive(Deserialize)]
pub(super) struct ExtensionsQuery {
    #[serde(default)]
    done: String,
}

/// `GET /settings/extensions`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<ExtensionsQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut template = read::extensions::page(&state, reader.frame("Extensions", "settings"));
    template.notice =
        (query.done == "reloaded").then_some("The settings are in place, for everything that begins now.");
    Ok(page(StatusCode::OK, &template))
}

/// `POST /settings/extensions/reload`.
pub(super) async fn reload(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = state.reload_plugs(&by).await.map(|()| "reloaded");
    let again = async { Ok(read::extensions::page(&state, reader.frame("Extensions", "settings"))) };
    reader.after("/settings/extensions", outcome, again, |page, why| page.error = Some(why)).await
}
