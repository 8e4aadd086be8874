//! Schedules and their runs as rows.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::{problem, rfc3339};
use crate::http::{AppState, Problem};
use crate::identity::Principal;
use crate::protocol::ids::ScheduleId;
use crate::schedules::{
    AHEAD_MAX, Ahead, Job, Place, Policies, Rule, Run, RunCause, RunState, Schedule, ScheduleState, Work,
    system_zone,
};
use crate::web::view::Frame;
use crate::web::view::schedules::{
    AheadRow, DayRow, RunRow, ScheduleDraft, SchedulePage, ScheduleRow, SchedulesPage,
};

/// Workspaces that a schedule can be for, here.
const WORKSPACES_MAX: usize = 200;
/// Runs that are shown.
const RUNS_MAX: usize = 50;
/// Runs of a heartbeat bar.
const BEATS_MAX: usize = 12;
/// Runs that the bars of the list are made of.
const RECENT_MAX: usize = 2_000;
/// Times of a day of the week strip.
const DAY_MAX: usize = 6;
/// Days of the week strip.
const DAYS: i64 = 7;
const DAY_MS: i64 = 86_400_000;
/// How many next times are shown.
const NEXT: usize = 5;

/// The list as it is before a form says anything.
pub(in crate::web) async fn list(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<SchedulesPage, Problem> {
    let found = state.schedules.list(&by.tenant).await?;
    let since_ms = state.schedules.now_ms() - DAYS * DAY_MS;
    let mut recent: HashMap<ScheduleId, Vec<Run>> = HashMap::new();
    for run in state.schedules.runs_since(&by.tenant, since_ms, RECENT_MAX).await? {
        recent.entry(run.schedule).or_default().push(run);
    }
    let held = state.schedules.held(&by.tenant).await?;
    Ok(SchedulesPage {
        frame,
        zone: system_zone(),
        week: week(state, &found),
        schedules: found
            .into_iter()
            .map(|one| row(&recent.remove(&one.id).unwrap_or_default(), one))
            .collect(),
        held: held.map(|(by, since)| (by, rfc3339(since))),
        workspaces: workspaces(state, by).await?,
        draft: ScheduleDraft { kind: "cron".to_owned(), zone: system_zone(), ..blank(&Policies::default()) },
        notice: None,
        error: None,
    })
}

/// One schedule with its ledger.
pub(in crate::web) async fn page(
    state: &AppState,
    by: &Principal,
    id: ScheduleId,
    frame: impl FnOnce(&str) -> Frame,
) -> Result<SchedulePage, Problem> {
    let schedule = state.schedules.get(&by.tenant, id).await?;
    let mut runs = state.schedules.runs(&by.tenant, id, None, RUNS_MAX + 1).await?;
    let more = runs.len() > RUNS_MAX;
    runs.truncate(RUNS_MAX);
    let ahead = state.schedules.ahead(&schedule, NEXT);
    Ok(SchedulePage {
        frame: frame(&schedule.name),
        ahead: ahead.into_iter().map(|slot| ahead_row(slot, &schedule.zone)).collect(),
        draft: draft(&schedule),
        row: row(&[], schedule),
        runs: runs.into_iter().map(run_row).collect(),
        more,
        workspaces: workspaces(state, by).await?,
        notice: None,
        error: None,
    })
}

async fn workspaces(state: &AppState, by: &Principal) -> Result<Vec<(String, String)>, Problem> {
    let found = state.workspaces.list(by, None, WORKSPACES_MAX).await.map_err(problem)?;
    Ok(found.into_iter().map(|workspace| (workspace.id.to_string(), workspace.name)).collect())
}

/// What is planned for the next seven days.
/// The days and times are those of the clock of this machine.
fn week(state: &AppState, all: &[Schedule]) -> Vec<DayRow> {
    let zone = TimeZone::system();
    let shown =
        |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned(zone.clone()).datetime();
    let today = shown(state.schedules.now_ms()).date();
    let mut slots: Vec<(i64, &Schedule)> = Vec::new();
    for schedule in all.iter().filter(|one| one.state == ScheduleState::Active) {
        slots.extend(
            state.schedules.ahead(schedule, AHEAD_MAX).into_iter().map(|slot| (slot.slot_ms, schedule)),
        );
    }
    slots.sort_by_key(|(at, _)| *at);
    let day = |number: i64| {
        let date = today.checked_add(number.days()).unwrap_or(today);
        let of_day: Vec<_> = slots.iter().filter(|(at, _)| shown(*at).date() == date).collect();
        DayRow {
            name: date.strftime("%A, %-d %b").to_string(),
            more: of_day.len().saturating_sub(DAY_MAX),
            slots: of_day
                .into_iter()
                .take(DAY_MAX)
                .map(|(at, schedule)| {
                    let clock = shown(*at).strftime("%H:%M").to_string();
                    (clock, schedule.name.clone(), schedule.id.to_string())
                })
                .collect(),
        }
    };
    (0..DAYS).map(day).collect()
}

fn row(recent: &[Run], schedule: Schedule) -> ScheduleRow {
    let (state, state_word) = match schedule.state {
        ScheduleState::Active => ("done", "Active"),
        ScheduleState::Paused => ("stopped", "Paused"),
        ScheduleState::Disabled => ("failed", "Disabled"),
        ScheduleState::Ended => ("stopped", "Ended"),
    };
    let last = recent.get(recent.len().saturating_sub(BEATS_MAX)..).unwrap_or_default();
    let good = last.iter().filter(|run| run.state == RunState::Done).count();
    ScheduleRow {
        id: schedule.id.to_string(),
        state,
        state_word,
        state_value: schedule.state.as_str(),
        reason: schedule.reason,
        words: schedule.rule.words(),
        zone: schedule.zone,
        job: schedule.job.words(),
        next: schedule.next_ms.map(rfc3339).unwrap_or_default(),
        beats: last.iter().map(|run| beat(run.state)).collect(),
        beats_text: format!("{good} of the last {} runs are done", last.len()),
        fired: schedule.fired,
        made_by: schedule.made_by,
        is_untrusted: !schedule.provenance.is_trusted(),
        version: schedule.version,
        name: schedule.name,
    }
}

const fn beat(state: RunState) -> &'static str {
    match state {
        RunState::Done => "good",
        RunState::Failed | RunState::TimedOut | RunState::Unknown => "bad",
        RunState::Due
        | RunState::Running
        | RunState::Parked
        | RunState::Skipped
        | RunState::Replaced
        | RunState::Cancelled => "idle",
    }
}

