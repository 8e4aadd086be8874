//! A run begins, or says why not: each step one transaction, so that a crash between any two leaves either.

use std::time::Duration;

use super::desk::Schedules;
use super::error::ScheduleError;
use super::firing::{cut, hold};
use super::outcome;
use super::policies::Overlap;
use super::run::{Run, RunCause, RunState};
use super::schedule::{Job, Place, Schedule};
use super::store;
use super::work::Work;
use crate::db::TenantTx;
use crate::protocol::ids::{ScheduleRunId, TenantId, ThreadId};
use crate::workspaces::BoundThread;

/// Most runs of a schedule that wait.
pub(super) const WAITING_MAX: usize = 100;
/// How long a begun run that could not be handed over waits: a second, in milliseconds.
const HAND_OVER_AGAIN_MS: i64 = 1_000;

/// A run that begins now: what whoever does its work is given.
#[derive(Clone, PartialEq, Debug)]
pub struct Begun {
    /// The run. Its attempt is counted already.
    pub run: ScheduleRunId,
    /// The key of its work: begun twice, it is the same.
    pub key: String,
    /// The thread of its turn; `None` for an experiment, which has threads of its own.
    pub thread: Option<ThreadId>,
    /// The schedule, as it is now.
    pub schedule: Schedule,
}

/// What follows an errand.
#[derive(Clone, PartialEq, Debug)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// This run is handed to whoever does its work.
    Run(Box<Begun>),
    /// This is told to stop.
    Stop(Work),
}

/// Why a run was not handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// It may work later.
    Now,
    /// Nothing may begin at all.
    Held,
    /// It never will.
    ForGood,
}

// === impl Schedules ===

impl Schedules {
    /// A run begins, or does not and says why. What follows is in the answer.
    ///
    /// # Errors
    /// What the store answers; then nothing happened.
    pub async fn begin(&self, tenant: &TenantId, id: ScheduleRunId) -> Result<Then, ScheduleError> {
        let (now_ms, desk) = (self.now_ms(), self.clone());
        self.inner.db.write(tenant, move |tx| desk.begin_in(tx, id, now_ms)).await
    }

    fn begin_in(&self, tx: &mut TenantTx<'_>, id: ScheduleRunId, now_ms: i64) -> Result<Then, ScheduleError> {
        let run = store::runs::by_id(tx, id)?;
        let schedule = store::by_id(tx, run.schedule)?;
        if run.is_active() && run.work().is_none() {
            // It had begun, and nobody knows whether it was handed over: its key finds out.
            if now_ms < run.deadline_ms {
                return Ok(handed(&run, schedule));
            }
            let reason = format!("it was begun, and nobody knows what it does: {}", run.reason);
            return self
                .end(tx, &run, &schedule, (RunState::Unknown, reason), now_ms)
                .map(|()| Then::Nothing);
        }
        if run.state != RunState::Due {
            return Ok(Then::Nothing);
        }
        let engaged = self.inner.switches.status(tx.tenant()).map(|engaged| engaged.to_string());
        let hold = match run.cause {
            RunCause::Slot => hold(tx, &schedule, engaged)?,
            RunCause::Manual | RunCause::Webhook => engaged,
        };
        let others: Vec<Run> =
            store::runs::open_of(tx, run.schedule)?.into_iter().filter(|other| other.id != run.id).collect();
        let active = others.iter().find(|other| other.is_active());
        let is_late = now_ms >= run.deadline_ms;
        if let Some((state, reason)) =
            refusal(&run, &others, hold, is_late, (schedule.policies.overlap, now_ms))
        {
            return self.end(tx, &run, &schedule, (state, reason), now_ms).map(|()| Then::Nothing);
        }
        if let Some(active) = active {
            return stop(tx, active, schedule.policies.overlap, now_ms);
        }
        let is_turn = !matches!(schedule.job, Job::Experiment { .. });
        let thread = if is_turn { thread_of(tx, &run, &schedule, now_ms)? } else { None };
        if is_turn && thread.is_none() {
            let reason = "the thread in which it works was deleted".to_owned();
            return self.end(tx, &run, &schedule, (RunState::Failed, reason), now_ms).map(|()| Then::Nothing);
        }
        let begun = Run {
            state: RunState::Running,
            reason: String::new(),
            attempt: run.attempt + 1,
            deadline_ms: now_ms.saturating_add(schedule.policies.timeout_ms()),
            thread,
            turn: None,
            experiment: None,
            ending: None,
            started_ms: Some(run.started_ms.unwrap_or(now_ms)),
            ..run
        };
        store::runs::update(tx, &begun)?;
        let lag_ms = u64::try_from(now_ms.saturating_sub(begun.due_ms)).unwrap_or_default();
        self.inner.metrics.schedules.began(Duration::from_millis(lag_ms));
        Ok(handed(&begun, schedule))
    }

