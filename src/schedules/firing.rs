//! Slots become runs, and runs end: each step one transaction, so that a crash between any two leaves either.

use super::beginning::Then;
use super::desk::{OVER, Schedules};
use super::error::ScheduleError;
use super::looking::Errand;
use super::making::told;
use super::outcome::{self, Next};
use super::plan::{Asked, Fate, Planned};
use super::run::{Run, RunCause, RunState};
use super::schedule::{Job, Schedule, ScheduleState};
use super::store;
use crate::audit;
use crate::db::TenantTx;
use crate::notifications::{Happening, Pattern, SourceType};
use crate::protocol::ids::{ScheduleRunId, TenantId};

/// Runs in a row that fail before a schedule is disabled.
pub const ERRORS_MAX: u32 = 3;
/// Most characters of a reason.
const REASON_CHARS_MAX: usize = 500;

// === impl Schedules ===

impl Schedules {
    /// The slots up to now become runs, or say why not; in the same transaction the schedule goes on to its next slot.
    ///
    /// # Errors
    /// What the store answers; then nothing happened.
    pub async fn advance(&self, errand: &Errand) -> Result<(), ScheduleError> {
        let (now_ms, id, switches) = (self.now_ms(), errand.schedule, self.inner.switches.clone());
        let metrics = self.inner.metrics.clone();
        let write = self.inner.db.write(&errand.tenant, move |tx| {
            let schedule = store::by_id(tx, id)?;
            let Some(next_ms) = schedule.next_ms.filter(|next| *next <= now_ms) else { return Ok(()) };
            if schedule.state == ScheduleState::Ended {
                return Ok(());
            }
            let engaged = switches.status(tx.tenant()).map(|engaged| engaged.to_string());
            let timetable = schedule.timetable()?;
            let told = store::runs::told(tx, id, next_ms, now_ms)?;
            let asked = Asked {
                id,
                timetable: &timetable,
                policies: &schedule.policies,
                next_ms,
                now_ms,
                left: schedule.policies.runs_max.map(|most| most.saturating_sub(schedule.fired)),
                hold: hold(tx, &schedule, engaged)?,
                told: &told,
            };
            let plan = asked.plan();
            let mut fired = schedule.fired;
            for row in plan.rows {
                let run = planned(row, &schedule, now_ms);
                let fires = run.state == RunState::Due;
                let is_new = (!fires && store::runs::extend(tx, &run)?) || store::runs::insert(tx, &run)?;
                if is_new && fires {
                    fired += 1;
                } else if is_new {
                    metrics.schedules.ended(RunState::Skipped.as_str());
                }
            }
            let is_used_up = schedule.policies.runs_max.is_some_and(|most| fired >= most);
            let next_ms = plan.next_ms.filter(|_| !is_used_up);
            let (state, reason) = match (next_ms, is_used_up) {
                (Some(_), _) => (schedule.state, schedule.reason.clone()),
                (None, true) => (ScheduleState::Ended, "it has fired as often as it may".to_owned()),
                (None, false) => (ScheduleState::Ended, OVER.to_owned()),
            };
            store::update(tx, &Schedule { next_ms, fired, state, reason, ..schedule })?;
            Ok::<_, ScheduleError>(())
        });
        write.await
    }

    /// What became of the turn of a run.
    ///
    /// # Errors
    /// What the store answers; then nothing happened.
    pub async fn settle(&self, tenant: &TenantId, id: ScheduleRunId) -> Result<Then, ScheduleError> {
        let (now_ms, desk) = (self.now_ms(), self.clone());
        self.inner.db.write(tenant, move |tx| desk.settle_in(tx, id, now_ms)).await
    }

    fn settle_in(
        &self,
        tx: &mut TenantTx<'_>,
        id: ScheduleRunId,
        now_ms: i64,
    ) -> Result<Then, ScheduleError> {
        let run = store::runs::by_id(tx, id)?;
        let Some(work) = run.work().filter(|_| run.is_active()) else {
            return Ok(Then::Nothing);
        };
        let schedule = store::by_id(tx, run.schedule)?;
        let is_call = matches!(schedule.job, Job::Tool { .. });
        let seen = store::runs::seen(tx, work, is_call)?;
        match outcome::next(&run, seen.as_ref(), &schedule.policies, now_ms) {
            Next::Wait { .. } => {}
            Next::Park => {
                let reason = "it waits for a person, who finds the question in the Inbox".to_owned();
                let parked = Run { state: RunState::Parked, parked_ms: Some(now_ms), reason, ..run };
                store::runs::update(tx, &parked)?;
            }
            Next::Unpark { deadline_ms } => {
                let (state, reason) = (RunState::Running, String::new());
                store::runs::update(tx, &Run { state, reason, parked_ms: None, deadline_ms, ..run })?;
            }
            Next::Stop { ending, reason, deadline_ms } => {
                store::runs::update(tx, &Run { ending: Some(ending), reason, deadline_ms, ..run })?;
                return Ok(Then::Stop(work));
            }
            Next::End { state, reason, retry } => {
                if retry && state.is_error() && run.attempt <= schedule.policies.retries {
                    store::runs::update(tx, &again(&run, &schedule, &reason, now_ms))?;
                } else {
                    self.end(tx, &run, &schedule, (state, reason), now_ms)?;
                }
            }
        }
        Ok(Then::Nothing)
    }

