//! Experiments: made, started, followed, decided about and taken back.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::headers::page;
use super::super::read;
use super::super::view::experiments::{
    ExperimentDraft, ExperimentPage, ExperimentsFragment, ExperimentsPage,
};
use crate::experiments::{Answer, Kind, Maker, NewExperiment};
use crate::http::auth::{Decide, Read, RunProcesses};
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::protocol::ids::ExperimentId;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ExperimentQuery {
    /// `list`, `live`: a part of the page alone.
    part: String,
    done: String,
    diff: Option<u32>,
    format: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ExperimentFields {
    title: String,
    goal: String,
    kind: String,
    workspace: String,
    settings: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AnswerFields {
    answer: String,
}

/// `GET /experiments`.
pub(super) async fn list(
    by: May<Read>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<ExperimentQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if query.part == "list" {
        let rows = read::experiments::rows(&state, &by).await?;
        return Ok(page(StatusCode::OK, &ExperimentsFragment { rows }));
    }
    let shown = read::experiments::page(&state, &by, reader.frame("Experiments", "experiments")).await?;
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /experiments`.
pub(super) async fn create(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<ExperimentFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let made = async {
        let kind = Kind::parse(&fields.kind).ok_or_else(|| Problem::invalid_field("kind", "is not known"))?;
        let text = if fields.settings.trim().is_empty() { "{}" } else { fields.settings.as_str() };
        let settings = serde_json::from_str(text)
            .map_err(|error| Problem::invalid_field("settings", error.to_string()))?;
        let new = NewExperiment {
            workspace_id: super::workspace_of(&fields.workspace)?,
            title: state.clean(&by, "title", fields.title.clone()),
            kind,
            goal: state.clean(&by, "goal", fields.goal.replace("\r\n", "\n")),
            settings,
            iterations_max: None,
            time_budget_s: None,
        };
        Ok::<_, Problem>(state.experiments.create(&Maker::from(&by.0), new, None).await?.thing.id)
    };
    match made.await {
        Ok(id) => Ok(Redirect::to(&format!("/experiments/{id}?done=made")).into_response()),
        Err(problem) => {
            let draft = ExperimentDraft {
                title: fields.title.clone(),
                goal: fields.goal.clone(),
                kind: fields.kind.clone(),
                workspace: fields.workspace.clone(),
                settings: fields.settings.clone(),
            };
            let again = read::experiments::page(&state, &by, reader.frame("Experiments", "experiments"));
            let refused = |page: &mut ExperimentsPage, why| (page.error, page.draft) = (Some(why), draft);
            reader.after("/experiments", Err(problem), again, refused).await
        }
    }
}

/// `GET /experiments/{id}`.
pub(super) async fn show(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
    reader: Reader,
    Params(query): Params<ExperimentQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if query.part == "live" {
        return Ok(page(StatusCode::OK, &read::experiments::live(&state, &by, id).await?.0));
    }
    let frame = |title: &str| reader.frame(title, "experiments");
    let mut shown = read::experiments::one(&state, &by, (id, query.diff), frame).await?;
    shown.notice = match query.done.as_str() {
        "made" => Some("Made. Nothing runs until you start it."),
        "start" => Some("Started."),
        "stop" => Some("It ends after what it is doing."),
        "cancel" => Some("Cancelled."),
        "decide" => Some("Your answer is kept."),
        "rollback" => Some("Every file of the workspace that it changed is as it was."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &shown))
}

/// `GET /experiments/{id}/report`.
pub(super) async fn report(
    by: May<Read>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
    Params(query): Params<ExperimentQuery>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let format = if query.format.is_empty() { "html" } else { query.format.as_str() };
    crate::http::experiment_report(&state.experiments, &by, id, format).await
}

/// `POST /experiments/{id}/{action}`.
pub(super) async fn act(
    by: May<RunProcesses>,
    State(state): State<AppState>,
    Named((id, action)): Named<(ExperimentId, String)>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let (desk, maker) = (&state.experiments, Maker::from(&by.0));
    let done = match action.as_str() {
        "start" => desk.start(&maker, id).await,
        "stop" => desk.stop(&maker, id).await,
        "cancel" => desk.cancel(&maker, id).await,
        "rollback" => desk.rollback(&maker, id).await,
        _ => return Err(Problem::not_found()),
    };
    let outcome = done.map(|_| action.as_str()).map_err(Problem::from);
    let frame = |title: &str| reader.frame(title, "experiments");
    let again = read::experiments::one(&state, &by, (id, None), frame);
    let refused = |page: &mut ExperimentPage, why| page.error = Some(why);
    reader.after(&format!("/experiments/{id}"), outcome, again, refused).await
}

/// `POST /experiments/{id}/decide`.
pub(super) async fn decide(
    by: May<Decide>,
    State(state): State<AppState>,
    Named(id): Named<ExperimentId>,
    reader: Reader,
    Fields(fields): Fields<AnswerFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let answer = Answer::parse(&fields.answer)
        .ok_or_else(|| Problem::invalid_field("answer", "is accept, reject or continue"))?;
    let done = state.experiments.decide(&by, id, (answer, "")).await;
    let outcome = done.map(|_| "decide").map_err(Problem::from);
    let frame = |title: &str| reader.frame(title, "experiments");
    let again = read::experiments::one(&state, &by, (id, None), frame);
    let refused = |page: &mut ExperimentPage, why| page.error = Some(why);
    reader.after(&format!("/experiments/{id}"), outcome, again, refused).await
}
