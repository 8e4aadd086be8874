//! The statements of workspaces; those of threads and messages are beside.

pub(super) mod found;
pub(super) mod import;
pub(super) mod messages;
pub(super) mod threads;

use serde_json::json;

use super::workspace::Workspace;
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::extensions::Hook;
use crate::protocol::ids::{AssistantId, WorkspaceId};

const COLUMNS: &str = "w.id, w.name, w.assistant_id, w.is_default, w.version, w.created_ms, w.updated_ms, w.root, w.indexed_files";
/// Who answers in a workspace.
const EFFECTIVE: &str =
    "coalesce(w.assistant_id, (SELECT id FROM assistants WHERE tenant = ?1 AND is_default = 1))";

/// Workspaces after this one in the order of their making; with `only`, those that this assistant answers.
pub(super) fn list(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    after: Option<WorkspaceId>,
    limit: usize,
) -> Result<Vec<Workspace>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM workspaces w
         WHERE w.tenant = ?1 AND (?2 IS NULL OR {EFFECTIVE} = ?2) AND (?3 IS NULL OR w.id > ?3)
         ORDER BY w.id LIMIT ?4"
    );
    read.query_all(&sql, &[&only, &after, &limit], workspace)
}

/// One workspace; with `only`, if this assistant answers there.
pub(super) fn by_id(
    read: &TenantRead<'_>,
    only: Option<AssistantId>,
    id: WorkspaceId,
) -> Result<Workspace, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM workspaces w
         WHERE w.tenant = ?1 AND w.id = ?2 AND (?3 IS NULL OR {EFFECTIVE} = ?3)"
    );
    read.query_one(&sql, &[&id, &only], workspace)
}

/// Workspaces with files that shall be found.
pub(super) fn opted(read: &TenantRead<'_>) -> Result<Vec<Workspace>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM workspaces w WHERE w.tenant = ?1 AND w.indexed_files <> '[]' ORDER BY w.id"
    );
    read.query_all(&sql, &[], workspace)
}

pub(super) fn default(read: &TenantRead<'_>) -> Result<Option<Workspace>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces w WHERE w.tenant = ?1 AND w.is_default = 1 LIMIT 1");
    read.query_opt(&sql, &[], workspace)
}

/// The id of this one if it is there, or of the default one.
pub(super) fn named_or_default(
    read: &TenantRead<'_>,
    named: Option<WorkspaceId>,
) -> Result<Option<WorkspaceId>, DbError> {
    let sql = "SELECT id FROM workspaces WHERE tenant = ?1 AND (id = ?2 OR (?2 IS NULL AND is_default = 1))";
    read.query_opt(sql, &[&named], |row| row.get(0))
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Workspace) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO workspaces (tenant, id, name, assistant_id, is_default, version, created_ms, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            &new.id,
            &new.name,
            &new.assistant_id,
            &new.is_default,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
        ],
    )?;
    tx.tell(Hook::WorkspaceCreated, |_| Ok(json!({ "workspace": new })))
}

pub(super) fn update(tx: &mut TenantTx<'_>, changed: &Workspace) -> Result<(), DbError> {
    tx.execute(
        "UPDATE workspaces SET name = ?3, assistant_id = ?4, version = ?5, updated_ms = ?6, root = ?7,
             indexed_files = ?8
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.name,
            &changed.assistant_id,
            &changed.version,
            &changed.updated_ms,
            &changed.root,
            &json!(changed.indexed_files).to_string(),
        ],
    )?;
    tx.tell(Hook::WorkspaceUpdated, |_| Ok(json!({ "workspace": changed })))
}

/// Deletes a workspace with its threads and all that belongs to them.
pub(super) fn delete(tx: &mut TenantTx<'_>, gone: &Workspace) -> Result<(), DbError> {
    tx.execute("DELETE FROM workspaces WHERE tenant = ?1 AND id = ?2", &[&gone.id])?;
    tx.tell(Hook::WorkspaceDeleted, |_| Ok(json!({ "workspace": gone })))
}

/// Whether there is such an assistant.
pub(super) fn assistant_exists(read: &TenantRead<'_>, id: AssistantId) -> Result<bool, DbError> {
    let found: Option<i64> =
        read.query_opt("SELECT 1 FROM assistants WHERE tenant = ?1 AND id = ?2", &[&id], |row| row.get(0))?;
    Ok(found.is_some())
}

fn workspace(row: &Row<'_>) -> Result<Workspace, DbError> {
    Ok(Workspace {
        id: row.get(0)?,
        name: row.get(1)?,
        assistant_id: row.get(2)?,
        is_default: row.get(3)?,
        version: row.get(4)?,
        created_ms: row.get(5)?,
        updated_ms: row.get(6)?,
        root: row.get(7)?,
        // silent-ok: it is written as a list, above
        indexed_files: serde_json::from_str(&row.get::<String>(8)?).unwrap_or_default(),
    })
}
