//! What people see of runs, and what they ask for: now, not any more, and why not.

use super::beginning::WAITING_MAX;
use super::desk::Schedules;
use super::error::ScheduleError;
use super::making::told;
use super::rule::Rule;
use super::run::{Run, RunCause, RunState};
use super::schedule::Schedule;
use super::store;
use super::work::Work;
use crate::audit;
use crate::db::TenantTx;
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{ScheduleId, ScheduleRunId, TenantId};

/// Most slots of a look ahead.
pub const AHEAD_MAX: usize = 100;
/// How long ended runs are kept: four hundred days, in milliseconds.
const KEPT_MS: i64 = 400 * 86_400_000;
/// Rows that one look prunes.
const PRUNED_MAX: usize = 1_000;

/// A slot that is still to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ahead {
    /// When, in milliseconds since 1970.
    pub slot_ms: i64,
    /// Whether clocks never show the time that the rule says, so that it is the moment after it.
    pub is_moved: bool,
}

// === impl Schedules ===

impl Schedules {
    /// The next slots of a rule that nobody has stored.
    ///
    /// # Errors
    /// [`ScheduleError::Field`], which says what is wrong with the rule.
    pub fn preview(&self, rule: &Rule, zone: &str, count: usize) -> Result<Vec<Ahead>, ScheduleError> {
        let timetable = rule.read(zone)?;
        let slots = timetable.after(self.now_ms()).take(count.min(AHEAD_MAX));
        Ok(slots.map(|slot_ms| Ahead { slot_ms, is_moved: timetable.is_moved(slot_ms) }).collect())
    }

    /// The next slots of a schedule, as it is now. One that has ended has none.
    #[must_use]
    pub fn ahead(&self, schedule: &Schedule, count: usize) -> Vec<Ahead> {
        let (Some(next_ms), Ok(timetable)) = (schedule.next_ms, schedule.timetable()) else {
            return Vec::new();
        };
        let left = schedule.policies.runs_max.map(|most| most.saturating_sub(schedule.fired));
        let count =
            count.min(AHEAD_MAX).min(left.and_then(|left| usize::try_from(left).ok()).unwrap_or(usize::MAX));
        let slots = timetable.after(self.now_ms().max(next_ms.saturating_sub(1))).take(count);
        slots.map(|slot_ms| Ahead { slot_ms, is_moved: timetable.is_moved(slot_ms) }).collect()
    }

    /// Runs of a schedule, those of the newest slots first.
    ///
    /// # Errors
    /// [`ScheduleError::NotFound`], or what the store answers.
    pub async fn runs(
        &self,
        tenant: &TenantId,
        id: ScheduleId,
        after: Option<(i64, ScheduleRunId)>,
        limit: usize,
    ) -> Result<Vec<Run>, ScheduleError> {
        let read = self.inner.db.read(tenant, move |read| {
            store::by_id(read, id)?;
            Ok::<_, ScheduleError>(store::runs::list(read, id, after, limit)?)
        });
        read.await
    }

