//! The statements of policies and kill switches.

use super::document::Policy;
use super::kill_switch::Engaged;
use super::rule::Rule;
use crate::db::{DbError, Row, SystemRead, TenantRead, TenantTx};
use crate::protocol::ids::{RuleId, TenantId};

/// The whole policy. What an other version wrote and this one cannot read is an error, never a rule less.
pub(super) fn policy(read: &TenantRead<'_>) -> Result<Policy, DbError> {
    let settings = read.query_opt(
        "SELECT version, approvals, autonomy_max FROM policies WHERE tenant = ?1",
        &[],
        |row| {
            let (approvals, autonomy_max) = (row.get::<String>(1)?, row.get::<String>(2)?);
            Ok::<_, DbError>(Policy {
                version: row.get(0)?,
                approvals: approvals.parse().map_err(|_| unreadable())?,
                autonomy_max: autonomy_max.parse().map_err(|_| unreadable())?,
                rules: Vec::new(),
            })
        },
    )?;
    let rules = read.query_all(
        "SELECT rule FROM policy_rules INDEXED BY policy_rules_by_tenant WHERE tenant = ?1 ORDER BY id",
        &[],
        rule,
    )?;
    Ok(Policy { rules, ..settings.unwrap_or_default() })
}

fn rule(row: &Row<'_>) -> Result<Rule, DbError> {
    serde_json::from_str(&row.get::<String>(0)?).map_err(|_| unreadable())
}

fn unreadable() -> DbError {
    DbError::Corrupt("a policy that this version cannot read".to_owned())
}

/// Writes the settings of a policy with its new version.
pub(super) fn save(tx: &mut TenantTx<'_>, policy: &Policy, by: &str, now_ms: i64) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO policies (tenant, version, approvals, autonomy_max, updated_ms, updated_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET version = excluded.version, approvals = excluded.approvals,
             autonomy_max = excluded.autonomy_max, updated_ms = excluded.updated_ms,
             updated_by = excluded.updated_by",
        &[&policy.version, &policy.approvals.as_str(), &policy.autonomy_max.as_str(), &now_ms, &by],
    )?;
    Ok(())
}

pub(super) fn put_rule(tx: &mut TenantTx<'_>, rule: &Rule) -> Result<(), DbError> {
    // silent-ok: our own shapes always encode
    let json = serde_json::to_string(rule).unwrap_or_default();
    tx.execute(
        "INSERT INTO policy_rules (id, tenant, rule) VALUES (?2, ?1, ?3)
         ON CONFLICT DO UPDATE SET rule = excluded.rule WHERE tenant = ?1",
        &[&rule.id, &json],
    )?;
    Ok(())
}

pub(super) fn delete_rule(tx: &mut TenantTx<'_>, id: RuleId) -> Result<(), DbError> {
    tx.execute("DELETE FROM policy_rules WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

/// The switches of all tenants that are engaged.
pub(super) fn engaged(read: &SystemRead<'_>) -> Result<Vec<(TenantId, Engaged)>, DbError> {
    read.query_all("SELECT by, reason, since_ms, tenant FROM kill_switches ORDER BY tenant", &[], |row| {
        Ok((row.get(3)?, switch(row)?))
    })
}

pub(super) fn switch_of(read: &TenantRead<'_>) -> Result<Option<Engaged>, DbError> {
    read.query_opt("SELECT by, reason, since_ms FROM kill_switches WHERE tenant = ?1", &[], switch)
}

fn switch(row: &Row<'_>) -> Result<Engaged, DbError> {
    Ok(Engaged { by: row.get(0)?, reason: row.get(1)?, since_ms: row.get(2)? })
}

pub(super) fn engage(tx: &mut TenantTx<'_>, switch: &Engaged) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO kill_switches (tenant, by, reason, since_ms) VALUES (?1, ?2, ?3, ?4)",
        &[&switch.by, &switch.reason, &switch.since_ms],
    )?;
    Ok(())
}

pub(super) fn release(tx: &mut TenantTx<'_>) -> Result<(), DbError> {
    tx.execute("DELETE FROM kill_switches WHERE tenant = ?1", &[])?;
    Ok(())
}
