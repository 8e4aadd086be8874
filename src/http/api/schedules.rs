//! `/api/v1/schedules`: what happens by itself, when, and why it did not.

mod answers;
mod bodies;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::auth::{Admin, May, Operate, Read, unrestricted};
use crate::http::conditional::{IdempotencyKey, IfMatch, created, stale, tagged};
use crate::http::extract::{Body, Named, Params};
use crate::http::moment::parse_rfc3339;
use crate::http::page::{Page, Paging};
use crate::http::problem::Problem;
use crate::http::state::AppState;
use crate::identity::{Made, Principal, Scope};
use crate::protocol::ids::{ScheduleId, ScheduleRunId};
use crate::schedules::{AHEAD_MAX, Job, Schedule, ScheduleError};

use answers::{HoldBody, PreviewBody, RunBody, RunCursor, ScheduleBody, SlotBody};
use bodies::{ChangeSchedule, CreateSchedule, PreviewSchedule};

/// Slots of a look ahead unless the request says otherwise.
const AHEAD_DEFAULT: usize = 5;

#[derive(Deserialize)]
struct PageOf {
    limit: Option<usize>,
    after: Option<String>,
    slot: Option<String>,
}

#[derive(Deserialize)]
struct Count {
    count: Option<usize>,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(preview))
        .routes(routes!(hold))
        .routes(routes!(pause_all))
        .routes(routes!(resume_all))
        .routes(routes!(read, change, delete))
        .routes(routes!(runs))
        .routes(routes!(next))
        .routes(routes!(run_now))
        .routes(routes!(pause))
        .routes(routes!(resume))
        .routes(routes!(cancel))
}

/// Schedules, in the order of their making.
#[utoipa::path(
    get, path = "/api/v1/schedules", tag = "schedules",
    params(
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
    ),
    responses((status = 200, body = Page<ScheduleBody>)),
    security(("token" = ["read"]))
)]
async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    Params(query): Params<PageOf>,
) -> Result<Json<Page<ScheduleBody>>, Problem> {
    refuse_restricted(&by)?;
    let paging = Paging::<ScheduleId>::new(query.limit, query.after.as_deref())?;
    let mut found = state.schedules.list(&by.tenant).await?;
    // There are never more than a thousand.
    found.retain(|schedule| paging.after.is_none_or(|after| schedule.id > after));
    found.truncate(paging.fetch());
    Ok(Json(paging.page(found, |schedule| schedule.id.to_string(), ScheduleBody::from)))
}

/// Makes a schedule, which is active at once. One that runs an experiment needs the scope `processes` too.
#[utoipa::path(
    post, path = "/api/v1/schedules", tag = "schedules", request_body = CreateSchedule,
    responses((status = 201, body = ScheduleBody), (status = 409, description = "The name is taken")),
    security(("token" = ["admin"]))
)]
async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    key: IdempotencyKey,
    Body(body): Body<CreateSchedule>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = key.of(&by, "POST /api/v1/schedules", &body);
    let new = body.read(state.schedules.now_ms(), |text| state.clean(&by, "prompt", text))?;
    may_try(&by, Some(&new.job))?;
    let made = state.schedules.create(&by, new, key).await?;
    Ok(created(made, |schedule| Some(schedule.version), ScheduleBody::from))
}

/// The next times of a rule that is not stored, and what it says in words.
#[utoipa::path(
    post, path = "/api/v1/schedules/preview", tag = "schedules", request_body = PreviewSchedule,
    responses((status = 200, body = PreviewBody)), security(("token" = ["read"]))
)]
async fn preview(
    by: May<Read>,
    State(state): State<AppState>,
    Body(body): Body<PreviewSchedule>,
) -> Result<Json<PreviewBody>, Problem> {
    refuse_restricted(&by)?;
    let count = counted(body.count)?;
    let (rule, zone) = body.rule.read(body.zone, state.schedules.now_ms())?;
    let slots = state.schedules.preview(&rule, &zone, count)?;
    Ok(Json(PreviewBody::new(&rule, zone, slots)))
}

/// Whether all schedules are paused, and by whom.
#[utoipa::path(
    get, path = "/api/v1/schedules/pause-all", tag = "schedules",
    responses((status = 200, body = HoldBody)), security(("token" = ["read"]))
)]
async fn hold(by: May<Read>, State(state): State<AppState>) -> Result<Json<HoldBody>, Problem> {
    refuse_restricted(&by)?;
    Ok(Json(state.schedules.held(&by.tenant).await?.into()))
}