    /// Runs of all schedules since this time, oldest first.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn runs_since(
        &self,
        tenant: &TenantId,
        from_ms: i64,
        limit: usize,
    ) -> Result<Vec<Run>, ScheduleError> {
        let read = self
            .inner
            .db
            .read(tenant, move |read| Ok::<_, ScheduleError>(store::runs::since(read, from_ms, limit)?));
        read.await
    }

    /// One run.
    ///
    /// # Errors
    /// [`ScheduleError::NotFound`], or what the store answers.
    pub async fn run(&self, tenant: &TenantId, id: ScheduleRunId) -> Result<Run, ScheduleError> {
        self.inner.db.read(tenant, move |read| Ok::<_, ScheduleError>(store::runs::by_id(read, id)?)).await
    }

    /// What became of a slot: the row that stands for it.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn of_slot(
        &self,
        tenant: &TenantId,
        id: ScheduleId,
        slot_ms: i64,
    ) -> Result<Option<Run>, ScheduleError> {
        let read = self
            .inner
            .db
            .read(tenant, move |read| Ok::<_, ScheduleError>(store::runs::of_slot(read, id, slot_ms)?));
        read.await
    }

    /// Runs a schedule now, whatever its state; the same key asks once.
    ///
    /// # Errors
    /// [`ScheduleError`]; then nothing is stored.
    pub async fn run_now(
        &self,
        by: &Principal,
        id: ScheduleId,
        key: Option<RequestKey>,
    ) -> Result<Made<Run>, ScheduleError> {
        let (now_ms, asker) = (self.now_ms(), by.source());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                let (schedule, run) = ask(tx, id, RunCause::Manual, ScheduleRunId::new(), now_ms)?;
                audit::append(tx, told(&asker, "schedules", "schedule.run_requested", &schedule))?;
                Ok::<_, ScheduleError>(run)
            })
        });
        let made = write.await?;
        self.wake();
        Ok(made)
    }

    /// A webhook starts a schedule. The id of its delivery becomes that of the run, so it does so once.
    ///
    /// # Errors
    /// [`ScheduleError`]; then nothing is stored.
    pub async fn trigger(
        &self,
        tenant: &TenantId,
        id: ScheduleId,
        delivery: [u8; 16],
    ) -> Result<ScheduleRunId, ScheduleError> {
        let (now_ms, run) = (self.now_ms(), ScheduleRunId::from_bytes(delivery));
        let write = self.inner.db.write(tenant, move |tx| match store::runs::by_id(tx, run) {
            Ok(found) => Ok(found.id),
            Err(crate::db::DbError::NoRow) => Ok(ask(tx, id, RunCause::Webhook, run, now_ms)?.1.id),
            Err(error) => Err(ScheduleError::from(error)),
        });
        let run = write.await?;
        self.wake();
        Ok(run)
    }

    /// Ends a run: one that waits at once, one that works once its work has stopped. That work, for whoever stops it.
    ///
    /// # Errors
    /// [`ScheduleError::Ended`], [`ScheduleError::NotFound`], or what the store answers.
    pub async fn cancel(
        &self,
        by: &Principal,
        id: ScheduleRunId,
    ) -> Result<(Run, Option<Work>), ScheduleError> {
        let (now_ms, desk, who) = (self.now_ms(), self.clone(), by.source());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let run = store::runs::by_id(tx, id)?;
            let schedule = store::by_id(tx, run.schedule)?;
            let reason = format!("cancelled by {who}");
            audit::append(
                tx,
                told(&who, "schedules", "schedule.run_cancelled", &schedule).with("run", id.to_string()),
            )?;
            match (run.state, run.work()) {
                (RunState::Due, _) => {
                    desk.end(tx, &run, &schedule, (RunState::Cancelled, reason), now_ms)?;
                    Ok((store::runs::by_id(tx, id)?, None))
                }
                (RunState::Running | RunState::Parked, Some(work)) => {
                    let deadline_ms = now_ms.saturating_add(super::outcome::STOP_WITHIN_MS);
                    let ending = Some(RunState::Cancelled);
                    let run = Run { ending, reason, deadline_ms, ..run };
                    store::runs::update(tx, &run)?;
                    Ok((run, Some(work)))
                }
                _ => Err(ScheduleError::Ended),
            }
        });
        let cancelled = write.await?;
        self.wake();
        Ok(cancelled)
    }

    /// Deletes what is older than is kept. How much.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn prune(&self) -> Result<usize, ScheduleError> {
        let before_ms = self.now_ms().saturating_sub(KEPT_MS);
        let write = self.inner.db.write_system(move |tx| store::runs::prune(tx, before_ms, PRUNED_MAX));
        Ok(write.await?)
    }
}

/// A run that somebody asked for.
fn ask(
    tx: &mut TenantTx<'_>,
    id: ScheduleId,
    cause: RunCause,
    run: ScheduleRunId,
    now_ms: i64,
) -> Result<(Schedule, Run), ScheduleError> {
    let schedule = store::by_id(tx, id)?;
    if schedule.workspace_id.is_none() {
        return Err(ScheduleError::Homeless);
    }
    if store::runs::open_of(tx, id)?.len() >= WAITING_MAX {
        return Err(ScheduleError::TooManyRuns(WAITING_MAX));
    }
    let run = Run {
        id: run,
        schedule: id,
        cause,
        slot_ms: now_ms,
        until_ms: now_ms,
        slots: 1,
        caught_up: false,
        state: RunState::Due,
        reason: String::new(),
        ending: None,
        attempt: 0,
        due_ms: now_ms,
        deadline_ms: now_ms.saturating_add(schedule.policies.delay_max_ms()),
        parked_ms: None,
        thread: None,
        turn: None,
        experiment: None,
        started_ms: None,
        ended_ms: None,
        created_ms: now_ms,
    };
    store::runs::insert(tx, &run)?;
    Ok((schedule, run))
}
