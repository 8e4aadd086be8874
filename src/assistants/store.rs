//! The statements of assistants.

use super::assistant::Assistant;
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::models::Routing;
use crate::policy::{Autonomy, PermissionMode};
use crate::protocol::ids::AssistantId;

const COLUMNS: &str = "id, name, backend, model, system_prompt, permission_mode, autonomy, is_default, \
                       version, created_ms, updated_ms, routing";

/// Assistants after this one in the order of their making.
pub(super) fn list(
    read: &TenantRead<'_>,
    after: Option<AssistantId>,
    limit: usize,
) -> Result<Vec<Assistant>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM assistants
         WHERE tenant = ?1 AND (?2 IS NULL OR id > ?2) ORDER BY id LIMIT ?3"
    );
    read.query_all(&sql, &[&after, &limit], assistant)
}

pub(super) fn by_id(read: &TenantRead<'_>, id: AssistantId) -> Result<Assistant, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM assistants WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], assistant)
}

pub(super) fn by_name(read: &TenantRead<'_>, name: &str) -> Result<Assistant, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM assistants WHERE tenant = ?1 AND name = ?2");
    read.query_one(&sql, &[&name], assistant)
}

pub(super) fn default(read: &TenantRead<'_>) -> Result<Option<Assistant>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM assistants WHERE tenant = ?1 AND is_default = 1 LIMIT 1");
    read.query_opt(&sql, &[], assistant)
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Assistant) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO assistants (tenant, id, name, backend, model, system_prompt, permission_mode,
                                 autonomy, is_default, version, created_ms, updated_ms, routing)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        &[
            &new.id,
            &new.name,
            &new.backend,
            &new.model,
            &new.system_prompt,
            &new.permission_mode.as_str(),
            &new.autonomy.as_str(),
            &new.is_default,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
            &new.routing.json(),
        ],
    )?;
    Ok(())
}

/// Writes a changed assistant. When it is the default, no other one is.
pub(super) fn update(tx: &mut TenantTx<'_>, changed: &Assistant) -> Result<(), DbError> {
    if changed.is_default {
        tx.execute(
            "UPDATE assistants SET is_default = 0, version = version + 1
             WHERE tenant = ?1 AND is_default = 1 AND id <> ?2",
            &[&changed.id],
        )?;
    }
    tx.execute(
        "UPDATE assistants SET name = ?3, backend = ?4, model = ?5, system_prompt = ?6, is_default = ?7,
                               version = ?8, updated_ms = ?9, permission_mode = ?10, autonomy = ?11,
                               routing = ?12
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.name,
            &changed.backend,
            &changed.model,
            &changed.system_prompt,
            &changed.is_default,
            &changed.version,
            &changed.updated_ms,
            &changed.permission_mode.as_str(),
            &changed.autonomy.as_str(),
            &changed.routing.json(),
        ],
    )?;
    Ok(())
}

pub(super) fn delete(tx: &mut TenantTx<'_>, id: AssistantId) -> Result<(), DbError> {
    tx.execute("DELETE FROM assistants WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

fn assistant(row: &Row<'_>) -> Result<Assistant, DbError> {
    Ok(Assistant {
        id: row.get(0)?,
        name: row.get(1)?,
        backend: row.get(2)?,
        model: row.get(3)?,
        system_prompt: row.get(4)?,
        // A word of another version is read as the narrowest one.
        permission_mode: row.get::<String>(5)?.parse().unwrap_or(PermissionMode::Plan),
        autonomy: row.get::<String>(6)?.parse().unwrap_or(Autonomy::ReadOnly),
        is_default: row.get(7)?,
        version: row.get(8)?,
        created_ms: row.get(9)?,
        updated_ms: row.get(10)?,
        routing: Routing::from_json(&row.get::<String>(11)?),
    })
}
