//! `/api/v1/assistants`: personas.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::routing::RoutingView;
use crate::assistants::{Assistant, AssistantChange, NewAssistant};
use crate::http::auth::{Admin, May, ReadChats, unrestricted};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::protocol::ids::AssistantId;

/// A persona.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Assistant)]
pub(super) struct AssistantView {
    id: String,
    name: String,
    backend: String,
    model: String,
    /// Who answers where that model does not, and when.
    routing: RoutingView,
    system_prompt: String,
    /// `default`, `accept_edits`, `plan`, `dont_ask` or `bypass_permissions`.
    permission_mode: &'static str,
    /// `read_only`, `supervised` or `full`. The narrower of this and the permission mode holds.
    autonomy: &'static str,
    is_default: bool,
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<Assistant> for AssistantView {
    fn from(assistant: Assistant) -> Self {
        Self {
            id: assistant.id.to_string(),
            name: assistant.name,
            backend: assistant.backend,
            model: assistant.model,
            routing: assistant.routing.into(),
            system_prompt: assistant.system_prompt,
            permission_mode: assistant.permission_mode.as_str(),
            autonomy: assistant.autonomy.as_str(),
            is_default: assistant.is_default,
            version: assistant.version,
            created_at: rfc3339(assistant.created_ms),
            updated_at: rfc3339(assistant.updated_ms),
        }
    }
}

/// A new persona.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateAssistant {
    /// 1–100 characters, unique.
    name: String,
    /// One of the configured backends.
    backend: String,
    /// The model, in its provider's words; the backend's default without it.
    model: Option<String>,
    /// Who answers where that model does not, and when. Nobody else without it.
    routing: Option<RoutingView>,
    /// What it is told before every conversation.
    system_prompt: Option<String>,
}

/// What changes. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeAssistant {
    name: Option<String>,
    backend: Option<String>,
    model: Option<String>,
    /// All of it: what is left out is gone.
    routing: Option<RoutingView>,
    system_prompt: Option<String>,
    /// `default`, `accept_edits`, `plan`, `dont_ask` or `bypass_permissions`.
    permission_mode: Option<String>,
    /// `read_only`, `supervised` or `full`.
    autonomy: Option<String>,
    /// `true` makes it the default; another one takes that over, so `false` changes nothing.
    is_default: Option<bool>,
}

#[derive(Deserialize)]
struct ListAssistants {
    limit: Option<usize>,
    after: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(list, create)).routes(routes!(read, change, delete))
}

/// Personas, in the order of their making. A token for one assistant sees that one.
#[utoipa::path(
    get, path = "/api/v1/assistants", tag = "assistants",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<AssistantView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn list(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Params(query): Params<ListAssistants>,
) -> Result<Json<Page<AssistantView>>, Problem> {
    let paging = Paging::<AssistantId>::new(query.limit, query.after.as_deref())?;
    let found = match by.assistant {
        Some(only) => state.assistants.get(&by.tenant, only).await.into_iter().collect(),
        None => state.assistants.list(&by.tenant, paging.after, paging.fetch()).await?,
    };
    Ok(Json(paging.page(found, |assistant| assistant.id.to_string(), AssistantView::from)))
}

/// Makes a persona.
#[utoipa::path(
    post, path = "/api/v1/assistants", tag = "assistants", request_body = CreateAssistant,
    responses((status = 201, body = AssistantView), (status = 409, description = "The name is taken")),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateAssistant>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = key.of(&by, "POST /api/v1/assistants", &body);
    let model = match body.model {
        Some(model) => model,
        None => default_model(&state, &body.backend)?,
    };
    check_backend(&state, Some(&body.backend))?;
    check_fallbacks(&state, body.routing.as_ref())?;
    let new = NewAssistant {
        name: state.clean(&by, "name", body.name),
        backend: body.backend,
        model,
        routing: body.routing.map(Into::into).unwrap_or_default(),
        system_prompt: state.clean(&by, "system_prompt", body.system_prompt.unwrap_or_default()),
    };
    let made = state.assistants.create(&by, new, key).await?;
    Ok(created(made, |assistant| Some(assistant.version), AssistantView::from))
}