/// Pauses all schedules until they are resumed, over restarts too. Their slots are skipped, and say so.
#[utoipa::path(
    post, path = "/api/v1/schedules/pause-all", tag = "schedules",
    responses((status = 200, body = HoldBody)), security(("token" = ["operate"]))
)]
async fn pause_all(by: May<Operate>, State(state): State<AppState>) -> Result<Json<HoldBody>, Problem> {
    refuse_restricted(&by)?;
    state.schedules.hold_all(&by, true).await?;
    Ok(Json(state.schedules.held(&by.tenant).await?.into()))
}

/// Lets all schedules go on that are not paused by themselves.
#[utoipa::path(
    post, path = "/api/v1/schedules/resume-all", tag = "schedules",
    responses((status = 200, body = HoldBody)), security(("token" = ["operate"]))
)]
async fn resume_all(by: May<Operate>, State(state): State<AppState>) -> Result<Json<HoldBody>, Problem> {
    refuse_restricted(&by)?;
    state.schedules.hold_all(&by, false).await?;
    Ok(Json(state.schedules.held(&by.tenant).await?.into()))
}

/// One schedule.
#[utoipa::path(
    get, path = "/api/v1/schedules/{id}", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = ScheduleBody)), security(("token" = ["read"]))
)]
async fn read(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    Ok(shown(state.schedules.get(&by.tenant, id).await?))
}

/// Changes a schedule; with `If-Match` only if nobody else did. A run that goes on is left alone.
#[utoipa::path(
    patch, path = "/api/v1/schedules/{id}", tag = "schedules", params(("id" = String, Path)),
    request_body = ChangeSchedule,
    responses((status = 200, body = ScheduleBody), (status = 409, description = "The name is taken, or the workspace is gone")),
    security(("token" = ["admin"]))
)]
async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
    known: IfMatch,
    Body(body): Body<ChangeSchedule>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let found = state.schedules.get(&by.tenant, id).await?;
    let change = body.read(&found, state.schedules.now_ms(), |text| state.clean(&by, "prompt", text))?;
    may_try(&by, change.job.as_ref())?;
    Ok(shown(state.schedules.update(&by, id, known.version(), change).await?))
}

/// Removes a schedule with its ledger, and stops what it runs. Its thread and its experiments stay.
#[utoipa::path(
    delete, path = "/api/v1/schedules/{id}", tag = "schedules", params(("id" = String, Path)),
    responses((status = 204)), security(("token" = ["admin"]))
)]
async fn delete(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
    known: IfMatch,
) -> Result<StatusCode, Problem> {
    refuse_restricted(&by)?;
    for work in state.schedules.delete(&by, id, known.version()).await? {
        state.end_work(&by, work).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What became of its times, newest first; with `slot` only the row that stands for that time.
#[utoipa::path(
    get, path = "/api/v1/schedules/{id}/runs", tag = "schedules",
    params(
        ("id" = String, Path),
        ("limit" = Option<usize>, Query, description = "1–200, 50 without it"),
        ("after" = Option<String>, Query, description = "Cursor of the page before"),
        ("slot" = Option<String>, Query, description = "A time of the schedule: why did it not run then?"),
    ),
    responses((status = 200, body = Page<RunBody>)),
    security(("token" = ["read"]))
)]
async fn runs(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
    Params(query): Params<PageOf>,
) -> Result<Json<Page<RunBody>>, Problem> {
    refuse_restricted(&by)?;
    if let Some(slot) = query.slot {
        let slot_ms =
            parse_rfc3339(&slot).ok_or_else(|| Problem::invalid_field("slot", "is a time in RFC 3339"))?;
        state.schedules.get(&by.tenant, id).await?;
        let found = state.schedules.of_slot(&by.tenant, id, slot_ms).await?;
        return Ok(Json(Page::whole(found.into_iter().map(RunBody::from).collect())));
    }
    let paging = Paging::<RunCursor>::new(query.limit, query.after.as_deref())?;
    let after = paging.after.map(|RunCursor(slot_ms, run)| (slot_ms, run));
    let found = state.schedules.runs(&by.tenant, id, after, paging.fetch()).await?;
    Ok(Json(paging.page(found, |run| RunCursor(run.slot_ms, run.id).to_string(), RunBody::from)))
}

