//! A schedule is made, changed or removed, within a transaction of its caller.

use super::error::ScheduleError;
use super::run::Run;
use super::schedule::{NewSchedule, Place, SCHEDULES_MAX, Schedule, ScheduleChange, ScheduleState};
use super::store;
use super::work::Work;
use crate::audit::{self, Entry};
use crate::db::{TenantRead, TenantTx};
use crate::protocol::ids::{ScheduleId, ThreadId, WorkspaceId};
use crate::protocol::turn::Provenance;
use crate::workspaces::{Answering, Workspaces};

/// Whose schedule is made.
pub(super) struct Maker {
    pub(super) source: String,
    pub(super) actor: &'static str,
    /// Whose words its prompt is.
    pub(super) provenance: Provenance,
}

/// Makes a schedule in this transaction.
pub(super) fn make(
    tx: &mut TenantTx<'_>,
    maker: &Maker,
    new: NewSchedule,
    now_ms: i64,
) -> Result<Schedule, ScheduleError> {
    if store::count(tx)? >= SCHEDULES_MAX {
        return Err(ScheduleError::TooMany(SCHEDULES_MAX));
    }
    let (place, thread_id) = placed(tx, new.place, new.thread_id)?;
    let home = match new.thread_id.filter(|_| new.workspace_id.is_none()) {
        Some(thread) => Some(Answering::read(tx, thread).map_err(|_| ScheduleError::NoThread)?.workspace),
        None => Workspaces::named_or_default(tx, new.workspace_id)?,
    };
    let mut schedule = Schedule {
        id: ScheduleId::new(),
        workspace_id: Some(home.ok_or(ScheduleError::NoWorkspace)?),
        thread_id,
        name: new.name.trim().to_owned(),
        rule: new.rule,
        zone: new.zone,
        job: new.job,
        place,
        policies: new.policies,
        ceiling: new.ceiling,
        provenance: maker.provenance,
        made_by: maker.source.clone(),
        state: ScheduleState::Active,
        reason: String::new(),
        next_ms: None,
        fired: 0,
        errors: 0,
        version: 1,
        created_ms: now_ms,
        updated_ms: now_ms,
    };
    schedule.next_ms = Some(first_slot(&schedule, now_ms)?);
    store::insert(tx, &schedule)?;
    audit::append(tx, told(&maker.source, maker.actor, "schedule.created", &schedule))?;
    Ok(schedule)
}

/// Removes a schedule in this transaction.
pub(super) fn remove(
    tx: &mut TenantTx<'_>,
    (by, actor): (&str, &'static str),
    id: ScheduleId,
    version: Option<i64>,
) -> Result<Vec<Work>, ScheduleError> {
    let found = current(store::by_id(tx, id)?, version)?;
    let active = store::runs::open_of(tx, id)?.into_iter().filter(Run::is_active);
    let work = active.filter_map(|run| run.work()).collect();
    store::delete(tx, id)?;
    audit::append(tx, told(by, actor, "schedule.deleted", &found))?;
    Ok(work)
}

/// What a schedule is after a change.
pub(super) fn changed(
    tx: &TenantTx<'_>,
    found: Schedule,
    change: ScheduleChange,
    now_ms: i64,
) -> Result<Schedule, ScheduleError> {
    let workspace_id: Option<WorkspaceId> = match change.workspace_id {
        Some(named) => {
            Some(Workspaces::named_or_default(tx, Some(named))?.ok_or(ScheduleError::NoWorkspace)?)
        }
        None => found.workspace_id,
    };
    if workspace_id.is_none() {
        return Err(ScheduleError::Homeless);
    }
    let (place, thread_id) = match change.place {
        Some((place, thread)) => placed(tx, place, thread)?,
        None => (found.place, found.thread_id),
    };
    let is_other_rule = change.rule.is_some();
    let (rule, zone) = change.rule.unwrap_or((found.rule, found.zone));
    // A person has read and sent the text anew.
    let provenance = if change.job.is_some() { Provenance::Schedule } else { found.provenance };
    let mut schedule = Schedule {
        name: change.name.map_or(found.name, |name| name.trim().to_owned()),
        workspace_id,
        thread_id,
        rule,
        zone,
        job: change.job.unwrap_or(found.job),
        place,
        provenance,
        policies: change.policies.unwrap_or(found.policies),
        ceiling: change.ceiling.unwrap_or(found.ceiling),
        version: found.version + 1,
        updated_ms: now_ms,
        ..found
    };
    schedule.check()?;
    if is_other_rule {
        schedule.next_ms = Some(first_slot(&schedule, now_ms)?);
        if schedule.state == ScheduleState::Ended {
            (schedule.state, schedule.reason) = (ScheduleState::Active, String::new());
        }
    }
    Ok(schedule)
}

/// The first slot of a schedule that is checked whole.
fn first_slot(schedule: &Schedule, now_ms: i64) -> Result<i64, ScheduleError> {
    let none = || ScheduleError::field("rule", "has no time that is still to come");
    schedule.check()?.next(now_ms).ok_or_else(none)
}

/// The place with its thread, which must be there.
fn placed(
    read: &TenantRead<'_>,
    place: Place,
    thread: Option<ThreadId>,
) -> Result<(Place, Option<ThreadId>), ScheduleError> {
    match (place, thread) {
        (Place::Named, Some(thread)) => {
            Answering::read(read, thread).map_err(|_| ScheduleError::NoThread)?;
            Ok((place, Some(thread)))
        }
        (Place::Named, None) => Err(ScheduleError::NoThread),
        (place, _) => Ok((place, None)),
    }
}

/// The schedule, if nobody has changed it since.
pub(super) fn current(found: Schedule, version: Option<i64>) -> Result<Schedule, ScheduleError> {
    match version {
        Some(version) if version != found.version => Err(ScheduleError::Stale),
        _ => Ok(found),
    }
}

pub(super) fn told(by: &str, actor: &'static str, action: &'static str, schedule: &Schedule) -> Entry {
    Entry::done(actor, by, action)
        .on(schedule.id.to_string())
        .with("name", schedule.name.as_str())
        .with("rule", schedule.rule.kind())
        .with("job", schedule.job.kind())
}
