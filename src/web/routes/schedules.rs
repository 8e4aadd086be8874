//! Schedules: made, changed, run now, paused, and what became of their times.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::super::answer::{Fields, Reader};
use super::super::headers::page;
use super::super::read;
use super::super::view::schedules::{ScheduleDraft, SchedulePage, SchedulesPage};
use crate::http::auth::Admin;
use crate::http::extract::{Named, Params};
use crate::http::{AppState, May, Problem};
use crate::identity::Principal;
use crate::policy::Ceiling;
use crate::protocol::ids::{ScheduleId, ScheduleRunId};
use crate::schedules::{
    Job, NewSchedule, Place, Policies, Rule, Schedule, ScheduleChange, local_time, seconds_of, system_zone,
};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Done {
    done: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ScheduleFields {
    name: String,
    kind: String,
    when: String,
    at: String,
    zone: String,
    prompt: String,
    tool: String,
    arguments: String,
    experiment: String,
    place: String,
    workspace: String,
    ceiling: String,
    catch_up: String,
    overlap: String,
    timeout_s: String,
    retries: String,
    version: Option<i64>,
    sure: String,
}

/// `GET /schedules`.
pub(super) async fn list(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Params(query): Params<Done>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut shown = listed(&state, &by, &reader).await?;
    shown.notice = match query.done.as_str() {
        "removed" => Some("Removed with its ledger. Its chats are still there."),
        "paused" => Some("All schedules rest."),
        "resumed" => Some("Schedules go on."),
        "asked" => Some("It runs as soon as nothing else of it does."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /schedules`.
pub(super) async fn create(
    by: May<Admin>,
    State(state): State<AppState>,
    reader: Reader,
    Fields(fields): Fields<ScheduleFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let draft = fields.draft();
    let made = async {
        let (rule, zone) = rule(&draft, state.schedules.now_ms())?;
        let new = NewSchedule {
            name: draft.name.clone(),
            workspace_id: super::workspace_of(&draft.workspace)?,
            thread_id: None,
            rule,
            zone,
            job: job(&draft, |text| state.clean(&by, "prompt", text))?,
            place: if draft.place == "new" { Place::New } else { Place::Own },
            policies: policies(&draft, &Policies::default())?,
            ceiling: ceiling(&draft.ceiling)?,
        };
        Ok::<_, Problem>(state.schedules.create(&by, new, None).await?.thing.id)
    };
    match made.await {
        Ok(id) => Ok(Redirect::to(&format!("/schedules/{id}?done=made")).into_response()),
        Err(problem) => {
            let refused = |page: &mut SchedulesPage, why| (page.error, page.draft) = (Some(why), draft);
            reader.after("/schedules", Err(problem), listed(&state, &by, &reader), refused).await
        }
    }
}

/// `GET /schedules/{id}`.
pub(super) async fn show(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
    reader: Reader,
    Params(query): Params<Done>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let mut shown = shown(&state, &by, &reader, id).await?;
    shown.notice = match query.done.as_str() {
        "made" => Some("Made."),
        "changed" => Some("Saved."),
        "asked" => Some("It runs as soon as nothing else of it does."),
        "turned" => Some("Done."),
        "cancelled" => Some("The run ends."),
        _ => None,
    };
    Ok(page(StatusCode::OK, &shown))
}

/// `POST /schedules/{id}`.
pub(super) async fn change(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
    reader: Reader,
    Fields(fields): Fields<ScheduleFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let draft = fields.draft();
    let changed = async {
        let found = state.schedules.get(&by.tenant, id).await?;
        let change = ScheduleChange {
            name: Some(draft.name.clone()),
            workspace_id: super::workspace_of(&draft.workspace)?,
            rule: other_rule(&draft, &found, state.schedules.now_ms())?,
            job: Some(job(&draft, |text| state.clean(&by, "prompt", text))?),
            place: match draft.place.as_str() {
                "new" => Some((Place::New, None)),
                "own" => Some((Place::Own, None)),
                _ => None,
            },
            policies: Some(policies(&draft, &found.policies)?),
            ceiling: Some(ceiling(&draft.ceiling)?),
        };
        state.schedules.update(&by, id, draft.version, change).await?;
        Ok("changed")
    };
    let outcome = changed.await;
    let refused = |page: &mut SchedulePage, why| (page.error, page.draft) = (Some(why), draft);
    reader.after(&format!("/schedules/{id}"), outcome, shown(&state, &by, &reader, id), refused).await
}

/// `POST /schedules/{id}/remove`.
pub(super) async fn remove(
    by: May<Admin>,
    State(state): State<AppState>,
    Named(id): Named<ScheduleId>,
    Fields(fields): Fields<ScheduleFields>,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    if fields.sure != "yes" {
        return Err(Problem::bad_request("tick the box to remove a schedule"));
    }
    for work in state.schedules.delete(&by, id, None).await? {
        state.end_work(&by, work).await;
    }
    Ok(Redirect::to("/schedules?done=removed").into_response())
}

/// `POST /schedules/{id}/run-now`, `…/pause` and `…/resume`.
pub(super) async fn act(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((id, act)): Named<(ScheduleId, String)>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = match act.as_str() {
        "run-now" => state.schedules.run_now(&by, id, None).await.map(|_| "asked"),
        "pause" => state.schedules.pause(&by, id).await.map(|_| "turned"),
        "resume" => state.schedules.resume(&by, id).await.map(|_| "turned"),
        _ => return Err(Problem::not_found()),
    };
    let refused = |page: &mut SchedulePage, why| page.error = Some(why);
    let again = shown(&state, &by, &reader, id);
    reader.after(&format!("/schedules/{id}"), outcome.map_err(Problem::from), again, refused).await
}

/// `POST /schedules/{id}/runs/{run}/cancel`.
pub(super) async fn cancel(
    by: May<Admin>,
    State(state): State<AppState>,
    Named((id, run)): Named<(ScheduleId, ScheduleRunId)>,
    reader: Reader,
) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    let outcome = async {
        if let (_, Some(work)) = state.schedules.cancel(&by, run).await? {
            state.end_work(&by, work).await;
        }
        Ok("cancelled")
    };
    let outcome = outcome.await;
    let refused = |page: &mut SchedulePage, why| page.error = Some(why);
    reader.after(&format!("/schedules/{id}"), outcome, shown(&state, &by, &reader, id), refused).await
}

/// `POST /schedules/pause-all`.
pub(super) async fn pause_all(by: May<Admin>, State(state): State<AppState>) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    state.schedules.hold_all(&by, true).await?;
    Ok(Redirect::to("/schedules?done=paused").into_response())
}

/// `POST /schedules/resume-all`.
pub(super) async fn resume_all(by: May<Admin>, State(state): State<AppState>) -> Result<Response, Problem> {
    super::unrestricted(&by)?;
    state.schedules.hold_all(&by, false).await?;
    Ok(Redirect::to("/schedules?done=resumed").into_response())
}

// === impl ScheduleFields ===

impl ScheduleFields {
    fn draft(self) -> ScheduleDraft {
        ScheduleDraft {
            name: self.name.trim().to_owned(),
            kind: self.kind,
            when: self.when.trim().to_owned(),
            at: self.at.trim().to_owned(),
            zone: self.zone.trim().to_owned(),
            prompt: self.prompt.replace("\r\n", "\n"),
            tool: self.tool.trim().to_owned(),
            arguments: self.arguments.trim().to_owned(),
            experiment: self.experiment.trim().to_owned(),
            place: self.place,
            workspace: self.workspace.trim().to_owned(),
            ceiling: self.ceiling,
            catch_up: self.catch_up,
            overlap: self.overlap,
            timeout_s: self.timeout_s.trim().to_owned(),
            retries: self.retries.trim().to_owned(),
            version: self.version,
        }
    }
}

fn rule(draft: &ScheduleDraft, now_ms: i64) -> Result<(Rule, String), Problem> {
    let zone = if draft.zone.is_empty() { system_zone() } else { draft.zone.clone() };
    let rule = match draft.kind.as_str() {
        "once" => Rule::Once { at: local_time("at", &draft.at, &zone)? },
        "every" => {
            let wrong = || Problem::invalid_field("when", "The span is one such as 15m, 2h or 1d.");
            Rule::Every { seconds: seconds_of(&draft.when).ok_or_else(wrong)?, anchor_ms: now_ms }
        }
        "rrule" => Rule::Rrule { rule: draft.when.clone(), start: local_time("at", &draft.at, &zone)? },
        _ => Rule::Cron { pattern: draft.when.clone() },
    };
    Ok((rule, zone))
}

/// The rule of the form, if it is another one. The anchor of an interval stays while its span does.
fn other_rule(
    draft: &ScheduleDraft,
    found: &Schedule,
    now_ms: i64,
) -> Result<Option<(Rule, String)>, Problem> {
    let (wanted, zone) = rule(draft, now_ms)?;
    let is_same = zone == found.zone
        && match (&wanted, &found.rule) {
            (Rule::Every { seconds, .. }, Rule::Every { seconds: was, .. }) => seconds == was,
            (wanted, was) => wanted == was,
        };
    Ok((!is_same).then_some((wanted, zone)))
}

fn job(draft: &ScheduleDraft, clean: impl Fn(String) -> String) -> Result<Job, Problem> {
    if !draft.experiment.is_empty() {
        if clean(draft.experiment.clone()) != draft.experiment {
            return Err(Problem::invalid_field(
                "experiment",
                "The experiment has a secret in it; name one of the vault.",
            ));
        }
        let experiment = serde_json::from_str(&draft.experiment).map_err(|error| {
            Problem::invalid_field("experiment", format!("This is no experiment: {error}"))
        })?;
        return Ok(Job::Experiment { experiment });
    }
    if draft.tool.is_empty() {
        return Ok(Job::Prompt { text: clean(draft.prompt.clone()) });
    }
    let text = if draft.arguments.is_empty() { "{}" } else { draft.arguments.as_str() };
    if clean(text.to_owned()) != text {
        return Err(Problem::invalid_field(
            "arguments",
            "The arguments have a secret in them; name one of the vault.",
        ));
    }
    let arguments = serde_json::from_str(text).map_err(|error| {
        Problem::invalid_field("arguments", format!("The arguments are no JSON object: {error}"))
    })?;
    Ok(Job::Tool { name: draft.tool.clone(), arguments })
}

fn policies(draft: &ScheduleDraft, found: &Policies) -> Result<Policies, Problem> {
    let wrong =
        |field: &'static str| move |_| Problem::invalid_field(field, format!("{field} is a whole number"));
    Ok(Policies {
        catch_up: draft.catch_up.parse().unwrap_or(found.catch_up),
        overlap: draft.overlap.parse().unwrap_or(found.overlap),
        timeout_s: match draft.timeout_s.as_str() {
            "" => found.timeout_s,
            text => text.parse().map_err(wrong("timeout_s"))?,
        },
        retries: match draft.retries.as_str() {
            "" => found.retries,
            text => text.parse().map_err(wrong("retries"))?,
        },
        ..found.clone()
    })
}

fn ceiling(word: &str) -> Result<Option<Ceiling>, Problem> {
    let parsed = (!word.is_empty()).then(|| word.parse::<Ceiling>());
    parsed.transpose().map_err(|_| Problem::invalid_field("ceiling", "is no_tools, read_only or supervised"))
}

async fn listed(state: &AppState, by: &Principal, reader: &Reader) -> Result<SchedulesPage, Problem> {
    read::schedules::list(state, by, reader.frame("Schedules", "schedules")).await
}

async fn shown(
    state: &AppState,
    by: &Principal,
    reader: &Reader,
    id: ScheduleId,
) -> Result<SchedulePage, Problem> {
    read::schedules::page(state, by, id, |name| reader.frame(name, "schedules")).await
}