    /// The work of a run is stored.
    ///
    /// # Errors
    /// What the store answers; then its key finds the work again.
    pub async fn handed_over(
        &self,
        tenant: &TenantId,
        id: ScheduleRunId,
        work: Work,
    ) -> Result<(), ScheduleError> {
        let write = self.inner.db.write(tenant, move |tx| {
            let run = store::runs::by_id(tx, id)?;
            if run.is_active() && run.work().is_none() {
                let begun = match work {
                    Work::Turn(thread, turn) => Run { thread: Some(thread), turn: Some(turn), ..run },
                    Work::Experiment(id) => Run { experiment: Some(id), ..run },
                };
                store::runs::update(tx, &begun)?;
            }
            Ok::<_, ScheduleError>(())
        });
        write.await
    }

    /// A run could not be handed over.
    ///
    /// # Errors
    /// What the store answers; then it is tried again.
    pub async fn refused(
        &self,
        tenant: &TenantId,
        id: ScheduleRunId,
        (how, why): (Refused, String),
    ) -> Result<(), ScheduleError> {
        let (now_ms, desk) = (self.now_ms(), self.clone());
        let write = self.inner.db.write(tenant, move |tx| {
            let run = store::runs::by_id(tx, id)?;
            if !run.is_active() || run.work().is_some() {
                return Ok(());
            }
            let schedule = store::by_id(tx, run.schedule)?;
            match how {
                Refused::Now => {
                    let due_ms = now_ms.saturating_add(HAND_OVER_AGAIN_MS);
                    Ok(store::runs::update(tx, &Run { due_ms, reason: cut(&why), ..run })?)
                }
                Refused::Held => desk.end(tx, &run, &schedule, (RunState::Skipped, why), now_ms),
                Refused::ForGood => desk.end(tx, &run, &schedule, (RunState::Failed, why), now_ms),
            }
        });
        write.await
    }
}

/// Why a run that is due never begins.
fn refusal(
    run: &Run,
    others: &[Run],
    hold: Option<String>,
    is_late: bool,
    (overlap, now_ms): (Overlap, i64),
) -> Option<(RunState, String)> {
    // What was begun before is tried again whatever came meanwhile.
    let is_first = run.attempt == 0;
    if let Some(hold) = hold {
        return Some((if is_first { RunState::Skipped } else { RunState::Failed }, hold));
    }
    if is_late {
        let waited = if run.reason.is_empty() {
            "other runs of this schedule went on".to_owned()
        } else {
            run.reason.clone()
        };
        let state = if is_first { RunState::Skipped } else { RunState::Failed };
        return Some((state, format!("it could not begin in time: {waited}")));
    }
    if run.cause != RunCause::Slot || run.caught_up || !is_first {
        return None;
    }
    let is_active = others.iter().any(Run::is_active);
    match overlap {
        Overlap::Skip if is_active => {
            Some((RunState::Skipped, "the run before it still went on (overlap: skip)".to_owned()))
        }
        Overlap::Queue
            if others.iter().filter(|other| other.state == RunState::Due).count() > WAITING_MAX =>
        {
            Some((RunState::Skipped, format!("{WAITING_MAX} runs waited already")))
        }
        Overlap::Replace => {
            let later = |other: &Run| {
                other.state == RunState::Due
                    && other.cause == RunCause::Slot
                    && other.slot_ms > run.slot_ms
                    && other.due_ms <= now_ms
            };
            let is_replaced = others.iter().any(later);
            is_replaced
                .then(|| (RunState::Replaced, "a later slot took its place (overlap: replace)".to_owned()))
        }
        Overlap::Skip | Overlap::Queue => None,
    }
}

/// What becomes of the run that is in the way.
fn stop(tx: &mut TenantTx<'_>, active: &Run, overlap: Overlap, now_ms: i64) -> Result<Then, ScheduleError> {
    let Some(work) = active.work() else { return Ok(Then::Nothing) };
    if overlap != Overlap::Replace || active.ending.is_some() {
        return Ok(Then::Nothing);
    }
    let ending = Run {
        ending: Some(RunState::Replaced),
        reason: "a later slot took its place (overlap: replace)".to_owned(),
        deadline_ms: now_ms.saturating_add(outcome::STOP_WITHIN_MS),
        ..active.clone()
    };
    store::runs::update(tx, &ending)?;
    Ok(Then::Stop(work))
}

/// The thread of a run; `None` when the one that somebody named is gone.
fn thread_of(
    tx: &mut TenantTx<'_>,
    run: &Run,
    schedule: &Schedule,
    now_ms: i64,
) -> Result<Option<ThreadId>, ScheduleError> {
    let key = match schedule.place {
        Place::Named => return Ok(schedule.thread_id),
        Place::Own => "runs".to_owned(),
        Place::New => run.id.to_string(),
    };
    let workspace = schedule.workspace_id.ok_or(ScheduleError::Homeless)?;
    let bound = BoundThread {
        door: schedule.source(),
        key,
        workspace,
        title: format!("schedule:{}", schedule.name),
        brief: format!(
            "Messages in this thread come from the schedule \"{}\" ({}, {}). Nobody waits for an answer while you work; people \
             read it later.",
            schedule.name,
            schedule.rule.words(),
            schedule.zone
        ),
        ceiling: None,
    };
    Ok(Some(bound.ensure(tx, now_ms)?))
}

fn handed(run: &Run, schedule: Schedule) -> Then {
    Then::Run(Box::new(Begun { run: run.id, key: run.key(), thread: run.thread, schedule }))
}
