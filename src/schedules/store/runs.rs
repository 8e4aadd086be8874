//! The statements of runs.

use crate::db::{DbError, Row, SystemRead, SystemTx, TenantRead, TenantTx};
use crate::experiments::{Applied, Reason, State};
use crate::protocol::ids::{ExperimentId, ScheduleId, ScheduleRunId, TenantId, TurnId};
use crate::protocol::turn::TurnState;
use crate::schedules::run::{Run, RunCause, RunState};
use crate::schedules::work::{Seen, SeenExperiment, SeenTurn, Work};

const COLUMNS: &str = "r.id, r.schedule_id, r.cause, r.slot_ms, r.until_ms, r.slots, r.caught_up, r.state, r.reason, \
                       r.ending, r.attempt, r.due_ms, r.deadline_ms, r.parked_ms, r.thread_id, r.turn_id, r.started_ms, \
                       r.ended_ms, r.created_ms, r.experiment_id";
/// Columns before this one are those of [`COLUMNS`].
const BEHIND: usize = 20;

/// A run that has not ended, with what decides when it is looked at.
#[derive(Clone, Debug)]
pub(in crate::schedules) struct Open {
    pub(in crate::schedules) tenant: TenantId,
    pub(in crate::schedules) run: Run,
    /// Where its work is, and no more of it; `None` when it has none, or it is gone.
    pub(in crate::schedules) seen: Option<Seen>,
    /// The policies of its schedule, as they are stored.
    pub(in crate::schedules) policies: String,
}

/// Makes a row. False when its slot has one.
pub(in crate::schedules) fn insert(tx: &mut TenantTx<'_>, new: &Run) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO schedule_runs (tenant, id, schedule_id, cause, slot_ms, until_ms, slots, caught_up, state, reason,
                                    due_ms, deadline_ms, ended_ms, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT DO NOTHING",
        &[
            &new.id,
            &new.schedule,
            &new.cause.as_str(),
            &new.slot_ms,
            &new.until_ms,
            &new.slots,
            &new.caught_up,
            &new.state.as_str(),
            &new.reason,
            &new.due_ms,
            &new.deadline_ms,
            &new.ended_ms,
            &new.created_ms,
        ],
    )?;
    Ok(inserted == 1)
}

/// Lets the newest row of a schedule stand for these slots too, if it is a stretch with the same reason.
pub(in crate::schedules) fn extend(tx: &mut TenantTx<'_>, more: &Run) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE schedule_runs SET until_ms = ?3, slots = CASE WHEN slots = 0 OR ?4 = 0 THEN 0 ELSE slots + ?4 END,
                                  ended_ms = ?5
         WHERE tenant = ?1 AND state = 'skipped' AND reason = ?6 AND id = (
             SELECT id FROM schedule_runs WHERE schedule_id = ?2 AND cause = 'slot' ORDER BY slot_ms DESC LIMIT 1)",
        &[&more.schedule, &more.until_ms, &more.slots, &more.ended_ms, &more.reason],
    )?;
    Ok(changed == 1)
}

/// Writes everything of a run that changes.
pub(in crate::schedules) fn update(tx: &mut TenantTx<'_>, run: &Run) -> Result<(), DbError> {
    tx.execute(
        "UPDATE schedule_runs SET state = ?3, reason = ?4, ending = ?5, attempt = ?6, due_ms = ?7, deadline_ms = ?8,
                                  parked_ms = ?9, thread_id = ?10, turn_id = ?11, started_ms = ?12, ended_ms = ?13,
                                  experiment_id = ?14
         WHERE tenant = ?1 AND id = ?2",
        &[
            &run.id,
            &run.state.as_str(),
            &run.reason,
            &run.ending.map_or("", RunState::as_str),
            &run.attempt,
            &run.due_ms,
            &run.deadline_ms,
            &run.parked_ms,
            &run.thread,
            &run.turn,
            &run.started_ms,
            &run.ended_ms,
            &run.experiment,
        ],
    )?;
    Ok(())
}

pub(in crate::schedules) fn by_id(read: &TenantRead<'_>, id: ScheduleRunId) -> Result<Run, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM schedule_runs r WHERE r.tenant = ?1 AND r.id = ?2");
    read.query_one(&sql, &[&id], run)
}

/// Runs of a schedule, those of the newest slots first, after this place.
pub(in crate::schedules) fn list(
    read: &TenantRead<'_>,
    schedule: ScheduleId,
    after: Option<(i64, ScheduleRunId)>,
    limit: usize,
) -> Result<Vec<Run>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM schedule_runs r
         WHERE r.tenant = ?1 AND r.schedule_id = ?2 AND (?3 IS NULL OR (r.slot_ms, r.id) < (?3, ?4))
         ORDER BY r.slot_ms DESC, r.id DESC LIMIT ?5"
    );
    let (slot_ms, id) = after.map_or((None, None), |(slot_ms, id)| (Some(slot_ms), Some(id)));
    read.query_all(&sql, &[&schedule, &slot_ms, &id, &limit], run)
}

