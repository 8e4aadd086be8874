//! `/api/v1/experiments`: what is tried out, how it went, and what a person says to it.

mod bodies;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::experiments::{
    ExperimentError, ExperimentKey, Experiments, Kind, Maker, NewExperiment, Report, WorkError,
};
use crate::guard::TextOf;
use crate::http::auth::{Decide, May, Read, RunProcesses, unrestricted};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::Principal;
use crate::protocol::ids::ExperimentId;

use bodies::{CreateExperiment, DecideExperiment, ExperimentBody, IterationBody};

#[derive(Deserialize)]
struct PageOf {
    limit: Option<usize>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct ReportAs {
    format: Option<String>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(read, delete))
        .routes(routes!(start))
        .routes(routes!(stop))
        .routes(routes!(cancel))
        .routes(routes!(decide))
        .routes(routes!(rollback))
        .routes(routes!(iterations))
        .routes(routes!(iteration_diff))
        .routes(routes!(report))
}

/// Experiments, newest first.
#[utoipa::path(
    get, path = "/api/v1/experiments", tag = "experiments",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<ExperimentBody>)),
    security(("token" = ["read"]))
)]
async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    Params(query): Params<PageOf>,
) -> Result<Json<Page<ExperimentBody>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<ExperimentId>::new(query.limit, query.after.as_deref())?;
    let found = state.experiments.list(&by.tenant, paging.after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |one| one.id.to_string(), ExperimentBody::from)))
}

/// Makes an experiment. Nothing runs until it is started.
#[utoipa::path(
    post, path = "/api/v1/experiments", tag = "experiments", request_body = CreateExperiment,
    responses((status = 201, body = ExperimentBody), (status = 409, description = "There are too many")),
    security(("token" = ["processes"]))
)]
async fn create(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateExperiment>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = key.of(&by, "POST /api/v1/experiments", &body);
    let kind = Kind::parse(&body.kind)
        .ok_or_else(|| Problem::invalid_field("/kind", "is code, research, prompt or external"))?;
    let settings = body.settings.unwrap_or_else(|| serde_json::json!({}));
    let settings = serde_json::from_value(settings)
        .map_err(|error| Problem::invalid_field("/settings", error.to_string()))?;
    let new = NewExperiment {
        workspace_id: body.workspace_id,
        title: state.clean(&by, "title", body.title),
        kind,
        goal: state.clean(&by, "goal", body.goal),
        settings,
        iterations_max: body.iterations_max,
        time_budget_s: body.time_budget_s,
    };
    let made = state.experiments.create(&Maker::from(&by.0), new, key).await?;
    Ok(created(made, |one| Some(one.version), ExperimentBody::from))
}

/// One experiment.
#[utoipa::path(
    get, path = "/api/v1/experiments/{id}", tag = "experiments", params(("id" = String, Path)),
    responses((status = 200, body = ExperimentBody)),
    security(("token" = ["read"]))
)]
async fn read(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let found = state.experiments.get(&by.tenant, id).await?;
    Ok(tagged(StatusCode::OK, found.version, ExperimentBody::from(found)))
}

/// Removes an experiment that does not run, with its files. What it put into the workspace stays.
#[utoipa::path(
    delete, path = "/api/v1/experiments/{id}", tag = "experiments", params(("id" = String, Path)),
    responses((status = 204), (status = 409, description = "It runs")),
    security(("token" = ["processes"]))
)]
async fn delete(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    state.experiments.delete(&Maker::from(&by.0), id, known.version()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Starts an experiment.
#[utoipa::path(
    post, path = "/api/v1/experiments/{id}/start", tag = "experiments", params(("id" = String, Path)),
    responses((status = 200, body = ExperimentBody), (status = 403, description = "The policy says no"),
              (status = 409, description = "It was started before, or too many run")),
    security(("token" = ["processes"]))
)]
async fn start(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
) -> Result<Json<ExperimentBody>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(state.experiments.start(&Maker::from(&by.0), id).await?.into()))
}

/// Lets an experiment end after what it is doing.
#[utoipa::path(
    post, path = "/api/v1/experiments/{id}/stop", tag = "experiments", params(("id" = String, Path)),
    responses((status = 200, body = ExperimentBody), (status = 409, description = "It is over")),
    security(("token" = ["processes"]))
)]
async fn stop(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
) -> Result<Json<ExperimentBody>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(state.experiments.stop(&Maker::from(&by.0), id).await?.into()))
}

/// Ends an experiment now, with everything that it runs.
#[utoipa::path(
    post, path = "/api/v1/experiments/{id}/cancel", tag = "experiments", params(("id" = String, Path)),
    responses((status = 200, body = ExperimentBody), (status = 409, description = "It is over")),
    security(("token" = ["processes"]))
)]
async fn cancel(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
) -> Result<Json<ExperimentBody>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(state.experiments.cancel(&Maker::from(&by.0), id).await?.into()))
}

