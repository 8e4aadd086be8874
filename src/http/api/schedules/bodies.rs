//! What the routes of schedules take.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::experiments::NewExperiment;
use crate::http::api::optional::set_or_cleared;
use crate::http::moment::parse_rfc3339;
use crate::http::problem::Problem;
use crate::policy::Ceiling;
use crate::protocol::ids::{ThreadId, WorkspaceId};
use crate::schedules::{
    Job, NewSchedule, Place, Policies, Rule, Schedule, ScheduleChange, local_time, seconds_of, system_zone,
};

/// When: one of `at`, `every`, `cron` and `rrule`.
#[derive(Deserialize, Serialize, ToSchema, Default, Clone)]
#[schema(as = ScheduleRule)]
pub(super) struct RuleBody {
    /// Once, at this local time of the zone; with `rrule` its first time.
    pub(super) at: Option<String>,
    /// A span: `90s`, `15m`, `2h`, `1d`, `1w`.
    pub(super) every: Option<String>,
    /// From when intervals are counted (RFC 3339); now without it.
    pub(super) anchor: Option<String>,
    /// 5 or 6 fields, or `@daily` and the like.
    pub(super) cron: Option<String>,
    /// `FREQ=…` of iCalendar, hourly or less often, from `at`; behind a blank or a new line `EXDATE:20271224T090000,…`.
    pub(super) rrule: Option<String>,
}

/// A new schedule.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct CreateSchedule {
    /// 1–100 characters, unique.
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) rule: RuleBody,
    /// IANA name; that of the machine without it.
    pub(super) zone: Option<String>,
    /// What an assistant is told; this, `tool` or `experiment`.
    pub(super) prompt: Option<String>,
    /// The tool that is called, without a model.
    pub(super) tool: Option<String>,
    /// Its arguments.
    #[schema(value_type = Option<Object>)]
    pub(super) arguments: Option<Map<String, Value>>,
    /// The experiment that is made and started: as for `POST /api/v1/experiments`, without `workspace_id`; without `title`
    /// it has the schedule's name.
    #[schema(value_type = Option<Object>)]
    pub(super) experiment: Option<Value>,
    /// The default workspace without it.
    #[schema(value_type = Option<String>)]
    pub(super) workspace_id: Option<WorkspaceId>,
    /// The thread in which it works; without it one of its own.
    #[schema(value_type = Option<String>)]
    pub(super) thread_id: Option<ThreadId>,
    /// A thread for each run.
    pub(super) new_thread: Option<bool>,
    /// `no_tools`, `read_only` or `supervised`.
    pub(super) ceiling: Option<String>,
    /// `catch_up` (`run`, `skip`, `once`), `catch_up_limit`, `delay_max_s`, `overlap` (`skip`, `queue`, `replace`), `jitter_s`,
    /// `timeout_s`, `retries`, `backoff_s`, `runs_max`.
    #[schema(value_type = Option<Object>)]
    pub(super) policies: Option<Policies>,
}

/// What changes. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(super) struct ChangeSchedule {
    pub(super) name: Option<String>,
    #[serde(flatten)]
    pub(super) rule: RuleBody,
    pub(super) zone: Option<String>,
    pub(super) prompt: Option<String>,
    pub(super) tool: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub(super) arguments: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    pub(super) experiment: Option<Value>,
    #[schema(value_type = Option<String>)]
    pub(super) workspace_id: Option<WorkspaceId>,
    /// `null` for a thread of its own.
    #[serde(default, deserialize_with = "set_or_cleared")]
    #[schema(value_type = Option<String>)]
    pub(super) thread_id: Option<Option<ThreadId>>,
    pub(super) new_thread: Option<bool>,
    /// `null` for as far as the assistant.
    #[serde(default, deserialize_with = "set_or_cleared")]
    pub(super) ceiling: Option<Option<String>>,
    /// Those that change.
    #[schema(value_type = Option<Object>)]
    pub(super) policies: Option<Map<String, Value>>,
}

/// A rule that is not stored.
#[derive(Deserialize, ToSchema)]
pub(super) struct PreviewSchedule {
    #[serde(flatten)]
    pub(super) rule: RuleBody,
    pub(super) zone: Option<String>,
    /// 1–100, 5 without it.
    pub(super) count: Option<usize>,
}

// === impl RuleBody ===

impl RuleBody {
    /// The rule with its zone.
    pub(super) fn read(self, zone: Option<String>, now_ms: i64) -> Result<(Rule, String), Problem> {
        let zone = zone.filter(|zone| !zone.trim().is_empty()).unwrap_or_else(system_zone);
        let at =
            self.at.filter(|at| !at.trim().is_empty()).map(|at| local_time("at", &at, &zone)).transpose()?;
        let anchor_ms = match self.anchor {
            Some(anchor) => parse_rfc3339(&anchor).ok_or_else(|| {
                Problem::invalid_field("/anchor", "is a time in RFC 3339, such as 2026-12-01T09:00:00Z")
            })?,
            None => now_ms,
        };
        let rule = match (at, self.every, self.cron, self.rrule) {
            (Some(at), None, None, None) => Rule::Once { at },
            (None, Some(every), None, None) => {
                let wrong = || Problem::invalid_field("/every", "is a span such as 90s, 15m, 2h or 1d");
                Rule::Every { seconds: seconds_of(&every).ok_or_else(wrong)?, anchor_ms }
            }
            (None, None, Some(pattern), None) => Rule::Cron { pattern: pattern.trim().to_owned() },
            (Some(start), None, None, Some(rule)) => Rule::Rrule { rule: rule.trim().to_owned(), start },
            (None, None, None, Some(_)) => {
                return Err(Problem::invalid_field("/at", "is needed: the first local time of the rule"));
            }
            _ => return Err(Problem::invalid_field("/cron", "is one of at, every, cron, and rrule with at")),
        };
        Ok((rule, zone))
    }