/// Runs of all schedules whose slots are at or after this time, oldest first.
pub(in crate::schedules) fn since(
    read: &TenantRead<'_>,
    from_ms: i64,
    limit: usize,
) -> Result<Vec<Run>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM schedule_runs r WHERE r.tenant = ?1 AND r.until_ms >= ?2 ORDER BY r.slot_ms LIMIT ?3"
    );
    read.query_all(&sql, &[&from_ms, &limit], run)
}

/// The row that stands for a slot.
pub(in crate::schedules) fn of_slot(
    read: &TenantRead<'_>,
    schedule: ScheduleId,
    slot_ms: i64,
) -> Result<Option<Run>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM schedule_runs r
         WHERE r.tenant = ?1 AND r.schedule_id = ?2 AND r.cause = 'slot' AND r.slot_ms <= ?3 AND r.until_ms >= ?3
         ORDER BY r.slot_ms DESC LIMIT 1"
    );
    read.query_opt(&sql, &[&schedule, &slot_ms], run)
}

/// The slots from this one to that one which have rows of their own: those that were gone through before the clock was set back.
pub(in crate::schedules) fn told(
    read: &TenantRead<'_>,
    schedule: ScheduleId,
    from_ms: i64,
    to_ms: i64,
) -> Result<Vec<i64>, DbError> {
    let sql = "SELECT slot_ms FROM schedule_runs
               WHERE tenant = ?1 AND schedule_id = ?2 AND cause = 'slot' AND slot_ms BETWEEN ?3 AND ?4 ORDER BY slot_ms";
    read.query_all(sql, &[&schedule, &from_ms, &to_ms], |row| row.get(0))
}

/// The runs of a schedule that have not ended, in the order in which they begin.
pub(in crate::schedules) fn open_of(
    read: &TenantRead<'_>,
    schedule: ScheduleId,
) -> Result<Vec<Run>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM schedule_runs r
         WHERE r.tenant = ?1 AND r.schedule_id = ?2 AND r.state IN ('due', 'running', 'parked')
         ORDER BY r.due_ms, r.slot_ms, r.id"
    );
    read.query_all(&sql, &[&schedule], run)
}

/// All runs that have not ended, by their schedules, in the order in which they begin.
pub(in crate::schedules) fn open(read: &SystemRead<'_>, limit: usize) -> Result<Vec<Open>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS}, r.tenant, t.state, t.waiting, s.policies, e.state
         FROM schedule_runs r INDEXED BY schedule_runs_open
              JOIN schedules s ON s.id = r.schedule_id
              LEFT JOIN turns t ON t.id = r.turn_id AND t.tenant = r.tenant
              LEFT JOIN experiments e ON e.id = r.experiment_id AND e.tenant = r.tenant
         WHERE r.state IN ('due', 'running', 'parked')
         ORDER BY r.schedule_id, r.due_ms, r.slot_ms, r.id LIMIT ?1"
    );
    read.query_all(&sql, &[&limit], |row| {
        let state: Option<String> = row.get(BEHIND + 1)?;
        let waiting: Option<bool> = row.get(BEHIND + 2)?;
        let experiment: Option<String> = row.get(BEHIND + 4)?;
        let turn = state.as_deref().and_then(TurnState::parse);
        let turn = turn.map(|state| Seen::Turn(SeenTurn::at(state, waiting.unwrap_or_default())));
        let experiment = experiment.as_deref().and_then(State::parse);
        let experiment = experiment.map(|state| Seen::Experiment(SeenExperiment::at(state)));
        Ok::<_, DbError>(Open {
            run: run(row)?,
            tenant: row.get(BEHIND)?,
            seen: experiment.or(turn),
            policies: row.get(BEHIND + 3)?,
        })
    })
}

/// Work as far as its run is concerned; `with_call` when the run is one call of a tool.
pub(in crate::schedules) fn seen(
    read: &TenantRead<'_>,
    work: Work,
    with_call: bool,
) -> Result<Option<Seen>, DbError> {
    Ok(match work {
        Work::Turn(_, turn) => seen_turn(read, turn, with_call)?.map(Seen::Turn),
        Work::Experiment(id) => seen_experiment(read, id)?.map(Seen::Experiment),
    })
}

