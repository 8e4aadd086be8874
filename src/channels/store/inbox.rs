//! What came, stored before anybody is told that it did.

use crate::channels::incoming::Incoming;
use crate::db::{DbError, SystemTx, TenantRead, TenantTx};
use crate::protocol::ids::{ChannelId, InboxId, TurnId};

/// A message that waits to be looked at.
#[derive(Clone, Debug)]
pub(in crate::channels) struct Waiting {
    pub(in crate::channels) id: InboxId,
    pub(in crate::channels) incoming: Incoming,
    pub(in crate::channels) attempts: u32,
    pub(in crate::channels) due_ms: i64,
}

/// Stores a message. False when it is known.
pub(in crate::channels) fn insert(
    tx: &mut TenantTx<'_>,
    channel: ChannelId,
    (id, incoming): (InboxId, &Incoming),
    now_ms: i64,
) -> Result<bool, DbError> {
    let text = serde_json::to_string(incoming)
        .map_err(|error| DbError::Corrupt(format!("a message of a channel: {error}")))?;
    let inserted = tx.execute(
        "INSERT INTO channel_inbox (tenant, id, channel_id, platform_id, conversation, incoming, state, due_ms,
                                    received_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'new', ?7, ?7) ON CONFLICT DO NOTHING",
        &[&id, &channel, &incoming.id, &incoming.conversation, &text, &now_ms],
    )?;
    Ok(inserted == 1)
}

/// The messages that wait, oldest first.
pub(in crate::channels) fn waiting(
    read: &TenantRead<'_>,
    channel: ChannelId,
    limit: usize,
) -> Result<Vec<Waiting>, DbError> {
    read.query_all(
        "SELECT id, incoming, attempts, due_ms FROM channel_inbox
         WHERE tenant = ?1 AND channel_id = ?2 AND state = 'new' ORDER BY id LIMIT ?3",
        &[&channel, &limit],
        |row| {
            let incoming = serde_json::from_str(&row.get::<String>(1)?)
                .map_err(|error| DbError::Corrupt(format!("a message of a channel: {error}")))?;
            Ok(Waiting { id: row.get(0)?, incoming, attempts: row.get(2)?, due_ms: row.get(3)? })
        },
    )
}

/// It was looked at. False when somebody else did before.
pub(in crate::channels) fn done(
    tx: &mut TenantTx<'_>,
    id: InboxId,
    (outcome, turn): (&str, Option<TurnId>),
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE channel_inbox SET state = 'done', outcome = ?3, turn_id = ?4, attempts = attempts + 1
         WHERE tenant = ?1 AND id = ?2 AND state = 'new'",
        &[&id, &outcome, &turn],
    )?;
    Ok(changed == 1)
}

pub(in crate::channels) fn postpone(tx: &mut TenantTx<'_>, id: InboxId, due_ms: i64) -> Result<(), DbError> {
    tx.execute(
        "UPDATE channel_inbox SET due_ms = ?3, attempts = attempts + 1
         WHERE tenant = ?1 AND id = ?2 AND state = 'new'",
        &[&id, &due_ms],
    )?;
    Ok(())
}

/// The message that a turn answers.
pub(in crate::channels) fn of_turn(read: &TenantRead<'_>, turn: TurnId) -> Result<Option<Incoming>, DbError> {
    let sql = "SELECT incoming FROM channel_inbox WHERE tenant = ?1 AND turn_id = ?2 LIMIT 1";
    let text: Option<String> = read.query_opt(sql, &[&turn], |row| row.get(0))?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// The draft of a turn's answer: a place, or nothing while nobody knows.
pub(in crate::channels) fn draft(read: &TenantRead<'_>, turn: TurnId) -> Result<Option<String>, DbError> {
    let sql =
        "SELECT draft FROM channel_inbox WHERE tenant = ?1 AND turn_id = ?2 AND draft IS NOT NULL LIMIT 1";
    read.query_opt(sql, &[&turn], |row| row.get(0))
}

pub(in crate::channels) fn set_draft(
    tx: &mut TenantTx<'_>,
    turn: TurnId,
    draft: Option<&str>,
) -> Result<(), DbError> {
    let sql = "UPDATE channel_inbox SET draft = ?3 WHERE tenant = ?1 AND turn_id = ?2";
    tx.execute(sql, &[&turn, &draft])?;
    Ok(())
}

/// When the last message of a channel came.
pub(in crate::channels) fn last_ms(
    read: &TenantRead<'_>,
    channel: ChannelId,
) -> Result<Option<i64>, DbError> {
    let sql = "SELECT max(received_ms) FROM channel_inbox WHERE tenant = ?1 AND channel_id = ?2";
    read.query_one(sql, &[&channel], |row| row.get(0))
}

/// Forgets messages that came before this time, at most `limit`. What waits stays.
pub(in crate::channels) fn prune(
    tx: &mut SystemTx<'_>,
    before_ms: i64,
    limit: usize,
) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM channel_inbox WHERE id IN (
             SELECT id FROM channel_inbox WHERE received_ms < ?1 AND state = 'done' LIMIT ?2)",
        &[&before_ms, &limit],
    )
}
