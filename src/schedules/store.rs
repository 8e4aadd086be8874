//! The statements of schedules.

pub(super) mod runs;

use super::schedule::{Place, Schedule, ScheduleState};
use crate::db::{DbError, Row, SystemRead, TenantRead, TenantTx};
use crate::policy::Ceiling;
use crate::protocol::ids::{ScheduleId, TenantId, WorkspaceId};
use crate::protocol::turn::Provenance;

const COLUMNS: &str = "id, workspace_id, thread_id, name, rule, zone, job, place, policies, ceiling, provenance, made_by, \
                       state, reason, next_ms, fired, errors, version, created_ms, updated_ms";

pub(super) fn all(read: &TenantRead<'_>) -> Result<Vec<Schedule>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM schedules WHERE tenant = ?1 ORDER BY id");
    read.query_all(&sql, &[], schedule)
}

pub(super) fn by_id(read: &TenantRead<'_>, id: ScheduleId) -> Result<Schedule, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM schedules WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], schedule)
}

pub(super) fn count(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one("SELECT count(*) FROM schedules WHERE tenant = ?1", &[], |row| row.get(0))
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Schedule) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO schedules (tenant, id, workspace_id, thread_id, name, rule, zone, job, place, policies, ceiling,
                                provenance, made_by, state, reason, next_ms, fired, errors, version, created_ms,
                                updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        &[
            &new.id,
            &new.workspace_id,
            &new.thread_id,
            &new.name,
            &json(&new.rule)?,
            &new.zone,
            &json(&new.job)?,
            &new.place.as_str(),
            &json(&new.policies)?,
            &new.ceiling.map(Ceiling::as_str),
            &new.provenance.as_str(),
            &new.made_by,
            &new.state.as_str(),
            &new.reason,
            &new.next_ms,
            &new.fired,
            &new.errors,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
        ],
    )?;
    Ok(())
}

pub(super) fn update(tx: &mut TenantTx<'_>, changed: &Schedule) -> Result<(), DbError> {
    tx.execute(
        "UPDATE schedules SET workspace_id = ?3, thread_id = ?4, name = ?5, rule = ?6, zone = ?7, job = ?8, place = ?9,
                              policies = ?10, ceiling = ?11, state = ?12, reason = ?13, next_ms = ?14, fired = ?15,
                              errors = ?16, version = ?17, updated_ms = ?18
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.workspace_id,
            &changed.thread_id,
            &changed.name,
            &json(&changed.rule)?,
            &changed.zone,
            &json(&changed.job)?,
            &changed.place.as_str(),
            &json(&changed.policies)?,
            &changed.ceiling.map(Ceiling::as_str),
            &changed.state.as_str(),
            &changed.reason,
            &changed.next_ms,
            &changed.fired,
            &changed.errors,
            &changed.version,
            &changed.updated_ms,
        ],
    )?;
    Ok(())
}

pub(super) fn delete(tx: &mut TenantTx<'_>, id: ScheduleId) -> Result<(), DbError> {
    tx.execute("DELETE FROM schedule_runs WHERE tenant = ?1 AND schedule_id = ?2", &[&id])?;
    tx.execute("DELETE FROM schedules WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

/// Schedules that have a slot up to now, the most overdue first.
pub(super) fn due(
    read: &SystemRead<'_>,
    now_ms: i64,
    limit: usize,
) -> Result<Vec<(TenantId, ScheduleId)>, DbError> {
    let sql = "SELECT tenant, id FROM schedules INDEXED BY schedules_due
               WHERE next_ms IS NOT NULL AND state <> 'ended' AND next_ms <= ?1 ORDER BY next_ms LIMIT ?2";
    read.query_all(sql, &[&now_ms, &limit], |row| Ok::<_, DbError>((row.get(0)?, row.get(1)?)))
}

/// The first slot after now.
pub(super) fn next_ms(read: &SystemRead<'_>, now_ms: i64) -> Result<Option<i64>, DbError> {
    let sql = "SELECT min(next_ms) FROM schedules INDEXED BY schedules_due
               WHERE next_ms IS NOT NULL AND state <> 'ended' AND next_ms > ?1";
    read.query_one(sql, &[&now_ms], |row| row.get(0))
}

/// The tenants that have schedules.
pub(super) fn tenants(read: &SystemRead<'_>) -> Result<Vec<TenantId>, DbError> {
    read.query_all("SELECT DISTINCT tenant FROM schedules", &[], |row| row.get(0))
}

/// Who holds all schedules, and since when.
pub(super) fn hold(read: &TenantRead<'_>) -> Result<Option<(String, i64)>, DbError> {
    let sql = "SELECT by, since_ms FROM schedule_holds WHERE tenant = ?1";
    read.query_opt(sql, &[], |row| Ok::<_, DbError>((row.get(0)?, row.get(1)?)))
}

/// Holds all schedules, if nobody does yet.
pub(super) fn put_hold(tx: &mut TenantTx<'_>, by: &str, now_ms: i64) -> Result<bool, DbError> {
    let sql = "INSERT INTO schedule_holds (tenant, by, since_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, &[&by, &now_ms])? == 1)
}

/// Lets all schedules go on. Whether somebody held them.
pub(super) fn take_hold(tx: &mut TenantTx<'_>) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM schedule_holds WHERE tenant = ?1", &[])? == 1)
}

/// The schedule that answers to deliveries of this endpoint is read by `webhooks`; this is whether one of this id is there.
pub(super) fn exists(read: &TenantRead<'_>, id: ScheduleId) -> Result<bool, DbError> {
    let found = read.query_opt("SELECT 1 FROM schedules WHERE tenant = ?1 AND id = ?2", &[&id], |_| {
        Ok::<_, DbError>(())
    })?;
    Ok(found.is_some())
}

fn json(value: &impl serde::Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Corrupt(format!("a schedule: {error}")))
}

fn schedule(row: &Row<'_>) -> Result<Schedule, DbError> {
    let bad = |what: &str| DbError::Corrupt(format!("the {what} of a schedule"));
    let workspace_id: Option<WorkspaceId> = row.get(1)?;
    Ok(Schedule {
        id: row.get(0)?,
        workspace_id,
        thread_id: row.get(2)?,
        name: row.get(3)?,
        rule: serde_json::from_str(&row.get::<String>(4)?).map_err(|_| bad("rule"))?,
        zone: row.get(5)?,
        job: serde_json::from_str(&row.get::<String>(6)?).map_err(|_| bad("job"))?,
        place: Place::parse(&row.get::<String>(7)?).ok_or_else(|| bad("place"))?,
        policies: serde_json::from_str(&row.get::<String>(8)?).map_err(|_| bad("policies"))?,
        // A word of another version is read as the narrowest one.
        ceiling: row.get::<Option<String>>(9)?.map(|word| word.parse().unwrap_or(Ceiling::NoTools)),
        provenance: Provenance::parse(&row.get::<String>(10)?).unwrap_or(Provenance::Tool),
        made_by: row.get(11)?,
        state: ScheduleState::parse(&row.get::<String>(12)?).ok_or_else(|| bad("state"))?,
        reason: row.get(13)?,
        next_ms: row.get(14)?,
        fired: row.get(15)?,
        errors: row.get(16)?,
        version: row.get(17)?,
        created_ms: row.get(18)?,
        updated_ms: row.get(19)?,
    })
}
