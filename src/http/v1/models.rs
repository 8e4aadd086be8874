//! `GET /v1/models`: what can be named as `model`, in OpenAI's shape, or in Anthropic's for clients that send its version.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::anthropic;
use super::error::ApiError;
use crate::http::auth::{May, ReadChats};
use crate::http::extract::Params;
use crate::http::moment::rfc3339;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::models::ModelView;

/// How long backends that nobody has asked yet are waited for.
const LIST_WITHIN: Duration = Duration::from_secs(3);
/// Most assistants that are listed.
const ASSISTANTS_MAX: usize = 1_000;
/// Models of a page in Anthropic's shape, where the caller does not say, and at most.
const PAGE: usize = 20;
const PAGE_MAX: usize = 1_000;

/// What can be named.
struct Named {
    id: String,
    display_name: String,
    created_s: i64,
    owner: String,
}

#[derive(Serialize)]
struct ModelList {
    object: &'static str,
    data: Vec<Model>,
}

#[derive(Serialize)]
struct Model {
    id: String,
    object: &'static str,
    created: i64,
    owned_by: String,
}

/// A page in Anthropic's shape.
#[derive(Serialize)]
struct ModelPage {
    data: Vec<ModelInfo>,
    has_more: bool,
    first_id: Option<String>,
    last_id: Option<String>,
}

#[derive(Serialize)]
struct ModelInfo {
    r#type: &'static str,
    id: String,
    display_name: String,
    created_at: String,
}

/// Anthropic's way through a list. OpenAI's has no pages.
#[derive(Deserialize)]
pub(super) struct Window {
    limit: Option<usize>,
    after_id: Option<String>,
    before_id: Option<String>,
}

/// All of them: assistants first, then `backend/model`.
pub(super) async fn list(
    principal: May<ReadChats>,
    State(state): State<AppState>,
    headers: HeaderMap,
    Params(window): Params<Window>,
) -> Result<Response, ApiError> {
    let all = all(&state, &principal).await?;
    if headers.contains_key(anthropic::VERSION) {
        return Ok(Json(window.page(all)?).into_response());
    }
    let data = all.into_iter().map(Model::from).collect();
    Ok(Json(ModelList { object: "list", data }).into_response())
}

/// One of them.
pub(super) async fn get(
    principal: May<ReadChats>,
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = all(&state, &principal).await?.into_iter().find(|model| model.id == id);
    let found = found.ok_or_else(|| ApiError::no_model(&id))?;
    if headers.contains_key(anthropic::VERSION) {
        return Ok(Json(ModelInfo::from(found)).into_response());
    }
    Ok(Json(Model::from(found)).into_response())
}

async fn all(state: &AppState, by: &Principal) -> Result<Vec<Named>, ApiError> {
    let assistants = state.assistants.list(&by.tenant, None, ASSISTANTS_MAX).await.map_err(|error| {
        tracing::warn!(%error, "assistants could not be read");
        ApiError::from(Problem::unavailable("the store did not answer"))
    })?;
    let mut models: Vec<Named> = assistants
        .into_iter()
        .filter(|assistant| by.may_use(assistant.id))
        .map(|assistant| Named {
            display_name: assistant.name.clone(),
            id: assistant.name,
            created_s: assistant.created_ms / 1_000,
            owner: "capuchin".to_owned(),
        })
        .collect();
    if by.assistant.is_none() {
        let offered = state.models.list(LIST_WITHIN).await;
        models.extend(offered.into_iter().map(|ModelView { known, .. }| Named {
            id: format!("{}/{}", known.key.backend, known.key.model),
            display_name: known.display_name,
            created_s: known.published_s,
            owner: known.key.backend,
        }));
    }
    Ok(models)
}

impl Window {
    /// The page that is asked for. An id that is not there begins at the beginning, as it does at Anthropic.
    fn page(self, all: Vec<Named>) -> Result<ModelPage, ApiError> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(ApiError::invalid("limit", format!("limit: must be from 1 to {PAGE_MAX}")));
        }
        let place = |id: &Option<String>| all.iter().position(|model| Some(&model.id) == id.as_ref());
        let (from, to) = match (place(&self.after_id), place(&self.before_id)) {
            (Some(after), _) => (after + 1, all.len().min(after + 1 + limit)),
            (None, Some(before)) => (before.saturating_sub(limit), before),
            (None, None) => (0, all.len().min(limit)),
        };
        let backwards = self.after_id.is_none() && self.before_id.is_some();
        let has_more = if backwards { from > 0 } else { to < all.len() };
        let data: Vec<_> = all.into_iter().take(to).skip(from).map(ModelInfo::from).collect();
        let id = |model: Option<&ModelInfo>| model.map(|model| model.id.clone());
        Ok(ModelPage { has_more, first_id: id(data.first()), last_id: id(data.last()), data })
    }
}

impl From<Named> for Model {
    fn from(named: Named) -> Self {
        Self { id: named.id, object: "model", created: named.created_s, owned_by: named.owner }
    }
}

impl From<Named> for ModelInfo {
    fn from(named: Named) -> Self {
        Self {
            r#type: "model",
            id: named.id,
            display_name: named.display_name,
            created_at: rfc3339(named.created_s.saturating_mul(1_000)),
        }
    }
}

#[cfg(test)]
mod tests;
