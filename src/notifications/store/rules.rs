//! The statements of rules.

use super::word;
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::notifications::rule::Rule;
use crate::protocol::ids::{NotificationRuleId, WorkspaceId};

const COLUMNS: &str =
    "id, workspace, name, pattern, severity, delivery, enabled, version, created_ms, updated_ms";

pub(in crate::notifications) fn all(read: &TenantRead<'_>) -> Result<Vec<Rule>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM notification_rules WHERE tenant = ?1 ORDER BY id");
    read.query_all(&sql, &[], rule)
}

pub(in crate::notifications) fn by_id(
    read: &TenantRead<'_>,
    id: NotificationRuleId,
) -> Result<Rule, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM notification_rules WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], rule)
}

pub(in crate::notifications) fn workspace_exists(
    read: &TenantRead<'_>,
    id: WorkspaceId,
) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM workspaces WHERE tenant = ?1 AND id = ?2";
    Ok(read.query_opt(sql, &[&id], |_| Ok::<_, DbError>(()))?.is_some())
}

pub(in crate::notifications) fn insert(tx: &mut TenantTx<'_>, new: &Rule) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO notification_rules (tenant, id, workspace, name, pattern, severity, delivery, enabled, version,
                                         created_ms, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &[
            &new.id,
            &new.workspace,
            &new.name,
            &new.pattern,
            &new.severity.as_str(),
            &new.delivery.as_str(),
            &new.enabled,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
        ],
    )?;
    Ok(())
}

pub(in crate::notifications) fn update(tx: &mut TenantTx<'_>, changed: &Rule) -> Result<(), DbError> {
    tx.execute(
        "UPDATE notification_rules SET name = ?3, pattern = ?4, severity = ?5, delivery = ?6, enabled = ?7, version = ?8,
                                       updated_ms = ?9
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.name,
            &changed.pattern,
            &changed.severity.as_str(),
            &changed.delivery.as_str(),
            &changed.enabled,
            &changed.version,
            &changed.updated_ms,
        ],
    )?;
    Ok(())
}

pub(in crate::notifications) fn delete(tx: &mut TenantTx<'_>, id: NotificationRuleId) -> Result<(), DbError> {
    tx.execute("DELETE FROM notification_rules WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

fn rule(row: &Row<'_>) -> Result<Rule, DbError> {
    Ok(Rule {
        id: row.get(0)?,
        workspace: row.get(1)?,
        name: row.get(2)?,
        pattern: row.get(3)?,
        severity: word(row, 4)?,
        delivery: word(row, 5)?,
        enabled: row.get(6)?,
        version: row.get(7)?,
        created_ms: row.get(8)?,
        updated_ms: row.get(9)?,
    })
}
