//! What there is to do now, of all schedules: one piece for each, and when to look again.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::desk::{OVER, Schedules};
use super::error::ScheduleError;
use super::outcome;
use super::policies::{Overlap, Policies};
use super::run::{Run, RunCause, RunState};
use super::schedule::{Schedule, ScheduleState};
use super::store;
use super::store::runs::Open;
use crate::db::DbError;
use crate::protocol::ids::{ScheduleId, ScheduleRunId, TenantId};

/// Schedules whose slots one look finds.
const DUE_MAX: usize = 64;
/// Runs that have not ended, of one look.
const OPEN_MAX: usize = 5_000;
/// A clock that shows so much less than before was set back, and not just corrected: a minute, in milliseconds.
const SET_BACK_MS: i64 = 60_000;

/// One thing to do for a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Errand {
    /// Whose it is.
    pub tenant: TenantId,
    /// The schedule.
    pub schedule: ScheduleId,
    /// What to do.
    pub what: What,
}

/// See [`Errand`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Its slots up to now become runs, or say why not.
    Advance,
    /// This run begins, if it still may.
    Begin(ScheduleRunId),
    /// What became of the work of this run.
    Settle(ScheduleRunId),
}

/// What a look has found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    /// One errand for each schedule that is not busy.
    pub errands: Vec<Errand>,
    /// When something is due next, in milliseconds since 1970.
    pub next_ms: Option<i64>,
}

// === impl Schedules ===

impl Schedules {
    /// What there is to do now.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn look(&self, busy: &HashSet<ScheduleId>) -> Result<Looked, ScheduleError> {
        let now_ms = self.now_ms();
        self.notice_set_back(now_ms).await?;
        let found = self.inner.db.read_system(move |read| {
            let due = store::due(read, now_ms, DUE_MAX)?;
            Ok::<_, ScheduleError>((due, store::next_ms(read, now_ms)?, store::runs::open(read, OPEN_MAX)?))
        });
        let (due, next_ms, open) = found.await?;
        let expects = open.iter().any(|one| one.run.is_active());
        self.inner.expects.store(expects, Ordering::Release);
        let mut looked = Looked { errands: Vec::new(), next_ms };
        let mut taken = busy.clone();
        for of_one in open.chunk_by(|one, other| one.run.schedule == other.run.schedule) {
            let Some(first) = of_one.first() else { continue };
            let (what, later_ms) = wanted(of_one, now_ms);
            looked.next_ms = [looked.next_ms, later_ms].into_iter().flatten().min();
            if let Some(what) = what.filter(|_| taken.insert(first.run.schedule)) {
                looked.errands.push(Errand {
                    tenant: first.tenant.clone(),
                    schedule: first.run.schedule,
                    what,
                });
            }
        }
        for (tenant, schedule) in due {
            if taken.insert(schedule) {
                looked.errands.push(Errand { tenant, schedule, what: What::Advance });
            }
        }
        Ok(looked)
    }

    /// After the clock was set back, what was skipped in a future that is not yet there is forgotten, and the next slots are
    /// found anew. Slots that fired have their rows and do not fire again.
    async fn notice_set_back(&self, now_ms: i64) -> Result<(), ScheduleError> {
        let seen_ms = self.inner.seen_ms.fetch_max(now_ms, Ordering::AcqRel);
        if now_ms >= seen_ms.saturating_sub(SET_BACK_MS) {
            return Ok(());
        }
        tracing::warn!(by_ms = seen_ms - now_ms, "the clock was set back; schedules go by what it shows now");
        let tenants = self.inner.db.read_system(|read| Ok::<_, ScheduleError>(store::tenants(read)?)).await?;
        for tenant in tenants {
            let rewind = self.inner.db.write(&tenant, move |tx| {
                store::runs::rewind(tx, now_ms)?;
                for schedule in store::all(tx)? {
                    if let Some(rewound) = rewound(schedule, now_ms) {
                        store::update(tx, &rewound)?;
                    }
                }
                Ok::<_, DbError>(())
            });
            rewind.await?;
        }
        self.inner.seen_ms.store(now_ms, Ordering::Release);
        Ok(())
    }
}

/// A schedule whose next slot is found anew; `None` where there is nothing to find.
fn rewound(schedule: Schedule, now_ms: i64) -> Option<Schedule> {
    let is_over = schedule.state == ScheduleState::Ended;
    if is_over && schedule.reason != OVER {
        return None;
    }
    // A slot that has come and was not looked at yet keeps its place.
    let waits = schedule.next_ms.filter(|next_ms| *next_ms <= now_ms);
    let next_ms = waits.or_else(|| schedule.timetable().ok()?.next(now_ms))?;
    let (state, reason) = if is_over {
        (ScheduleState::Active, String::new())
    } else {
        (schedule.state, schedule.reason.clone())
    };
    Some(Schedule { next_ms: Some(next_ms), state, reason, ..schedule })
}

/// What the open runs of one schedule want now, and when the next of them wants something.
fn wanted(open: &[Open], now_ms: i64) -> (Option<What>, Option<i64>) {
    let Some(first) = open.first() else { return (None, None) };
    // What cannot be read is found out by whoever does the errand.
    let policies: Policies = serde_json::from_str(&first.policies).unwrap_or_default();
    let mut later_ms: Option<i64> = None;
    let mut later = |at_ms: i64| later_ms = Some(later_ms.map_or(at_ms, |other| other.min(at_ms)));
    let mut is_ending = false;
    let mut is_active = false;
    for one in open.iter().filter(|one| one.run.is_active()) {
        (is_active, is_ending) = (true, is_ending || one.run.ending.is_some() || one.run.work().is_none());
        match settles_at(one, &policies, now_ms) {
            Some(at_ms) if at_ms <= now_ms => return (Some(errand_of(&one.run)), None),
            Some(at_ms) => later(at_ms),
            None => {}
        }
    }
    for one in open.iter().filter(|one| one.run.state == RunState::Due) {
        let run = &one.run;
        let waits = is_active
            && (run.caught_up
                || run.cause != RunCause::Slot
                || policies.overlap == Overlap::Queue
                || is_ending);
        if run.due_ms > now_ms {
            later(run.due_ms);
        } else if !waits || run.deadline_ms <= now_ms {
            return (Some(What::Begin(run.id)), None);
        } else {
            later(run.deadline_ms);
        }
    }
    (None, later_ms)
}

fn errand_of(run: &Run) -> What {
    if run.work().is_none() { What::Begin(run.id) } else { What::Settle(run.id) }
}

/// When a run that has begun wants something; `None` for not before its work changes.
fn settles_at(open: &Open, policies: &Policies, now_ms: i64) -> Option<i64> {
    let run = &open.run;
    if run.work().is_none() {
        return Some(run.due_ms);
    }
    match outcome::next(run, open.seen.as_ref(), policies, now_ms) {
        outcome::Next::Wait { until_ms: i64::MAX } => None,
        outcome::Next::Wait { until_ms } => Some(until_ms),
        _ => Some(now_ms),
    }
}
