//! What the routes of schedules answer.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::moment::rfc3339;
use crate::policy::Ceiling;
use crate::protocol::ids::ScheduleRunId;
use crate::schedules::{Ahead, Job, Policies, Rule, Run, Schedule};

/// A schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
pub(super) struct ScheduleBody {
    id: String,
    name: String,
    workspace_id: Option<String>,
    /// The thread in which it works, where somebody named one.
    thread_id: Option<String>,
    /// `own`, `named` or `new`.
    place: &'static str,
    /// `once`, `every`, `cron` or `rrule`, with what belongs to it.
    #[schema(value_type = Object)]
    rule: Rule,
    /// The rule in plain words.
    words: String,
    zone: String,
    /// `prompt` with its `text`, `tool` with its `name` and `arguments`, or `experiment` with its `experiment`.
    #[schema(value_type = Object)]
    job: Job,
    #[schema(value_type = Object)]
    policies: Policies,
    /// `no_tools`, `read_only` or `supervised`: how far its turns may go; `null` for as far as the assistant.
    ceiling: Option<&'static str>,
    /// `schedule`, or `tool` when its prompt may be a stranger's words.
    provenance: &'static str,
    made_by: String,
    /// `active`, `paused`, `disabled` or `ended`.
    state: &'static str,
    /// Why it is not active.
    reason: Option<String>,
    next_at: Option<String>,
    /// How many of its times fired.
    fired: u64,
    /// Runs in a row that failed.
    errors: u32,
    version: i64,
    created_at: String,
    updated_at: String,
}

/// What became of a time.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleRun)]
pub(super) struct RunBody {
    id: String,
    schedule_id: String,
    /// `slot`, `manual` or `webhook`.
    cause: &'static str,
    /// Its time, or when somebody asked for it.
    slot_at: String,
    /// The last time that this row stands for.
    until_at: String,
    /// How many it stands for; 0 for more than are counted.
    slots: u64,
    /// Whether it was missed and done late.
    caught_up: bool,
    /// `due`, `running`, `parked`, `done`, `failed`, `timed_out`, `skipped`, `replaced`, `cancelled` or `unknown`.
    state: &'static str,
    /// Why it is there.
    reason: Option<String>,
    attempt: u32,
    due_at: String,
    thread_id: Option<String>,
    turn_id: Option<String>,
    /// The experiment that it runs, where it is one.
    experiment_id: Option<String>,
    started_at: Option<String>,
    ended_at: Option<String>,
}

/// A time that is still to come.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleSlot)]
pub(super) struct SlotBody {
    /// In UTC.
    at: String,
    /// On the clocks of its zone.
    local: String,
    /// Whether clocks are put forward over the time of the rule, so that it is the moment after.
    moved: bool,
}

/// What a rule means.
#[derive(Serialize, ToSchema)]
#[schema(as = SchedulePreview)]
pub(super) struct PreviewBody {
    words: String,
    zone: String,
    items: Vec<SlotBody>,
}

/// Whether all schedules are paused.
#[derive(Serialize, ToSchema)]
#[schema(as = ScheduleHold)]
pub(super) struct HoldBody {
    paused: bool,
    by: Option<String>,
    since: Option<String>,
}

/// Where a page of runs ends: the slot and the run.
#[derive(Clone, Copy)]
pub(super) struct RunCursor(pub(super) i64, pub(super) ScheduleRunId);

impl fmt::Display for RunCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

impl FromStr for RunCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (slot_ms, run) = text.split_once('.').ok_or(())?;
        Ok(Self(slot_ms.parse().map_err(|_| ())?, run.parse().map_err(|_| ())?))
    }
}

impl From<Schedule> for ScheduleBody {
    fn from(schedule: Schedule) -> Self {
        Self {
            id: schedule.id.to_string(),
            name: schedule.name,
            workspace_id: schedule.workspace_id.map(|id| id.to_string()),
            thread_id: schedule.thread_id.map(|id| id.to_string()),
            place: schedule.place.as_str(),
            words: schedule.rule.words(),
            rule: schedule.rule,
            zone: schedule.zone,
            job: schedule.job,
            policies: schedule.policies,
            ceiling: schedule.ceiling.map(Ceiling::as_str),
            provenance: schedule.provenance.as_str(),
            made_by: schedule.made_by,
            state: schedule.state.as_str(),
            reason: (!schedule.reason.is_empty()).then_some(schedule.reason),
            next_at: schedule.next_ms.map(rfc3339),
            fired: schedule.fired,
            errors: schedule.errors,
            version: schedule.version,
            created_at: rfc3339(schedule.created_ms),
            updated_at: rfc3339(schedule.updated_ms),
        }
    }
}

impl From<Run> for RunBody {
    fn from(run: Run) -> Self {
        Self {
            id: run.id.to_string(),
            schedule_id: run.schedule.to_string(),
            cause: run.cause.as_str(),
            slot_at: rfc3339(run.slot_ms),
            until_at: rfc3339(run.until_ms),
            slots: run.slots,
            caught_up: run.caught_up,
            state: run.state.as_str(),
            reason: (!run.reason.is_empty()).then_some(run.reason),
            attempt: run.attempt,
            due_at: rfc3339(run.due_ms),
            thread_id: run.thread.map(|id| id.to_string()),
            turn_id: run.turn.map(|id| id.to_string()),
            experiment_id: run.experiment.map(|id| id.to_string()),
            started_at: run.started_ms.map(rfc3339),
            ended_at: run.ended_ms.map(rfc3339),
        }
    }
}

impl SlotBody {
    /// A slot on the clocks of this zone.
    pub(super) fn new(slot: Ahead, zone: &str) -> Self {
        let moment = Timestamp::from_millisecond(slot.slot_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = moment.in_tz(zone).map(|zoned| zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
        Self { at: rfc3339(slot.slot_ms), local: local.unwrap_or_default(), moved: slot.is_moved }
    }
}

impl PreviewBody {
    pub(super) fn new(rule: &Rule, zone: String, slots: Vec<Ahead>) -> Self {
        let items = slots.into_iter().map(|slot| SlotBody::new(slot, &zone)).collect();
        Self { words: rule.words(), zone, items }
    }
}

impl From<Option<(String, i64)>> for HoldBody {
    fn from(hold: Option<(String, i64)>) -> Self {
        let (by, since) = hold.unzip();
        Self { paused: by.is_some(), by, since: since.map(rfc3339) }
    }
}
