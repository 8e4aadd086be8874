//! The statements of deliveries.

use crate::db::{DbError, Row, SystemTx, TenantRead, TenantTx};
use crate::protocol::ids::{TurnId, WebhookDeliveryId, WebhookId};
use crate::protocol::turn::TurnState;
use crate::webhooks::deliveries::{Delivery, DeliveryState};

/// A delivery that comes in.
pub(in crate::webhooks) struct NewDelivery {
    pub(in crate::webhooks) id: WebhookDeliveryId,
    pub(in crate::webhooks) endpoint: WebhookId,
    /// `None` for one that a person sends again.
    pub(in crate::webhooks) content: Option<[u8; 32]>,
    pub(in crate::webhooks) source_id: Option<String>,
    pub(in crate::webhooks) event: String,
    pub(in crate::webhooks) media_type: String,
    pub(in crate::webhooks) body: String,
    pub(in crate::webhooks) bytes: u64,
    pub(in crate::webhooks) again_of: Option<WebhookDeliveryId>,
    pub(in crate::webhooks) received_ms: i64,
}

/// Stores a delivery. False when its endpoint has seen it, under this id or another one.
pub(in crate::webhooks) fn insert(tx: &mut TenantTx<'_>, new: &NewDelivery) -> Result<bool, DbError> {
    let inserted = tx.execute(
        "INSERT INTO webhook_deliveries (tenant, id, endpoint_id, content, source_id, event, media_type, body, bytes,
                                         state, due_ms, again_of, received_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'accepted', ?11, ?10, ?11) ON CONFLICT DO NOTHING",
        &[
            &new.id,
            &new.endpoint,
            &new.content,
            &new.source_id,
            &new.event,
            &new.media_type,
            &new.body,
            &new.bytes,
            &new.again_of,
            &new.received_ms,
        ],
    )?;
    Ok(inserted == 1)
}

/// Whether an endpoint has seen this content, or this id.
pub(in crate::webhooks) fn seen(
    read: &TenantRead<'_>,
    endpoint: WebhookId,
    content: &[u8; 32],
    source_id: Option<&str>,
) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM webhook_deliveries
               WHERE tenant = ?1 AND endpoint_id = ?2 AND (content = ?3 OR (source_id IS NOT NULL AND source_id = ?4))";
    Ok(read.query_opt(sql, &[&endpoint, &content, &source_id], |_| Ok::<_, DbError>(()))?.is_some())
}

/// The oldest delivery of an endpoint that waits: its id, and when it is due.
pub(in crate::webhooks) fn first_waiting(
    read: &TenantRead<'_>,
    endpoint: WebhookId,
) -> Result<Option<(WebhookDeliveryId, i64)>, DbError> {
    let sql = "SELECT id, due_ms FROM webhook_deliveries
               WHERE tenant = ?1 AND endpoint_id = ?2 AND state = 'accepted' ORDER BY id LIMIT 1";
    read.query_opt(sql, &[&endpoint], |row| Ok::<_, DbError>((row.get(0)?, row.get(1)?)))
}

const COLUMNS: &str = "d.id, d.endpoint_id, d.source_id, d.event, d.media_type, d.bytes, d.state, d.attempts, \
                       d.turn_id, t.state, d.reason, d.again_of, d.received_ms, t.thread_id";
const FROM: &str = "webhook_deliveries d LEFT JOIN turns t ON t.id = d.turn_id AND t.tenant = d.tenant";

/// Deliveries of an endpoint, newest first, without their bodies.
pub(in crate::webhooks) fn list(
    read: &TenantRead<'_>,
    endpoint: WebhookId,
    before: Option<WebhookDeliveryId>,
    limit: usize,
) -> Result<Vec<Delivery>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS}, '' FROM {FROM}
         WHERE d.tenant = ?1 AND d.endpoint_id = ?2 AND (?3 IS NULL OR d.id < ?3) ORDER BY d.id DESC LIMIT ?4"
    );
    read.query_all(&sql, &[&endpoint, &before, &limit], delivery)
}