/// Its next times.
#[utoipa::path(
    get, path = "/api/v1/schedules/{id}/next", tag = "schedules",
    params(("id" = String, Path), ("count" = Option<usize>, Query, description = "1–100, 5 without it")),
    responses((status = 200, body = Page<SlotBody>)),
    security(("token" = ["read"]))
)]
async fn next(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
    Params(query): Params<Count>,
) -> Result<Json<Page<SlotBody>>, Problem> {
    refuse_restricted(&by)?;
    let count = counted(query.count)?;
    let schedule = state.schedules.get(&by.tenant, id).await?;
    let slots = state.schedules.ahead(&schedule, count);
    Ok(Json(Page::whole(slots.into_iter().map(|slot| SlotBody::new(slot, &schedule.zone)).collect())))
}

/// Runs it now, whatever its state; it waits for the run that goes on. The same `Idempotency-Key` asks once.
#[utoipa::path(
    post, path = "/api/v1/schedules/{id}/run-now", tag = "schedules", params(("id" = String, Path)),
    responses((status = 201, body = RunBody), (status = 409, description = "Too many runs wait, or the workspace is gone")),
    security(("token" = ["operate"]))
)]
async fn run_now(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    let key = key.of(&by, "POST /api/v1/schedules/{id}/run-now", &id.to_string());
    let Made { thing, repeated } = state.schedules.run_now(&by, id, key).await?;
    // A repeated call is answered with what became of the run.
    let thing = state.schedules.run(&by.tenant, thing.id).await?;
    Ok(created(Made { thing, repeated }, |_| None, RunBody::from))
}

/// Lets it rest: its times are skipped, and say so.
#[utoipa::path(
    post, path = "/api/v1/schedules/{id}/pause", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = ScheduleBody)), security(("token" = ["operate"]))
)]
async fn pause(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    Ok(shown(state.schedules.pause(&by, id).await?))
}

/// Lets it go on, also after it failed too often.
#[utoipa::path(
    post, path = "/api/v1/schedules/{id}/resume", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = ScheduleBody)), security(("token" = ["operate"]))
)]
async fn resume(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
) -> Result<Response, Problem> {
    refuse_restricted(&by)?;
    Ok(shown(state.schedules.resume(&by, id).await?))
}

/// Ends a run: one that waits at once, one that works once its turn or experiment has stopped.
#[utoipa::path(
    post, path = "/api/v1/schedule-runs/{id}/cancel", tag = "schedules", params(("id" = String, Path)),
    responses((status = 200, body = RunBody), (status = 409, description = "It has ended already")),
    security(("token" = ["operate"]))
)]
async fn cancel(
    by: May<Operate>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleRunId>,
) -> Result<Json<RunBody>, Problem> {
    refuse_restricted(&by)?;
    let (run, working) = state.schedules.cancel(&by, id).await?;
    if let Some(work) = working {
        state.end_work(&by, work).await;
    }
    Ok(Json(run.into()))
}

fn shown(schedule: Schedule) -> Response {
    tagged(StatusCode::OK, schedule.version, ScheduleBody::from(schedule))
}

fn counted(count: Option<usize>) -> Result<usize, Problem> {
    let count = count.unwrap_or(AHEAD_DEFAULT);
    let fits = (1..=AHEAD_MAX).contains(&count);
    fits.then_some(count)
        .ok_or_else(|| Problem::invalid_field("count", format!("is between 1 and {AHEAD_MAX}")))
}

/// A token for one assistant has nothing to do with what happens by itself.
fn refuse_restricted(by: &Principal) -> Result<(), Problem> {
    unrestricted(by, "see or change schedules")
}

/// Experiments run programs, so whoever has one made needs the scope for that too.
fn may_try(by: &Principal, job: Option<&Job>) -> Result<(), Problem> {
    match job {
        Some(Job::Experiment { .. }) => Ok(by.authorize(&[Scope::Processes])?),
        _ => Ok(()),
    }
}

impl From<ScheduleError> for Problem {
    fn from(error: ScheduleError) -> Self {
        let detail = error.to_string();
        match error {
            ScheduleError::Field { field, why } => Self::invalid_field(format!("/{field}"), why),
            ScheduleError::NoWorkspace => Self::invalid_field("/workspace_id", detail),
            ScheduleError::NoThread => Self::invalid_field("/thread_id", detail),
            ScheduleError::NameTaken => Self::conflict("name_taken", detail),
            ScheduleError::TooMany(_) | ScheduleError::TooManyRuns(_) => Self::conflict("too_many", detail),
            ScheduleError::Homeless => Self::conflict("no_workspace", detail),
            ScheduleError::Ended => Self::conflict("ended", detail),
            ScheduleError::Stale => stale(),
            ScheduleError::NotFound => Self::not_found(),
            ScheduleError::Thread(error) => error.into(),
            ScheduleError::KeyReused(reused) => reused.into(),
            ScheduleError::Store(error) => error.into(),
        }
    }
}
