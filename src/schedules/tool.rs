//! The tool with which an assistant makes, lists and cancels schedules: `remind me tomorrow at nine`.
//!
//! What it makes tells it something in the conversation in which it was made, and goes no further than that does. Made in one
//! that has a stranger's words, its prompt counts as such. It may run an experiment instead, in the same workspace; not after
//! a stranger's words, which could name the programs.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::desk::Schedules;
use super::error::ScheduleError;
use super::making::{Maker, make, remove};
use super::policies::Policies;
use super::rule::{Rule, local_time, seconds_of, system_zone};
use super::schedule::{JOB_BYTES_MAX, Job, NewSchedule, Schedule};
use super::store;
use crate::experiments::NewExperiment;
use crate::protocol::chat::ToolSpec;
use crate::protocol::turn::Provenance;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput};
use crate::turns::has_read_untrusted;

/// Schedules that an assistant is told of.
const LISTED_MAX: usize = 50;

/// The tool over these schedules.
#[must_use]
pub fn schedule_tool(schedules: &Schedules) -> impl Tool + use<> {
    ScheduleTool { schedules: schedules.clone() }
}

#[derive(Clone)]
struct ScheduleTool {
    schedules: Schedules,
}

// === impl ScheduleTool ===

impl ScheduleTool {
    async fn call(self, call: ToolCallRun) -> Result<ToolOutput, ToolError> {
        let (arguments, place) = (&call.arguments, &call.place);
        match text(arguments, "action") {
            "create" => self.create(arguments, place).await,
            "cancel" => self.cancel(text(arguments, "name").to_owned(), place).await,
            _ => self.list(place).await,
        }
    }

    async fn create(&self, arguments: &Arguments, place: &Place) -> Result<ToolOutput, ToolError> {
        let now_ms = self.schedules.now_ms();
        let new = wanted(arguments, place, now_ms)?;
        let (thread, turn, source) = (place.thread, place.turn, format!("turn {}", place.turn));
        let write = self.schedules.inner.db.write(&place.tenant, move |tx| {
            // What cannot be known is taken for a stranger's.
            let tainted = has_read_untrusted(tx, thread, turn).unwrap_or(true);
            if tainted && matches!(new.job, Job::Experiment { .. }) {
                let why = "cannot be made in a conversation that has read untrusted text";
                return Err(ScheduleError::field("experiment", why));
            }
            let provenance = if tainted { Provenance::Tool } else { Provenance::Schedule };
            make(tx, &Maker { source, actor: "turn", provenance }, new, now_ms)
        });
        let made = write.await.map_err(refused)?;
        self.schedules.wake();
        Ok(ToolOutput::system(format!("made: {}", line(&made))))
    }

    async fn cancel(&self, name: String, place: &Place) -> Result<ToolOutput, ToolError> {
        let (workspace, source) = (place.workspace, format!("turn {}", place.turn));
        let write = self.schedules.inner.db.write(&place.tenant, move |tx| {
            let all = store::all(tx)?;
            let found = all.into_iter().find(|one| one.name == name && one.workspace_id == Some(workspace));
            let found = found.ok_or(ScheduleError::NotFound)?;
            remove(tx, (&source, "turn"), found.id, None)?;
            Ok::<_, ScheduleError>(())
        });
        write.await.map_err(refused)?;
        self.schedules.wake();
        Ok(ToolOutput::system("cancelled"))
    }

    async fn list(&self, place: &Place) -> Result<ToolOutput, ToolError> {
        let mut all = self.schedules.list(&place.tenant).await.map_err(refused)?;
        all.retain(|one| one.workspace_id == Some(place.workspace));
        let trusted = all.iter().all(|one| one.provenance.is_trusted());
        let lines: Vec<String> = all.iter().take(LISTED_MAX).map(line).collect();
        let text = if lines.is_empty() { "there are no schedules".to_owned() } else { lines.join("\n") };
        let provenance = if trusted { Provenance::Schedule } else { Provenance::Tool };
        Ok(ToolOutput { text, provenance, failed: false })
    }
}