/// One delivery with its body.
pub(in crate::webhooks) fn by_id(
    read: &TenantRead<'_>,
    endpoint: WebhookId,
    id: WebhookDeliveryId,
) -> Result<Delivery, DbError> {
    let sql = format!(
        "SELECT {COLUMNS}, d.body FROM {FROM} WHERE d.tenant = ?1 AND d.endpoint_id = ?2 AND d.id = ?3"
    );
    read.query_one(&sql, &[&endpoint, &id], delivery)
}

/// The last delivery of an endpoint: when it came.
pub(in crate::webhooks) fn last_ms(
    read: &TenantRead<'_>,
    endpoint: WebhookId,
) -> Result<Option<i64>, DbError> {
    let sql = "SELECT received_ms FROM webhook_deliveries WHERE tenant = ?1 AND endpoint_id = ?2
               ORDER BY id DESC LIMIT 1";
    read.query_opt(sql, &[&endpoint], |row| row.get(0))
}

/// Its turn is stored, or the run that it starts.
pub(in crate::webhooks) fn dispatched(
    tx: &mut TenantTx<'_>,
    id: WebhookDeliveryId,
    turn: Option<TurnId>,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE webhook_deliveries SET state = 'dispatched', turn_id = ?3, attempts = attempts + 1, reason = ''
         WHERE tenant = ?1 AND id = ?2 AND state = 'accepted'",
        &[&id, &turn],
    )?;
    Ok(())
}

/// It is tried again later.
pub(in crate::webhooks) fn postpone(
    tx: &mut TenantTx<'_>,
    id: WebhookDeliveryId,
    (due_ms, reason): (i64, &str),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE webhook_deliveries SET due_ms = ?3, attempts = attempts + 1, reason = ?4
         WHERE tenant = ?1 AND id = ?2 AND state = 'accepted'",
        &[&id, &due_ms, &reason],
    )?;
    Ok(())
}

/// Its turn will never begin.
pub(in crate::webhooks) fn fail(
    tx: &mut TenantTx<'_>,
    id: WebhookDeliveryId,
    reason: &str,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE webhook_deliveries SET state = 'failed', attempts = attempts + 1, reason = ?3
         WHERE tenant = ?1 AND id = ?2 AND state = 'accepted'",
        &[&id, &reason],
    )?;
    Ok(())
}

/// Empties bodies that came before `bodies_ms` and deletes deliveries that came before `rows_ms`, at most `limit` of each.
/// What waits is left alone.
pub(in crate::webhooks) fn prune(
    tx: &mut SystemTx<'_>,
    (bodies_ms, rows_ms): (i64, i64),
    limit: usize,
) -> Result<usize, DbError> {
    let emptied = tx.execute(
        "UPDATE webhook_deliveries SET body = '' WHERE id IN (
             SELECT id FROM webhook_deliveries
             WHERE received_ms < ?1 AND body <> '' AND state <> 'accepted' LIMIT ?2)",
        &[&bodies_ms, &limit],
    )?;
    let deleted = tx.execute(
        "DELETE FROM webhook_deliveries WHERE id IN (
             SELECT id FROM webhook_deliveries WHERE received_ms < ?1 AND state <> 'accepted' LIMIT ?2)",
        &[&rows_ms, &limit],
    )?;
    Ok(emptied + deleted)
}

fn delivery(row: &Row<'_>) -> Result<Delivery, DbError> {
    let word: String = row.get(6)?;
    let turn_state = row.get::<Option<String>>(9)?.and_then(|word| TurnState::parse(&word));
    Ok(Delivery {
        id: row.get(0)?,
        endpoint: row.get(1)?,
        source_id: row.get(2)?,
        event: row.get(3)?,
        media_type: row.get(4)?,
        bytes: row.get(5)?,
        state: DeliveryState::of(&word, turn_state),
        attempts: row.get(7)?,
        turn: row.get(8)?,
        turn_state,
        reason: row.get(10)?,
        again_of: row.get(11)?,
        received_ms: row.get(12)?,
        thread: row.get(13)?,
        body: row.get(14)?,
    })
}