/// Says what is wanted at the gate: `accept`, `reject`, or `continue` without it.
#[utoipa::path(
    post, path = "/api/v1/experiments/{id}/decide", tag = "experiments", params(("id" = String, Path)),
    request_body = DecideExperiment,
    responses((status = 200, body = ExperimentBody), (status = 409, description = "Nobody is asked")),
    security(("token" = ["approve"]))
)]
async fn decide(
    by: May<Decide>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
    Body(body): Body<DecideExperiment>,
) -> Result<Json<ExperimentBody>, Problem> {
    refuse_restricted(&by)?;
    let answer = body.answer()?;
    let reason = state.clean(&by, "reason", body.reason.unwrap_or_default());
    Ok(Json(state.experiments.decide(&by, id, (answer, &reason)).await?.into()))
}

/// Takes an accepted experiment back: every file of the workspace that it changed is as it was.
#[utoipa::path(
    post, path = "/api/v1/experiments/{id}/rollback", tag = "experiments", params(("id" = String, Path)),
    responses((status = 200, body = ExperimentBody),
              (status = 409, description = "Nothing of it is there, or a file was changed since")),
    security(("token" = ["processes"]))
)]
async fn rollback(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
) -> Result<Json<ExperimentBody>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(state.experiments.rollback(&Maker::from(&by.0), id).await?.into()))
}

/// The iterations of an experiment, in order.
#[utoipa::path(
    get, path = "/api/v1/experiments/{id}/iterations", tag = "experiments", params(("id" = String, Path)),
    responses((status = 200, body = Page<IterationBody>)),
    security(("token" = ["read"]))
)]
async fn iterations(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
) -> Result<Json<Page<IterationBody>>, Problem> {
    refuse_restricted(&by)?;
    let found = state.experiments.iterations(&by.tenant, id).await?;
    Ok(Json(Page::whole(found.into_iter().map(IterationBody::from).collect())))
}

/// What an iteration changed, as a unified diff without secrets.
#[utoipa::path(
    get, path = "/api/v1/experiments/{id}/iterations/{number}/diff", tag = "experiments",
    params(("id" = String, Path), ("number" = u32, Path)),
    responses((status = 200, body = String, content_type = "text/plain")),
    security(("token" = ["read"]))
)]
async fn iteration_diff(
    by: May<Read>,
    State(state): State<AppState>,
    Named((id, number)): Named<(ExperimentId, u32)>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = ExperimentKey { tenant: by.tenant.clone(), id };
    let patch = state.experiments.patch(&key, number).await?;
    let of = TextOf { tenant: by.tenant.clone(), thread: None };
    let text = state.guard.clean(&of, "experiment", patch).text;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// What the experiment did, as a document to keep: `format=markdown` or `html`.
#[utoipa::path(
    get, path = "/api/v1/experiments/{id}/report", tag = "experiments",
    params(("id" = String, Path), ("format" = Option<String>, Query, description = "`markdown` (without it) or `html`")),
    responses((status = 200, body = String, content_type = "text/markdown")),
    security(("token" = ["read"]))
)]
async fn report(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
    Params(query): Params<ReportAs>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    document(&state.experiments, &by, id, query.format.as_deref().unwrap_or("markdown")).await
}

/// The document as a file to save.
pub(crate) async fn document(
    experiments: &Experiments,
    by: &Principal,
    id: ExperimentId,
    format: &str,
) -> Result<Response, Problem> {
    let report = Report {
        experiment: experiments.get(&by.tenant, id).await?,
        iterations: experiments.iterations(&by.tenant, id).await?,
    };
    let (kind, ending, text) = match format {
        "markdown" => ("text/markdown; charset=utf-8", "md", report.markdown()),
        "html" => ("text/html; charset=utf-8", "html", report.html()),
        _ => return Err(Problem::invalid_field("/format", "is markdown or html")),
    };
    let mut response = ([(header::CONTENT_TYPE, kind)], text).into_response();
    if let Ok(name) = HeaderValue::try_from(format!("attachment; filename=\"experiment-{id}.{ending}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// A token for one assistant has nothing to do with what runs in a workspace for all.
fn refuse_restricted(by: &Principal) -> Result<(), Problem> {
    unrestricted(by, "see or change experiments")
}

impl From<ExperimentError> for Problem {
    fn from(error: ExperimentError) -> Self {
        let detail = error.to_string();
        match error {
            ExperimentError::Field { field, why } => Self::invalid_field(format!("/{field}"), why),
            ExperimentError::NoWorkspace => Self::invalid_field("/workspace_id", detail),
            ExperimentError::TooMany(_) => Self::conflict("too_many", detail),
            ExperimentError::Busy(_) => Self::conflict("busy", detail),
            ExperimentError::State(_) => Self::conflict("wrong_state", detail),
            ExperimentError::NotApplied => Self::conflict("not_applied", detail),
            ExperimentError::Work(WorkError::Conflict(_)) => Self::conflict("files_changed", detail),
            ExperimentError::Work(error) => {
                tracing::warn!(%error, "the files of an experiment could not be used");
                Self::conflict("files_unusable", detail)
            }
            ExperimentError::Stale => stale(),
            ExperimentError::NotFound => Self::not_found(),
            ExperimentError::Denied(why) => Self::new(StatusCode::FORBIDDEN, "denied", why),
            ExperimentError::Approval(error) => error.into(),
            ExperimentError::Workspace(error) => error.into(),
            ExperimentError::KeyReused(reused) => reused.into(),
            ExperimentError::Store(error) => error.into(),
        }
    }
}