impl Tool for ScheduleTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "schedule".to_owned(),
            description: format!(
                "Have yourself told something later, in this conversation, once or again and again; or list and cancel what is \
                 planned. The zone is {} unless you say another one.",
                system_zone()
            ),
            parameters: json!({
                "type": "object",
                "properties": {
                    "action": { "type": "string", "enum": ["create", "list", "cancel"] },
                    "name": { "type": "string", "maxLength": 100 },
                    "prompt": { "type": "string", "maxLength": JOB_BYTES_MAX, "description": "what you are told then" },
                    "experiment": {
                        "type": "object",
                        "description": "run this experiment instead: {\"kind\", \"goal\", \"settings\"}, as for POST /api/v1/experiments",
                    },
                    "at": { "type": "string", "description": "once: 2026-12-01T09:00, local time" },
                    "every": { "type": "string", "description": "15m, 2h, 1d" },
                    "cron": { "type": "string", "description": "0 9 * * 1-5" },
                    "rrule": { "type": "string", "description": "FREQ=WEEKLY;BYDAY=MO, from `at`" },
                    "zone": { "type": "string", "description": "Europe/Berlin" },
                },
                "required": ["action"],
                "additionalProperties": false,
            }),
        }
    }

    fn plan(&self, arguments: &Arguments, place: &Place) -> Result<Plan, ToolError> {
        match text(arguments, "action") {
            "create" => {
                let new = wanted(arguments, place, self.schedules.now_ms())?;
                new.rule.read(&new.zone).map_err(refused)?;
                let job = match &new.job {
                    // A person who allows it sees what runs.
                    Job::Experiment { experiment } => json!(experiment).to_string(),
                    job => job.words(),
                };
                let words = format!("{}: {}, {}: {job}", new.name, new.rule.words(), new.zone);
                Ok(Plan::new(ToolClass::Effectful).with_payload(words))
            }
            "cancel" => Ok(Plan::new(ToolClass::Effectful).with_payload(text(arguments, "name"))),
            _ => Ok(Plan::new(ToolClass::ReadOnly)),
        }
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        self.clone().call(call).boxed()
    }
}

/// The schedule that these arguments mean.
fn wanted(arguments: &Arguments, place: &Place, now_ms: i64) -> Result<NewSchedule, ToolError> {
    let zone = match text(arguments, "zone") {
        "" => system_zone(),
        zone => zone.to_owned(),
    };
    let given = |name| Some(text(arguments, name)).filter(|text| !text.is_empty());
    let at = given("at").map(|at| local_time("at", at, &zone)).transpose().map_err(refused)?;
    let rule = match (at, given("every"), given("cron"), given("rrule")) {
        (Some(at), None, None, None) => Rule::Once { at },
        (None, Some(every), None, None) => {
            let seconds = seconds_of(every)
                .ok_or_else(|| ToolError::Arguments("`every` is a span such as 15m".to_owned()))?;
            Rule::Every { seconds, anchor_ms: now_ms }
        }
        (None, None, Some(cron), None) => Rule::Cron { pattern: cron.to_owned() },
        (Some(start), None, None, Some(rule)) => Rule::Rrule { rule: rule.to_owned(), start },
        _ => {
            return Err(ToolError::Arguments(
                "give one of `at`, `every` and `cron`, or `rrule` with `at`".to_owned(),
            ));
        }
    };
    let job = job(arguments)?;
    let name = given("name").map_or_else(|| named_by(&job.words(), now_ms), str::to_owned);
    let (workspace_id, thread_id, of) = match job {
        Job::Experiment { .. } => (Some(place.workspace), None, super::schedule::Place::Own),
        Job::Prompt { .. } | Job::Tool { .. } => (None, Some(place.thread), super::schedule::Place::Named),
    };
    Ok(NewSchedule {
        name,
        workspace_id,
        thread_id,
        rule,
        zone,
        job,
        place: of,
        policies: Policies::default(),
        ceiling: None,
    })
}

/// What is done then.
fn job(arguments: &Arguments) -> Result<Job, ToolError> {
    let wrong = |why: String| ToolError::Arguments(why);
    match (text(arguments, "prompt"), arguments.get("experiment")) {
        ("", None) => Err(wrong("`prompt` is missing".to_owned())),
        (prompt, None) => Ok(Job::Prompt { text: prompt.to_owned() }),
        ("", Some(experiment)) => {
            let experiment: NewExperiment = serde_json::from_value(experiment.clone())
                .map_err(|error| wrong(format!("`experiment` is none: {error}")))?;
            if experiment.workspace_id.is_some() {
                return Err(wrong(
                    "`experiment` has no `workspace_id`; it works in this workspace".to_owned(),
                ));
            }
            Ok(Job::Experiment { experiment: Box::new(experiment) })
        }
        (_, Some(_)) => Err(wrong("give `prompt` or `experiment`".to_owned())),
    }
}

/// A name for one that has none: its first words, and a moment that no other has.
fn named_by(text: &str, now_ms: i64) -> String {
    let words: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    format!("{} ({now_ms})", words.trim())
}

/// A schedule in a line.
fn line(schedule: &Schedule) -> String {
    let next = schedule.next_ms.and_then(|next| Timestamp::from_millisecond(next).ok());
    let next = next.map_or_else(
        || schedule.state.as_str().to_owned(),
        |next| {
            let local = next.in_tz(&schedule.zone).map(|zoned| zoned.strftime("%Y-%m-%d %H:%M").to_string());
            format!("next {}", local.unwrap_or_else(|_| next.to_string()))
        },
    );
    format!(
        "- {}: {} ({}), {next}: {}",
        schedule.name,
        schedule.rule.words(),
        schedule.zone,
        schedule.job.words()
    )
}

fn text<'a>(arguments: &'a Arguments, name: &str) -> &'a str {
    arguments.get(name).and_then(Value::as_str).unwrap_or_default().trim()
}

#[allow(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn refused(error: ScheduleError) -> ToolError {
    match error {
        error @ ScheduleError::Store(_) => ToolError::Failed(error.to_string()),
        error => ToolError::Refused(error.to_string()),
    }
}
