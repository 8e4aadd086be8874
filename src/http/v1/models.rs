//! `GET /v1/models`: what can be named as `model`.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;

use super::error::ApiError;
use crate::http::auth::{May, ReadChats};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::models::ModelView;

/// How long backends that nobody has asked yet are waited for.
const LIST_WITHIN: Duration = Duration::from_secs(3);
/// Most assistants that are listed.
const ASSISTANTS_MAX: usize = 1_000;

#[derive(Serialize)]
pub(super) struct ModelList {
    object: &'static str,
    data: Vec<Model>,
}

#[derive(Serialize)]
pub(super) struct Model {
    id: String,
    object: &'static str,
    created: i64,
    owned_by: String,
}

/// All of them: assistants first, then `backend/model`.
pub(super) async fn list(
    principal: May<ReadChats>,
    State(state): State<AppState>,
) -> Result<Json<ModelList>, ApiError> {
    Ok(Json(ModelList { object: "list", data: all(&state, &principal).await? }))
}

/// One of them.
pub(super) async fn get(
    principal: May<ReadChats>,
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Model>, ApiError> {
    let found = all(&state, &principal).await?.into_iter().find(|model| model.id == id);
    found.map(Json).ok_or_else(|| ApiError::no_model(&id))
}

async fn all(state: &AppState, by: &Principal) -> Result<Vec<Model>, ApiError> {
    let assistants = state.assistants.list(&by.tenant, None, ASSISTANTS_MAX).await.map_err(|error| {
        tracing::warn!(%error, "assistants could not be read");
        ApiError::from(Problem::unavailable("the store did not answer"))
    })?;
    let mut models: Vec<Model> = assistants
        .into_iter()
        .filter(|assistant| by.may_use(assistant.id))
        .map(|assistant| model(assistant.name, assistant.created_ms / 1_000, "capuchin".to_owned()))
        .collect();
    if by.assistant.is_none() {
        let offered = state.models.list(LIST_WITHIN).await;
        models.extend(offered.into_iter().map(|ModelView { known, .. }| {
            let id = format!("{}/{}", known.key.backend, known.key.model);
            model(id, known.published_s, known.key.backend)
        }));
    }
    Ok(models)
}

const fn model(id: String, created: i64, owned_by: String) -> Model {
    Model { id, object: "model", created, owned_by }
}
