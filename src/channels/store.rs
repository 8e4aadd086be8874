//! The statements of channels.

pub(super) mod inbox;
pub(super) mod outbox;
pub(super) mod people;
pub(super) mod session;

use super::channel::{Channel, ChannelSettings};
use super::platform::Platform;
use crate::db::{DbError, Row, SystemRead, TenantRead, TenantTx};
use crate::extensions::Hook;
use crate::protocol::ids::{ChannelId, TenantId};

const COLUMNS: &str = "id, name, workspace_id, platform, enabled, settings, version, created_ms, updated_ms";

/// Every channel of every tenant.
pub(super) fn of_all(read: &SystemRead<'_>) -> Result<Vec<(TenantId, Channel)>, DbError> {
    let sql = format!("SELECT {COLUMNS}, tenant FROM channels ORDER BY id");
    read.query_all(&sql, &[], |row| Ok((row.get(9)?, channel(row)?)))
}

pub(super) fn all(read: &TenantRead<'_>) -> Result<Vec<Channel>, DbError> {
    read.query_all(&format!("SELECT {COLUMNS} FROM channels WHERE tenant = ?1 ORDER BY id"), &[], channel)
}

pub(super) fn by_id(read: &TenantRead<'_>, id: ChannelId) -> Result<Channel, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM channels WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], channel)
}

pub(super) fn count(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one("SELECT count(*) FROM channels WHERE tenant = ?1", &[], |row| row.get(0))
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Channel, credentials: &[u8]) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO channels (tenant, id, name, workspace_id, platform, enabled, settings, credentials, version,
                               created_ms, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &[
            &new.id,
            &new.name,
            &new.workspace_id,
            &new.platform.word(),
            &new.enabled,
            &json(&new.settings)?,
            &credentials,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
        ],
    )?;
    tell(tx, Hook::ChannelCreated, new)
}

pub(super) fn update(tx: &mut TenantTx<'_>, changed: &Channel) -> Result<(), DbError> {
    tx.execute(
        "UPDATE channels SET name = ?3, workspace_id = ?4, enabled = ?5, settings = ?6, version = ?7, updated_ms = ?8
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.name,
            &changed.workspace_id,
            &changed.enabled,
            &json(&changed.settings)?,
            &changed.version,
            &changed.updated_ms,
        ],
    )?;
    tell(tx, Hook::ChannelUpdated, changed)
}

pub(super) fn set_credentials(tx: &mut TenantTx<'_>, id: ChannelId, sealed: &[u8]) -> Result<(), DbError> {
    tx.execute("UPDATE channels SET credentials = ?3 WHERE tenant = ?1 AND id = ?2", &[&id, &sealed])?;
    Ok(())
}

pub(super) fn delete(tx: &mut TenantTx<'_>, gone: &Channel) -> Result<(), DbError> {
    let id = gone.id;
    for table in ["obligations", "channel_inbox", "channel_conversations", "channel_senders"] {
        tx.execute(&format!("DELETE FROM {table} WHERE tenant = ?1 AND channel_id = ?2"), &[&id])?;
    }
    tx.execute("DELETE FROM channels WHERE tenant = ?1 AND id = ?2", &[&id])?;
    tell(tx, Hook::ChannelDeleted, gone)
}

/// What plugs are told of a channel: its credentials are not part of it.
fn tell(tx: &mut TenantTx<'_>, hook: Hook, channel: &Channel) -> Result<(), DbError> {
    tx.tell(hook, |_| Ok(serde_json::json!({ "kind": "platform", "channel": channel })))
}

pub(super) fn credentials(read: &TenantRead<'_>, id: ChannelId) -> Result<Vec<u8>, DbError> {
    let sql = "SELECT credentials FROM channels WHERE tenant = ?1 AND id = ?2";
    read.query_one(sql, &[&id], |row| row.get(0))
}

/// Takes the lease of a channel, or holds it longer: its epoch and cursor. None while another holder has it.
pub(super) fn lease(
    tx: &TenantTx<'_>,
    id: ChannelId,
    holder: &str,
    (now_ms, until_ms): (i64, i64),
) -> Result<Option<(i64, i64)>, DbError> {
    tx.query_opt(
        "UPDATE channels SET epoch = epoch + 1, holder = ?3, held_until_ms = ?5
         WHERE tenant = ?1 AND id = ?2 AND (holder IS NULL OR holder = ?3 OR held_until_ms < ?4)
         RETURNING epoch, cursor",
        &[&id, &holder, &now_ms, &until_ms],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Holds a lease longer. False when it is another one's by now.
pub(super) fn renew(
    tx: &mut TenantTx<'_>,
    id: ChannelId,
    epoch: i64,
    until_ms: i64,
) -> Result<bool, DbError> {
    let sql = "UPDATE channels SET held_until_ms = ?4 WHERE tenant = ?1 AND id = ?2 AND epoch = ?3";
    Ok(tx.execute(sql, &[&id, &epoch, &until_ms])? == 1)
}

/// Notes where the next poll begins. False when the lease is another one's by now: then nothing may be stored.
pub(super) fn advance(
    tx: &mut TenantTx<'_>,
    id: ChannelId,
    epoch: i64,
    cursor: i64,
) -> Result<bool, DbError> {
    let sql = "UPDATE channels SET cursor = max(cursor, ?4) WHERE tenant = ?1 AND id = ?2 AND epoch = ?3";
    Ok(tx.execute(sql, &[&id, &epoch, &cursor])? == 1)
}

/// What counts a channel's messages, and where the next look begins.
pub(super) fn counted(read: &TenantRead<'_>, id: ChannelId) -> Result<(String, i64), DbError> {
    let sql = "SELECT counted_by, cursor FROM channels WHERE tenant = ?1 AND id = ?2";
    read.query_one(sql, &[&id], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Counts anew from here. False when the lease is another one's by now.
pub(super) fn count_anew(
    tx: &mut TenantTx<'_>,
    id: ChannelId,
    epoch: i64,
    (counted_by, cursor): (&str, i64),
) -> Result<bool, DbError> {
    let sql = "UPDATE channels SET counted_by = ?4, cursor = ?5 WHERE tenant = ?1 AND id = ?2 AND epoch = ?3";
    Ok(tx.execute(sql, &[&id, &epoch, &counted_by, &cursor])? == 1)
}

fn json(value: &ChannelSettings) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Corrupt(format!("a channel: {error}")))
}

fn channel(row: &Row<'_>) -> Result<Channel, DbError> {
    let bad = |what: &str| DbError::Corrupt(format!("the {what} of a channel"));
    Ok(Channel {
        id: row.get(0)?,
        name: row.get(1)?,
        workspace_id: row.get(2)?,
        platform: Platform::parse(&row.get::<String>(3)?).ok_or_else(|| bad("platform"))?,
        enabled: row.get(4)?,
        settings: serde_json::from_str(&row.get::<String>(5)?).map_err(|_| bad("settings"))?,
        version: row.get(6)?,
        created_ms: row.get(7)?,
        updated_ms: row.get(8)?,
    })
}