fn ahead_row(slot: Ahead, zone: &str) -> AheadRow {
    let moment = Timestamp::from_millisecond(slot.slot_ms).unwrap_or_default();
    let local = moment.in_tz(zone).map(|zoned| zoned.strftime("%A, %-d %B %Y, %H:%M").to_string());
    AheadRow { at: rfc3339(slot.slot_ms), local: local.unwrap_or_default(), is_moved: slot.is_moved }
}

fn run_row(run: Run) -> RunRow {
    let state = match run.state {
        RunState::Done => "done",
        RunState::Running => "running",
        RunState::Due | RunState::Parked => "waiting",
        RunState::Failed | RunState::TimedOut | RunState::Unknown => "failed",
        RunState::Skipped | RunState::Replaced | RunState::Cancelled => "stopped",
    };
    let (work, work_word) = match run.work() {
        Some(Work::Turn(thread, turn)) => (format!("/c/{thread}#turn-{turn}"), "Chat"),
        Some(Work::Experiment(id)) => (format!("/experiments/{id}"), "Experiment"),
        None => (String::new(), ""),
    };
    let is_stretch = run.until_ms != run.slot_ms;
    let times = if run.slots == 0 { "many times".to_owned() } else { format!("{} times", run.slots) };
    RunRow {
        id: run.id.to_string(),
        at: rfc3339(run.slot_ms),
        until: if is_stretch { rfc3339(run.until_ms) } else { String::new() },
        times,
        state,
        state_word: run.state.as_str().replace('_', " "),
        reason: run.reason,
        cause: match run.cause {
            RunCause::Slot if run.caught_up => "done late",
            RunCause::Slot => "",
            RunCause::Manual => "asked for",
            RunCause::Webhook => "a webhook came",
        },
        work,
        work_word,
        is_open: !run.state.is_terminal(),
    }
}

/// The form without anything that belongs to one schedule.
fn blank(policies: &Policies) -> ScheduleDraft {
    ScheduleDraft {
        place: "own".to_owned(),
        catch_up: policies.catch_up.as_str().to_owned(),
        overlap: policies.overlap.as_str().to_owned(),
        timeout_s: policies.timeout_s.to_string(),
        retries: policies.retries.to_string(),
        ..ScheduleDraft::default()
    }
}

fn draft(schedule: &Schedule) -> ScheduleDraft {
    let shown = |at: jiff::civil::DateTime| at.strftime("%Y-%m-%dT%H:%M").to_string();
    let (when, at) = match &schedule.rule {
        Rule::Once { at } => (String::new(), shown(*at)),
        Rule::Every { seconds, .. } => (format!("{seconds}s"), String::new()),
        Rule::Cron { pattern } => (pattern.clone(), String::new()),
        Rule::Rrule { rule, start } => (rule.clone(), shown(*start)),
    };
    let job = match &schedule.job {
        Job::Prompt { text } => ScheduleDraft { prompt: text.clone(), ..ScheduleDraft::default() },
        Job::Tool { name, arguments } => {
            let arguments = serde_json::Value::Object(arguments.clone()).to_string();
            ScheduleDraft { tool: name.clone(), arguments, ..ScheduleDraft::default() }
        }
        Job::Experiment { experiment } => {
            let experiment = serde_json::to_string_pretty(experiment).unwrap_or_default();
            ScheduleDraft { experiment, ..ScheduleDraft::default() }
        }
    };
    let place = match schedule.place {
        Place::Own => "own",
        Place::New => "new",
        Place::Named => "named",
    };
    ScheduleDraft {
        name: schedule.name.clone(),
        kind: schedule.rule.kind().to_owned(),
        when,
        at,
        zone: schedule.zone.clone(),
        prompt: job.prompt,
        tool: job.tool,
        arguments: job.arguments,
        experiment: job.experiment,
        place: place.to_owned(),
        workspace: schedule.workspace_id.map(|id| id.to_string()).unwrap_or_default(),
        ceiling: schedule.ceiling.map(|ceiling| ceiling.as_str().to_owned()).unwrap_or_default(),
        version: Some(schedule.version),
        ..blank(&schedule.policies)
    }
}
