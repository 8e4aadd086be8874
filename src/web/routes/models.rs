//! `/settings/models`: what can be picked, and backends asked now.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::answer::Reader;
use super::super::headers::page;
use super::super::read;
use crate::http::auth::{Operate, ReadChats};
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::models::ProbeState;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ModelsQuery {
    done: String,
}

/// `GET /settings/models`.
pub(super) async fn show(
    by: May<ReadChats>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<ModelsQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut template = read::models::page(&state, reader.frame("Models", "settings")).await;
    template.notice = match query.done.as_str() {
        "asked" => Some("The backend was asked, and its list is here."),
        "silent" => Some("The backend was asked and brought no list; what was known of it stays."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &template))
}

/// `POST /settings/models/{probe}/refresh`.
pub(super) async fn refresh(
    by: May<Operate>,
    State(state): State<AppState>,
    reader: Reader,
    Named(name): Named<String>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let key = name.parse().map_err(|_| Problem::not_found())?;
    let probe = state.models.refresh(&key).await.map_err(Problem::from);
    let outcome = probe.map(|probe| if probe.state == ProbeState::Failing { "silent" } else { "asked" });
    let again = async { Ok(read::models::page(&state, reader.frame("Models", "settings")).await) };
    reader.after("/settings/models", outcome, again, |page, why| page.error = Some(why)).await
}
