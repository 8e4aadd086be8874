//! The statements of MCP servers and of the tools that people accepted.

use super::server::McpServer;
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::protocol::ids::McpServerId;

const COLUMNS: &str = "id, name, workspace_id, transport, enabled, trusted, allowed_tools, pinned, version, \
                       created_ms, updated_ms";

/// What a person accepted of a tool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Pin {
    /// As the server calls it.
    pub(super) name: String,
    /// Of everything that it says about itself.
    pub(super) hash: [u8; 32],
    /// What it said.
    pub(super) description: String,
}

pub(super) fn all(read: &TenantRead<'_>) -> Result<Vec<McpServer>, DbError> {
    read.query_all(&format!("SELECT {COLUMNS} FROM mcp_servers WHERE tenant = ?1 ORDER BY id"), &[], server)
}

pub(super) fn by_id(read: &TenantRead<'_>, id: McpServerId) -> Result<McpServer, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM mcp_servers WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], server)
}

pub(super) fn by_name(read: &TenantRead<'_>, name: &str) -> Result<Option<McpServer>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM mcp_servers WHERE tenant = ?1 AND name = ?2");
    read.query_opt(&sql, &[&name], server)
}

pub(super) fn count(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one("SELECT count(*) FROM mcp_servers WHERE tenant = ?1", &[], |row| row.get(0))
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &McpServer) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO mcp_servers (tenant, id, name, workspace_id, transport, enabled, trusted, allowed_tools, pinned,
                                  version, created_ms, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &[
            &new.id,
            &new.name,
            &new.workspace_id,
            &json(&new.transport)?,
            &new.enabled,
            &new.trusted,
            &new.allowed_tools.as_ref().map(json).transpose()?,
            &new.pinned,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
        ],
    )?;
    Ok(())
}

pub(super) fn update(tx: &mut TenantTx<'_>, changed: &McpServer) -> Result<(), DbError> {
    tx.execute(
        "UPDATE mcp_servers SET workspace_id = ?3, transport = ?4, enabled = ?5, trusted = ?6, allowed_tools = ?7,
                                pinned = ?8, version = ?9, updated_ms = ?10
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.workspace_id,
            &json(&changed.transport)?,
            &changed.enabled,
            &changed.trusted,
            &changed.allowed_tools.as_ref().map(json).transpose()?,
            &changed.pinned,
            &changed.version,
            &changed.updated_ms,
        ],
    )?;
    Ok(())
}

pub(super) fn delete(tx: &mut TenantTx<'_>, id: McpServerId) -> Result<(), DbError> {
    tx.execute("DELETE FROM mcp_tools WHERE tenant = ?1 AND server_id = ?2", &[&id])?;
    tx.execute("DELETE FROM mcp_servers WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

/// The first list of this server's tools was taken. False when the server is not the one that was asked.
pub(super) fn set_pinned(tx: &mut TenantTx<'_>, id: McpServerId, version: i64) -> Result<bool, DbError> {
    let sql =
        "UPDATE mcp_servers SET pinned = 1 WHERE tenant = ?1 AND id = ?2 AND version = ?3 AND pinned = 0";
    Ok(tx.execute(sql, &[&id, &version])? == 1)
}

pub(super) fn pins(read: &TenantRead<'_>, id: McpServerId) -> Result<Vec<Pin>, DbError> {
    let sql = "SELECT name, hash, description FROM mcp_tools WHERE tenant = ?1 AND server_id = ?2";
    read.query_all(sql, &[&id], |row| {
        Ok::<_, DbError>(Pin { name: row.get(0)?, hash: row.get(1)?, description: row.get(2)? })
    })
}

pub(super) fn pin(
    tx: &mut TenantTx<'_>,
    id: McpServerId,
    pin: &Pin,
    (by, now_ms): (&str, i64),
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO mcp_tools (tenant, server_id, name, hash, description, accepted_ms, accepted_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (tenant, server_id, name) DO UPDATE
         SET hash = excluded.hash, description = excluded.description, accepted_ms = excluded.accepted_ms,
             accepted_by = excluded.accepted_by",
        &[&id, &pin.name, &pin.hash, &pin.description, &now_ms, &by],
    )?;
    Ok(())
}

/// Forgets what was accepted: the server is another one now.
pub(super) fn unpin(tx: &mut TenantTx<'_>, id: McpServerId) -> Result<(), DbError> {
    tx.execute("DELETE FROM mcp_tools WHERE tenant = ?1 AND server_id = ?2", &[&id])?;
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Corrupt(format!("an MCP server: {error}")))
}

fn server(row: &Row<'_>) -> Result<McpServer, DbError> {
    let bad = |what| move |error| DbError::Corrupt(format!("the {what} of an MCP server: {error}"));
    let allowed: Option<String> = row.get(6)?;
    Ok(McpServer {
        id: row.get(0)?,
        name: row.get(1)?,
        workspace_id: row.get(2)?,
        transport: serde_json::from_str(&row.get::<String>(3)?).map_err(bad("transport"))?,
        enabled: row.get(4)?,
        trusted: row.get(5)?,
        allowed_tools: allowed.map(|text| serde_json::from_str(&text)).transpose().map_err(bad("tools"))?,
        pinned: row.get(7)?,
        version: row.get(8)?,
        created_ms: row.get(9)?,
        updated_ms: row.get(10)?,
    })
}