    /// Ends a run, and with too many errors its schedule.
    pub(super) fn end(
        &self,
        tx: &mut TenantTx<'_>,
        run: &Run,
        schedule: &Schedule,
        (state, reason): (RunState, String),
        now_ms: i64,
    ) -> Result<(), ScheduleError> {
        let ended = Run {
            state,
            reason: cut(&reason),
            ended_ms: Some(now_ms),
            parked_ms: None,
            ending: None,
            ..run.clone()
        };
        store::runs::update(tx, &ended)?;
        let errors = match state {
            RunState::Done => 0,
            state if state.is_error() => schedule.errors.saturating_add(1),
            _ => schedule.errors,
        };
        let mut after = Schedule { errors, ..schedule.clone() };
        let disables = errors >= ERRORS_MAX && after.state == ScheduleState::Active;
        if disables {
            (after.state, after.version) = (ScheduleState::Disabled, after.version + 1);
            after.reason = cut(&format!("{errors} runs in a row failed; the last one: {}", ended.reason));
            audit::append(
                tx,
                told("system", "scheduler", "schedule.disabled", &after).because(after.reason.as_str()),
            )?;
        }
        if errors != schedule.errors {
            store::update(tx, &after)?;
        }
        self.tell(tx, &after, &ended, disables);
        Ok(())
    }

    /// Counts, and tells people what they have to know.
    fn tell(&self, tx: &mut TenantTx<'_>, schedule: &Schedule, ended: &Run, disabled: bool) {
        let (tenant, notices, metrics) =
            (tx.tenant().clone(), self.inner.notices.clone(), self.inner.metrics.clone());
        let happening = |pattern, title: String, text: &str| {
            let about = Happening::new(pattern, title).saying(text).to(SourceType::Schedule, schedule.id);
            about.within(schedule.workspace_id)
        };
        let mut told = Vec::new();
        if disabled {
            let title = format!("The schedule {} is disabled", schedule.name);
            told.push(happening(Pattern::ScheduleDisabled, title, &schedule.reason));
        } else if ended.state.is_error() {
            let title = format!("A run of the schedule {} ended as {}", schedule.name, ended.state.as_str());
            told.push(happening(Pattern::ScheduleFailed, title, &ended.reason));
        }
        let state = ended.state;
        tx.on_commit(move || {
            metrics.schedules.ended(state.as_str());
            for happening in told {
                notices.raise(&tenant, happening);
            }
        });
    }
}

/// Why no slot of a schedule fires now.
pub(super) fn hold(
    tx: &TenantTx<'_>,
    schedule: &Schedule,
    engaged: Option<String>,
) -> Result<Option<String>, ScheduleError> {
    if let Some(engaged) = engaged {
        return Ok(Some(engaged));
    }
    if let Some((by, _)) = store::hold(tx)? {
        return Ok(Some(format!("all schedules were paused by {by}")));
    }
    Ok(match schedule.state {
        ScheduleState::Paused => Some(format!("the schedule was {}", schedule.reason)),
        ScheduleState::Disabled => Some("the schedule was disabled after too many errors".to_owned()),
        ScheduleState::Active | ScheduleState::Ended => None,
    })
}

/// The row of a planned slot.
fn planned(row: Planned, schedule: &Schedule, now_ms: i64) -> Run {
    let (state, reason, due_ms, caught_up) = match row.fate {
        Fate::Fire { due_ms, caught_up } => (RunState::Due, String::new(), due_ms, caught_up),
        Fate::Skip(reason) => (RunState::Skipped, reason, row.slot_ms, false),
    };
    Run {
        id: ScheduleRunId::new(),
        schedule: schedule.id,
        cause: RunCause::Slot,
        slot_ms: row.slot_ms,
        until_ms: row.until_ms,
        slots: row.slots,
        caught_up,
        state,
        reason,
        ending: None,
        attempt: 0,
        due_ms,
        deadline_ms: due_ms.saturating_add(schedule.policies.delay_max_ms()),
        parked_ms: None,
        thread: None,
        turn: None,
        experiment: None,
        started_ms: None,
        ended_ms: (state == RunState::Skipped).then_some(now_ms),
        created_ms: now_ms,
    }
}

/// A run that waits for its next try.
fn again(run: &Run, schedule: &Schedule, why: &str, now_ms: i64) -> Run {
    let due_ms = now_ms.saturating_add(schedule.policies.backoff_ms(run.attempt));
    Run {
        state: RunState::Due,
        reason: cut(&format!("attempt {} of {} failed: {why}", run.attempt, schedule.policies.retries + 1)),
        due_ms,
        deadline_ms: due_ms.saturating_add(schedule.policies.delay_max_ms()),
        parked_ms: None,
        ending: None,
        ..run.clone()
    }
}

pub(super) fn cut(text: &str) -> String {
    text.chars().take(REASON_CHARS_MAX).collect()
}