fn seen_experiment(read: &TenantRead<'_>, id: ExperimentId) -> Result<Option<SeenExperiment>, DbError> {
    let bad = |what: &str| DbError::Corrupt(format!("the {what} of an experiment"));
    read.query_opt(
        "SELECT state, reason, applied, result ->> '$.summary' FROM experiments WHERE tenant = ?1 AND id = ?2",
        &[&id],
        |row| {
            Ok(SeenExperiment {
                state: State::parse(&row.get::<String>(0)?).ok_or_else(|| bad("state"))?,
                reason: Reason::parse(&row.get::<String>(1)?).unwrap_or(Reason::None),
                applied: Applied::parse(&row.get::<String>(2)?).ok_or_else(|| bad("files"))?,
                summary: row.get::<Option<String>>(3)?.unwrap_or_default(),
            })
        },
    )
}

fn seen_turn(read: &TenantRead<'_>, turn: TurnId, with_call: bool) -> Result<Option<SeenTurn>, DbError> {
    let found = read.query_opt(
        "SELECT state, waiting, failure,
                EXISTS (SELECT 1 FROM messages m
                        WHERE m.tenant = ?1 AND m.thread_id = t.thread_id AND m.turn_id = t.id AND m.outcome = 'unknown')
                OR EXISTS (SELECT 1 FROM steps s
                           WHERE s.turn_id = t.id AND s.kind = 'tool_call' AND s.state IN ('started', 'unknown')
                                 AND s.detail ->> '$.class' = 'effectful')
         FROM turns t WHERE t.tenant = ?1 AND t.id = ?2",
        &[&turn],
        |row| {
            let state: String = row.get(0)?;
            let failure: Option<String> = row.get(2)?;
            Ok::<_, DbError>(SeenTurn {
                state: TurnState::parse(&state).ok_or_else(|| DbError::Corrupt("the state of a turn".to_owned()))?,
                waiting: row.get(1)?,
                failure: failure.and_then(|json| serde_json::from_str(&json).ok()),
                has_lost_effect: row.get(3)?,
                call: None,
            })
        },
    )?;
    let Some(seen) = found else { return Ok(None) };
    let call = if with_call { last_call(read, turn)? } else { None };
    Ok(Some(SeenTurn { call, ..seen }))
}

/// The outcome of the last call of a turn, and its answer.
fn last_call(read: &TenantRead<'_>, turn: TurnId) -> Result<Option<(String, String)>, DbError> {
    read.query_opt(
        "SELECT m.outcome, substr(m.content, 1, 500) FROM messages m
              JOIN turns t ON t.id = m.turn_id AND t.thread_id = m.thread_id
         WHERE m.tenant = ?1 AND t.id = ?2 AND m.role = 'tool' AND m.outcome IS NOT NULL ORDER BY m.id DESC LIMIT 1",
        &[&turn],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Forgets skipped slots that have not been yet, after the clock was set back to this time.
pub(in crate::schedules) fn rewind(tx: &mut TenantTx<'_>, now_ms: i64) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM schedule_runs WHERE tenant = ?1 AND cause = 'slot' AND state = 'skipped' AND slot_ms > ?2",
        &[&now_ms],
    )?;
    tx.execute(
        "UPDATE schedule_runs SET until_ms = ?2, slots = 0
         WHERE tenant = ?1 AND cause = 'slot' AND state = 'skipped' AND slot_ms <= ?2 AND until_ms > ?2",
        &[&now_ms],
    )?;
    Ok(())
}

/// When the newest row was made.
pub(in crate::schedules) fn newest_ms(read: &SystemRead<'_>) -> Result<Option<i64>, DbError> {
    read.query_one("SELECT max(created_ms) FROM schedule_runs", &[], |row| row.get(0))
}

/// Deletes runs that ended before this time. How many.
pub(in crate::schedules) fn prune(
    tx: &mut SystemTx<'_>,
    before_ms: i64,
    limit: usize,
) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM schedule_runs WHERE id IN (
             SELECT id FROM schedule_runs WHERE created_ms < ?1 AND ended_ms < ?1 LIMIT ?2)",
        &[&before_ms, &limit],
    )
}

fn run(row: &Row<'_>) -> Result<Run, DbError> {
    let bad = |what: &str| DbError::Corrupt(format!("the {what} of a run of a schedule"));
    Ok(Run {
        id: row.get(0)?,
        schedule: row.get(1)?,
        cause: RunCause::parse(&row.get::<String>(2)?).ok_or_else(|| bad("cause"))?,
        slot_ms: row.get(3)?,
        until_ms: row.get(4)?,
        slots: row.get(5)?,
        caught_up: row.get(6)?,
        state: RunState::parse(&row.get::<String>(7)?).ok_or_else(|| bad("state"))?,
        reason: row.get(8)?,
        ending: RunState::parse(&row.get::<String>(9)?),
        attempt: row.get(10)?,
        due_ms: row.get(11)?,
        deadline_ms: row.get(12)?,
        parked_ms: row.get(13)?,
        thread: row.get(14)?,
        turn: row.get(15)?,
        started_ms: row.get(16)?,
        ended_ms: row.get(17)?,
        created_ms: row.get(18)?,
        experiment: row.get(19)?,
    })
}
