//! The statements of webhook endpoints.

pub(super) mod deliveries;

use super::endpoint::{Endpoint, EndpointState};
use super::verify::Source;
use crate::db::{DbError, Row, SystemRead, TenantRead, TenantTx};
use crate::policy::Ceiling;
use crate::protocol::ids::{TenantId, WebhookId};

const COLUMNS: &str = "id, name, workspace_id, source, state, old_until_ms, allowed_events, rate_per_minute, ceiling, \
                       instructions, template, version, created_ms, updated_ms, schedule_id";
/// Columns before this one are those of [`COLUMNS`].
const BEHIND: usize = 15;

/// The sealed secrets of an endpoint.
#[derive(Clone, Debug)]
pub(super) struct SealedSecrets {
    pub(super) now: Vec<u8>,
    pub(super) before: Option<Vec<u8>>,
}

/// Every endpoint of every tenant.
pub(super) fn live(read: &SystemRead<'_>) -> Result<Vec<(TenantId, Endpoint, SealedSecrets)>, DbError> {
    let sql = format!("SELECT {COLUMNS}, tenant, secret, old_secret FROM webhook_endpoints ORDER BY id");
    read.query_all(&sql, &[], |row| {
        let secrets = SealedSecrets { now: row.get(BEHIND + 1)?, before: row.get(BEHIND + 2)? };
        Ok::<_, DbError>((row.get(BEHIND)?, endpoint(row)?, secrets))
    })
}

pub(super) fn all(read: &TenantRead<'_>) -> Result<Vec<Endpoint>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_endpoints WHERE tenant = ?1 ORDER BY id");
    read.query_all(&sql, &[], endpoint)
}

pub(super) fn by_id(read: &TenantRead<'_>, id: WebhookId) -> Result<Endpoint, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM webhook_endpoints WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], endpoint)
}

pub(super) fn secrets(read: &TenantRead<'_>, id: WebhookId) -> Result<SealedSecrets, DbError> {
    let sql = "SELECT secret, old_secret FROM webhook_endpoints WHERE tenant = ?1 AND id = ?2";
    read.query_one(sql, &[&id], |row| Ok(SealedSecrets { now: row.get(0)?, before: row.get(1)? }))
}

pub(super) fn count(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one("SELECT count(*) FROM webhook_endpoints WHERE tenant = ?1", &[], |row| row.get(0))
}

pub(super) fn insert(tx: &mut TenantTx<'_>, new: &Endpoint, secret: &[u8]) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO webhook_endpoints (tenant, id, name, workspace_id, source, state, secret, allowed_events,
                                        rate_per_minute, ceiling, instructions, template, version, created_ms,
                                        updated_ms, schedule_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        &[
            &new.id,
            &new.name,
            &new.workspace_id,
            &new.source.as_str(),
            &new.state.as_str(),
            &secret,
            &json(&new.allowed_events)?,
            &new.rate_per_minute,
            &new.ceiling.as_str(),
            &new.instructions,
            &new.template,
            &new.version,
            &new.created_ms,
            &new.updated_ms,
            &new.schedule_id,
        ],
    )?;
    Ok(())
}

pub(super) fn update(tx: &mut TenantTx<'_>, changed: &Endpoint) -> Result<(), DbError> {
    tx.execute(
        "UPDATE webhook_endpoints SET name = ?3, workspace_id = ?4, state = ?5, allowed_events = ?6,
                                      rate_per_minute = ?7, ceiling = ?8, instructions = ?9, template = ?10,
                                      version = ?11, updated_ms = ?12, schedule_id = ?13
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &changed.name,
            &changed.workspace_id,
            &changed.state.as_str(),
            &json(&changed.allowed_events)?,
            &changed.rate_per_minute,
            &changed.ceiling.as_str(),
            &changed.instructions,
            &changed.template,
            &changed.version,
            &changed.updated_ms,
            &changed.schedule_id,
        ],
    )?;
    Ok(())
}

/// Puts another secret in place; the one before it is good until `old_until_ms`.
pub(super) fn rotate(
    tx: &mut TenantTx<'_>,
    changed: &Endpoint,
    secrets: &SealedSecrets,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE webhook_endpoints SET secret = ?3, old_secret = ?4, old_until_ms = ?5, version = ?6, updated_ms = ?7
         WHERE tenant = ?1 AND id = ?2",
        &[
            &changed.id,
            &secrets.now,
            &secrets.before,
            &changed.old_until_ms,
            &changed.version,
            &changed.updated_ms,
        ],
    )?;
    Ok(())
}

pub(super) fn delete(tx: &mut TenantTx<'_>, id: WebhookId) -> Result<(), DbError> {
    tx.execute("DELETE FROM webhook_deliveries WHERE tenant = ?1 AND endpoint_id = ?2", &[&id])?;
    tx.execute("DELETE FROM webhook_endpoints WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Corrupt(format!("a webhook endpoint: {error}")))
}

fn endpoint(row: &Row<'_>) -> Result<Endpoint, DbError> {
    let bad = |what: &str| DbError::Corrupt(format!("the {what} of a webhook endpoint"));
    let source: String = row.get(3)?;
    let state: String = row.get(4)?;
    Ok(Endpoint {
        id: row.get(0)?,
        name: row.get(1)?,
        workspace_id: row.get(2)?,
        source: Source::parse(&source).ok_or_else(|| bad("source"))?,
        state: EndpointState::parse(&state).ok_or_else(|| bad("state"))?,
        old_until_ms: row.get(5)?,
        allowed_events: serde_json::from_str(&row.get::<String>(6)?).map_err(|_| bad("events"))?,
        rate_per_minute: row.get(7)?,
        // A word of another version is read as the narrowest one.
        ceiling: row.get::<String>(8)?.parse().unwrap_or(Ceiling::NoTools),
        instructions: row.get(9)?,
        template: row.get(10)?,
        version: row.get(11)?,
        created_ms: row.get(12)?,
        updated_ms: row.get(13)?,
        schedule_id: row.get(14)?,
    })
}