/// One persona.
#[utoipa::path(
    get, path = "/api/v1/assistants/{id}", tag = "assistants", params(("id" = String, Path)),
    responses((status = 200, body = AssistantView)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn read(
    by: May<ReadChats>,
    State(state): State<AppState>,
    Named(id): Named<AssistantId>,
) -> Result<Response, Problem> {
    if !by.may_use(id) {
        return Err(Problem::not_found());
    }
    let assistant = state.assistants.get(&by.tenant, id).await?;
    Ok(tagged(StatusCode::OK, assistant.version, AssistantView::from(assistant)))
}

/// Changes a persona that still has the version of `If-Match`.
#[utoipa::path(
    patch, path = "/api/v1/assistants/{id}", tag = "assistants", params(("id" = String, Path)),
    request_body = ChangeAssistant,
    responses(
        (status = 200, body = AssistantView),
        (status = 412, description = "Somebody else changed it"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<AssistantId>,
    known: IfMatch,
    Body(body): Body<ChangeAssistant>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    check_backend(&state, body.backend.as_deref())?;
    check_fallbacks(&state, body.routing.as_ref())?;
    let change = AssistantChange {
        name: body.name.map(|name| state.clean(&by, "name", name)),
        backend: body.backend,
        model: body.model,
        routing: body.routing.map(Into::into),
        system_prompt: body.system_prompt.map(|text| state.clean(&by, "system_prompt", text)),
        permission_mode: super::policy::word("/permission_mode", body.permission_mode)?,
        autonomy: super::policy::word("/autonomy", body.autonomy)?,
        make_default: body.is_default.unwrap_or(false),
    };
    let assistant = state.assistants.update(&by, id, known.required()?, change).await?;
    Ok(tagged(StatusCode::OK, assistant.version, AssistantView::from(assistant)))
}

/// Deletes a persona that still has the version of `If-Match`, with its files. What used it falls back to the
/// default.
#[utoipa::path(
    delete, path = "/api/v1/assistants/{id}", tag = "assistants", params(("id" = String, Path)),
    responses(
        (status = 204),
        (status = 409, description = "It is the default one"),
        (status = 428, description = "If-Match is missing"),
    ),
    security(("token" = ["admin"]))
)]
async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<AssistantId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    state.assistants.delete(&by, id, known.required()?).await?;
    state.knowledge.forget(&by.tenant, id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// A token for one assistant does not change assistants, not even its own: it could widen itself.
pub(super) fn refuse_restricted(by: &May<Admin>) -> Result<(), Problem> {
    unrestricted(by, "change assistants")
}

fn check_backend(state: &AppState, name: Option<&str>) -> Result<(), Problem> {
    match name {
        Some(name) if state.backends.get(name.trim()).is_none() => {
            Err(Problem::invalid_field("/backend", "names no configured backend"))
        }
        _ => Ok(()),
    }
}

fn check_fallbacks(state: &AppState, routing: Option<&RoutingView>) -> Result<(), Problem> {
    let mut named = routing.into_iter().flat_map(RoutingView::backends);
    match named.position(|name| state.backends.get(name).is_none()) {
        Some(at) => {
            let pointer = format!("/routing/fallbacks/{at}/backend");
            Err(Problem::invalid_field(pointer, "names no configured backend"))
        }
        None => Ok(()),
    }
}

fn default_model(state: &AppState, backend: &str) -> Result<String, Problem> {
    let backend = state.backends.get(backend.trim());
    let model = backend.as_ref().and_then(|backend| backend.default_model());
    model.map(str::to_owned).ok_or_else(|| Problem::invalid_field("/model", "is needed for this backend"))
}