    fn is_empty(&self) -> bool {
        self.at.is_none() && self.every.is_none() && self.cron.is_none() && self.rrule.is_none()
    }
}

fn job(
    wanted: (Option<String>, Option<String>, Option<Value>),
    arguments: Option<Map<String, Value>>,
    clean: impl Fn(String) -> String,
) -> Result<Option<Job>, Problem> {
    let is_clean = |field: &'static str, value: &Value| {
        let text = value.to_string();
        let why = "has a secret in it; name one of the vault as @secret:NAME";
        if clean(text.clone()) == text { Ok(()) } else { Err(Problem::invalid_field(field, why)) }
    };
    match wanted {
        (Some(text), None, None) => Ok(Some(Job::Prompt { text: clean(text) })),
        (None, Some(name), None) => {
            let arguments = Value::Object(arguments.unwrap_or_default());
            is_clean("/arguments", &arguments)?;
            let Value::Object(arguments) = arguments else { return Ok(None) };
            Ok(Some(Job::Tool { name, arguments }))
        }
        (None, None, Some(experiment)) => {
            is_clean("/experiment", &experiment)?;
            tried(experiment).map(Some)
        }
        (None, None, None) => Ok(None),
        _ => Err(Problem::invalid_field("/tool", "is one of prompt, tool and experiment")),
    }
}

/// The job that is an experiment.
fn tried(experiment: Value) -> Result<Job, Problem> {
    let experiment: NewExperiment = serde_json::from_value(experiment)
        .map_err(|error| Problem::invalid_field("/experiment", error.to_string()))?;
    if experiment.workspace_id.is_some() {
        let why = "has no workspace_id; that of the schedule is meant";
        return Err(Problem::invalid_field("/experiment", why));
    }
    Ok(Job::Experiment { experiment: Box::new(experiment) })
}

fn ceiling(word: Option<String>) -> Result<Option<Ceiling>, Problem> {
    let parse = |word: String| {
        word.parse().map_err(|_| Problem::invalid_field("/ceiling", "is no_tools, read_only or supervised"))
    };
    word.map(parse).transpose()
}

/// Policies of which some have changed.
fn merged(found: &Policies, changes: Map<String, Value>) -> Result<Policies, Problem> {
    let wrong = |error: serde_json::Error| Problem::invalid_field("/policies", error.to_string());
    let mut all = serde_json::to_value(found).map_err(wrong)?;
    if let Some(all) = all.as_object_mut() {
        all.extend(changes);
    }
    serde_json::from_value(all).map_err(wrong)
}

// === impl CreateSchedule ===

impl CreateSchedule {
    pub(super) fn read(self, now_ms: i64, clean: impl Fn(String) -> String) -> Result<NewSchedule, Problem> {
        let (rule, zone) = self.rule.read(self.zone, now_ms)?;
        let job = job((self.prompt, self.tool, self.experiment), self.arguments, clean)?;
        let place = match (self.thread_id, self.new_thread) {
            (Some(_), Some(true)) => {
                return Err(Problem::invalid_field("/new_thread", "cannot be there beside a thread"));
            }
            (Some(_), _) => Place::Named,
            (None, Some(true)) => Place::New,
            (None, _) => Place::Own,
        };
        Ok(NewSchedule {
            name: self.name,
            workspace_id: self.workspace_id,
            thread_id: self.thread_id,
            rule,
            zone,
            job: job.ok_or_else(|| {
                Problem::invalid_field(
                    "/prompt",
                    "is missing: say what is done, name a tool, or give an experiment",
                )
            })?,
            place,
            policies: self.policies.unwrap_or_default(),
            ceiling: ceiling(self.ceiling)?,
        })
    }
}

// === impl ChangeSchedule ===

impl ChangeSchedule {
    pub(super) fn read(
        self,
        found: &Schedule,
        now_ms: i64,
        clean: impl Fn(String) -> String,
    ) -> Result<ScheduleChange, Problem> {
        let rule = match (self.rule.is_empty(), self.zone) {
            (true, None) => None,
            (true, Some(zone)) => Some((found.rule.clone(), zone)),
            (false, zone) => Some(self.rule.read(zone.or_else(|| Some(found.zone.clone())), now_ms)?),
        };
        let place = match (self.thread_id, self.new_thread) {
            (Some(Some(thread)), _) => Some((Place::Named, Some(thread))),
            (_, Some(true)) => Some((Place::New, None)),
            (Some(None), _) => Some((Place::Own, None)),
            (None, Some(false)) if found.place == Place::New => Some((Place::Own, None)),
            (None, _) => None,
        };
        Ok(ScheduleChange {
            name: self.name,
            workspace_id: self.workspace_id,
            rule,
            job: job((self.prompt, self.tool, self.experiment), self.arguments, clean)?,
            place,
            policies: self.policies.map(|changes| merged(&found.policies, changes)).transpose()?,
            ceiling: self.ceiling.map(ceiling).transpose()?,
        })
    }
}
