//! `/api/v1/models` and `/api/v1/model-probes`: who can answer, with what, and how that is known.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Admin, May, Operate, ReadChats, SeeRuntime, unrestricted};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::rfc3339;
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::models::{ModelView as Model, Models, ModelsError, ProbeChange, ProbeKey, ProbeView};

/// How long backends that nobody has asked yet are waited for.
const FIRST_TIMEOUT: Duration = Duration::from_secs(3);

/// A model as it is known.
#[derive(Serialize, ToSchema)]
#[schema(as = Model)]
pub(super) struct ModelView {
    /// `backend/model`, as `/v1` takes it.
    id: String,
    backend: String,
    /// Whose models that backend offers.
    provider: String,
    model: String,
    display_name: String,
    /// `available`, `deprecated`, or `gone`: the last list of its provider lacked it.
    state: &'static str,
    /// Tokens that it takes, prompt and answer together; `null` wherever nobody said.
    context_tokens: Option<u64>,
    /// Tokens of its longest answer.
    output_tokens: Option<u64>,
    capabilities: Capabilities,
    price: Option<Price>,
    /// Whether calls go through: `closed`, `open` (it is left out where a chain has others) or `half_open` (one call tries it).
    breaker: &'static str,
    /// Who said most of this: `baseline` (the binary), `session`, `probe` or `refresh`.
    source: &'static str,
    /// When it was last said to be there; `null` for what only the binary knows.
    seen_at: Option<String>,
}

/// What a model can do; `null` where nobody said.
#[derive(Serialize, ToSchema)]
pub(super) struct Capabilities {
    tools: Option<bool>,
    images: Option<bool>,
    thinking: Option<bool>,
}

/// What a model costs, in billionths of a US dollar per token.
#[derive(Serialize, ToSchema)]
pub(super) struct Price {
    input_nano: u64,
    output_nano: u64,
    cached_nano: u64,
}

/// How a backend is asked for its models.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelProbe {
    /// `backend:provider`.
    id: String,
    backend: String,
    provider: String,
    /// `new`, `ready`, `failing`, `down` or `off`.
    state: &'static str,
    /// Whether it is asked from time to time.
    enabled: bool,
    /// Seconds between two looks.
    every_s: u64,
    /// Looks in a row that brought no list.
    failures: u32,
    /// Why the last one brought none.
    error: Option<String>,
    answered_at: Option<String>,
    next_at: Option<String>,
    /// Models that can be picked.
    models: usize,
}

/// What shall change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelProbePatch {
    enabled: Option<bool>,
    /// 60 to 604,800.
    every_s: Option<u64>,
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub(super) struct ModelsQuery {
    /// `all` lists those too that are gone.
    state: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(models))
        .routes(routes!(probes))
        .routes(routes!(change))
        .routes(routes!(refresh))
}

/// The models that can be picked. Backends that nobody has asked yet are asked first, for three seconds at the most.
#[utoipa::path(
    get, path = "/api/v1/models", tag = "models", params(ModelsQuery),
    responses((status = 200, body = Page<ModelView>)),
    security(("token" = ["read"]), ("token" = ["chat"]))
)]
async fn models(
    _by: May<ReadChats>,
    State(state): State<AppState>,
    Params(query): Params<ModelsQuery>,
) -> Result<Json<Page<ModelView>>, Problem> {
    let offered = state.models.list(FIRST_TIMEOUT).await;
    let listed = match query.state.as_deref() {
        None => offered,
        Some("all") => state.models.all(),
        Some(_) => return Err(Problem::invalid_field("state", "is `all`, or left out")),
    };
    Ok(Json(Page::whole(listed.into_iter().map(|one| model(&state.models, one)).collect())))
}

/// How each backend is asked for its models, and how that went.
#[utoipa::path(
    get, path = "/api/v1/model-probes", tag = "models", responses((status = 200, body = Page<ModelProbe>)),
    security(("token" = ["read"]), ("token" = ["operate"]))
)]
async fn probes(_by: May<SeeRuntime>, State(state): State<AppState>) -> Json<Page<ModelProbe>> {
    Json(Page::whole(state.models.probes().into_iter().map(probe).collect()))
}

/// Changes how often a backend is asked, or whether it is. At once, and over restarts.
#[utoipa::path(
    patch, path = "/api/v1/model-probes/{name}", tag = "models", request_body = ModelProbePatch,
    params(("name" = String, Path, description = "`backend:provider`")),
    responses(
        (status = 200, body = ModelProbe),
        (status = 404, description = "There is no such backend"),
        (status = 422, description = "A time that is too short or too long"),
    ),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(name): Named<String>,
    Body(body): Body<ModelProbePatch>,
) -> Result<Json<ModelProbe>, Problem> {
    unrestricted(&by, "change how backends are asked")?;
    let change = ProbeChange { enabled: body.enabled, every_s: body.every_s };
    Ok(Json(probe(state.models.configure(&by, &key(&name)?, change).await?)))
}

/// Asks a backend for its models now. That it does not answer is told in `error`.
#[utoipa::path(
    post, path = "/api/v1/model-probes/{name}/refresh", tag = "models",
    params(("name" = String, Path, description = "`backend:provider`")),
    responses((status = 200, body = ModelProbe), (status = 404, description = "There is no such backend")),
    security(("token" = ["operate"]))
)]
async fn refresh(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(name): Named<String>,
) -> Result<Json<ModelProbe>, Problem> {
    unrestricted(&by, "ask backends for their models")?;
    Ok(Json(probe(state.models.refresh(&key(&name)?).await?)))
}

fn key(name: &str) -> Result<ProbeKey, Problem> {
    name.parse().map_err(|_| Problem::not_found())
}

fn model(models: &Models, Model { known, price }: Model) -> ModelView {
    let can = known.capabilities;
    let breaker = models.breaker(&known.key.backend, &known.key.model);
    ModelView {
        id: format!("{}/{}", known.key.backend, known.key.model),
        backend: known.key.backend,
        provider: known.key.provider,
        model: known.key.model,
        display_name: known.display_name,
        state: known.state.as_str(),
        context_tokens: known.context_tokens,
        output_tokens: known.output_tokens,
        capabilities: Capabilities { tools: can.tools, images: can.images, thinking: can.thinking },
        price: price.map(|price| Price {
            input_nano: price.input_nano,
            output_nano: price.output_nano,
            cached_nano: price.cached_nano,
        }),
        breaker,
        source: known.source.as_str(),
        seen_at: (known.seen_ms != 0).then(|| rfc3339(known.seen_ms)),
    }
}

fn probe(view: ProbeView) -> ModelProbe {
    ModelProbe {
        id: view.key.to_string(),
        backend: view.key.backend,
        provider: view.key.provider,
        state: view.state.as_str(),
        enabled: view.enabled,
        every_s: view.every_s,
        failures: view.failures,
        error: view.error,
        answered_at: view.answered_ms.map(rfc3339),
        next_at: view.next_ms.map(rfc3339),
        models: view.models,
    }
}

impl From<ModelsError> for Problem {
    fn from(error: ModelsError) -> Self {
        match error {
            ModelsError::Field { field, why } => Self::invalid_field(format!("/{field}"), why),
            ModelsError::NotFound => Self::not_found(),
            ModelsError::Store(error) => error.into(),
        }
    }
}
