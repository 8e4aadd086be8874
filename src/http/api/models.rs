//! `/api/v1/backends` and `/api/v1/models`: who can answer, and with what.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use futures::future::join_all;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::backends::{Backend, ModelInfo};
use crate::http::auth::{May, ReadChats};
use crate::http::page::Page;
use crate::http::state::AppState;
use crate::protocol::model::{ModelError, ModelErrorKind};

/// How long a backend may take to list its models.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);

/// A backend as it is now.
#[derive(Serialize, ToSchema)]
#[schema(as = Backend)]
pub(super) struct BackendView {
    name: String,
    default_model: Option<String>,
    /// `ready` or `unavailable`.
    state: &'static str,
    /// Why it is not ready.
    error: Option<String>,
    /// How many models it offers.
    models: usize,
}

/// A model as it can be called.
#[derive(Serialize, ToSchema)]
#[schema(as = Model)]
pub(super) struct ModelView {
    /// `backend/model`, as `/v1` takes it.
    id: String,
    backend: String,
    model: String,
    display_name: String,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(backends)).routes(routes!(models))
}

/// The configured backends, each asked now.
#[utoipa::path(
    get, path = "/api/v1/backends", tag = "models", responses((status = 200, body = Page<BackendView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn backends(_by: May<ReadChats>, State(state): State<AppState>) -> Json<Page<BackendView>> {
    let asked = ask_all(&state).await.into_iter().map(|(backend, answer)| {
        let (state, error, models) = match answer {
            Ok(models) => ("ready", None, models.len()),
            Err(error) => ("unavailable", Some(error.message), 0),
        };
        let default_model = backend.default_model().map(str::to_owned);
        BackendView { name: backend.name().to_owned(), default_model, state, error, models }
    });
    Json(Page::whole(asked.collect()))
}

/// The models of all backends that answer.
#[utoipa::path(
    get, path = "/api/v1/models", tag = "models", responses((status = 200, body = Page<ModelView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn models(_by: May<ReadChats>, State(state): State<AppState>) -> Json<Page<ModelView>> {
    let mut items = Vec::new();
    for (backend, answer) in ask_all(&state).await {
        // silent-ok: why a backend does not answer is on /api/v1/backends
        for model in answer.unwrap_or_default() {
            items.push(ModelView {
                id: format!("{}/{}", backend.name(), model.id),
                backend: backend.name().to_owned(),
                model: model.id,
                display_name: model.display_name,
            });
        }
    }
    Json(Page::whole(items))
}

type Asked = (Arc<dyn Backend>, Result<Vec<ModelInfo>, ModelError>);

/// Asks every backend at once, none longer than [`LIST_TIMEOUT`].
async fn ask_all(state: &AppState) -> Vec<Asked> {
    let backends = state.backends.names().filter_map(|name| state.backends.get(name));
    let asked = backends.map(|backend| async move {
        let answer = tokio::time::timeout(LIST_TIMEOUT, backend.models()).await;
        let late = || ModelError::new(ModelErrorKind::Timeout, "the backend did not list its models in time");
        (backend, answer.unwrap_or_else(|_| Err(late())))
    });
    join_all(asked).await
}
