//! What is owed to conversations.

use crate::channels::outbox::{Kind, Obligation, ObligationState};
use crate::db::{DbError, Row, SystemTx, TenantRead, TenantTx};
use crate::protocol::ids::{ApprovalId, ChannelId, ObligationId};

const COLUMNS: &str = "id, channel_id, conversation, kind, body, approval_id, turn_id, sent_parts, in_flight, doubtful, \
                       messages, state, attempts, due_ms, reason, created_ms";

pub(in crate::channels) fn insert(tx: &mut TenantTx<'_>, owed: &Obligation) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO obligations (tenant, id, channel_id, conversation, kind, body, approval_id, turn_id, state, due_ms,
                                  created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'pending', ?9, ?9)",
        &[
            &owed.id,
            &owed.channel,
            &owed.conversation,
            &owed.kind.as_str(),
            &owed.body,
            &owed.approval,
            &owed.turn,
            &owed.created_ms,
        ],
    )?;
    Ok(())
}

/// The oldest pending obligation of each conversation of a channel.
pub(in crate::channels) fn first_of_each(
    read: &TenantRead<'_>,
    channel: ChannelId,
    limit: usize,
) -> Result<Vec<Obligation>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM obligations WHERE tenant = ?1 AND id IN (
             SELECT min(id) FROM obligations WHERE tenant = ?1 AND channel_id = ?2 AND state = 'pending'
             GROUP BY conversation ORDER BY min(id) LIMIT ?3)"
    );
    read.query_all(&sql, &[&channel, &limit], obligation)
}

pub(in crate::channels) fn by_id(read: &TenantRead<'_>, id: ObligationId) -> Result<Obligation, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM obligations WHERE tenant = ?1 AND id = ?2");
    read.query_one(&sql, &[&id], obligation)
}

/// What is owed by a channel and what was, newest first.
pub(in crate::channels) fn list(
    read: &TenantRead<'_>,
    channel: ChannelId,
    before: Option<ObligationId>,
    limit: usize,
) -> Result<Vec<Obligation>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM obligations WHERE tenant = ?1 AND channel_id = ?2 AND (?3 IS NULL OR id < ?3)
         ORDER BY id DESC LIMIT ?4"
    );
    read.query_all(&sql, &[&channel, &before, &limit], obligation)
}

/// What has not arrived in all channels, newest first, with the names of the channels; in one state where one is named.
pub(in crate::channels) fn undelivered(
    read: &TenantRead<'_>,
    state: Option<ObligationState>,
    before: Option<ObligationId>,
    limit: usize,
) -> Result<Vec<(Obligation, String)>, DbError> {
    let columns: Vec<_> = COLUMNS.split(", ").map(|column| format!("o.{}", column.trim())).collect();
    let sql = format!(
        "SELECT {}, c.name FROM obligations AS o JOIN channels AS c ON c.id = o.channel_id
         WHERE o.tenant = ?1 AND o.state <> 'sent' AND (?2 IS NULL OR o.state = ?2) AND (?3 IS NULL OR o.id < ?3)
         ORDER BY o.id DESC LIMIT ?4",
        columns.join(", ")
    );
    let word = state.map(ObligationState::as_str);
    read.query_all(&sql, &[&word, &before, &limit], |row| Ok((obligation(row)?, row.get(16)?)))
}

/// How much of each channel has not arrived, by its state.
pub(in crate::channels) fn counts(
    read: &TenantRead<'_>,
) -> Result<Vec<(ChannelId, ObligationState, usize)>, DbError> {
    let sql = "SELECT channel_id, state, count(*) FROM obligations WHERE tenant = ?1 AND state <> 'sent'
               GROUP BY channel_id, state";
    read.query_all(sql, &[], |row| {
        let bad = || DbError::Corrupt("an obligation".to_owned());
        Ok((row.get(0)?, ObligationState::parse(&row.get::<String>(1)?).ok_or_else(bad)?, row.get(2)?))
    })
}

/// Addresses in a channel, each with the title of its thread: those with a thread first.
pub(in crate::channels) fn conversations(
    read: &TenantRead<'_>,
    channel: ChannelId,
    limit: usize,
) -> Result<Vec<(String, String)>, DbError> {
    let sql = "SELECT address, max(title) FROM (
                   SELECT c.conversation AS address, coalesce(t.title, '') AS title FROM channel_conversations AS c
                   LEFT JOIN threads AS t ON t.id = c.thread_id WHERE c.tenant = ?1 AND c.channel_id = ?2
                   UNION ALL
                   SELECT conversation, '' FROM (SELECT conversation FROM obligations
                                                 WHERE tenant = ?1 AND channel_id = ?2 ORDER BY id DESC LIMIT 200))
               GROUP BY address ORDER BY max(title) = '', max(title), address LIMIT ?3";
    read.query_all(sql, &[&channel, &limit], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The question about an approval, where one was asked in a conversation.
pub(in crate::channels) fn question(
    read: &TenantRead<'_>,
    approval: ApprovalId,
) -> Result<Option<Obligation>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM obligations WHERE tenant = ?1 AND approval_id = ?2 AND kind = 'question' LIMIT 1"
    );
    read.query_opt(&sql, &[&approval], obligation)
}

/// A part is about to be handed over: from here on nobody knows, until it is noted.
pub(in crate::channels) fn hand_over(tx: &mut TenantTx<'_>, id: ObligationId) -> Result<(), DbError> {
    tx.execute(
        "UPDATE obligations SET doubtful = max(doubtful, in_flight), in_flight = 1, attempts = attempts + 1
         WHERE tenant = ?1 AND id = ?2 AND state = 'pending'",
        &[&id],
    )?;
    Ok(())
}

/// A part stands there.
pub(in crate::channels) fn part_sent(
    tx: &mut TenantTx<'_>,
    id: ObligationId,
    (message, is_last, now_ms): (Option<&str>, bool, i64),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE obligations SET sent_parts = sent_parts + 1, in_flight = 0, attempts = 0, reason = '',
                messages = CASE WHEN ?3 IS NULL THEN messages ELSE json_insert(messages, '$[#]', ?3) END,
                state = CASE WHEN ?4 THEN 'sent' ELSE state END, ended_ms = CASE WHEN ?4 THEN ?5 END
         WHERE tenant = ?1 AND id = ?2 AND state = 'pending'",
        &[&id, &message, &is_last, &now_ms],
    )?;
    Ok(())
}

/// It is tried again. `unknown`: the part may stand there.
pub(in crate::channels) fn postpone(
    tx: &mut TenantTx<'_>,
    id: ObligationId,
    (unknown, due_ms, reason): (bool, i64, &str),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE obligations SET in_flight = ?3, due_ms = ?4, reason = ?5
         WHERE tenant = ?1 AND id = ?2 AND state = 'pending'",
        &[&id, &unknown, &due_ms, &reason],
    )?;
    Ok(())
}

/// It will not reach anybody.
pub(in crate::channels) fn bury(
    tx: &mut TenantTx<'_>,
    id: ObligationId,
    (reason, now_ms): (&str, i64),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE obligations SET state = 'dead', in_flight = 0, reason = ?3, ended_ms = ?4
         WHERE tenant = ?1 AND id = ?2 AND state = 'pending'",
        &[&id, &reason, &now_ms],
    )?;
    Ok(())
}

/// The platform took this message and did not deliver it: it is the next part again, and what came after it may stand there.
/// Whether it was an obligation's.
pub(in crate::channels) fn failed(
    tx: &mut TenantTx<'_>,
    channel: ChannelId,
    (message, reason, now_ms): (&str, &str, i64),
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE obligations SET state = 'dead', reason = ?4, ended_ms = ?5,
                sent_parts = (SELECT key FROM json_each(messages) WHERE value = ?3),
                doubtful = max(doubtful, json_extract(messages, '$[#-1]') <> ?3)
         WHERE tenant = ?1 AND id = (
             SELECT id FROM obligations WHERE tenant = ?1 AND channel_id = ?2 AND state = 'sent'
             AND EXISTS (SELECT 1 FROM json_each(messages) WHERE value = ?3) ORDER BY id DESC LIMIT 1)",
        &[&channel, &message, &reason, &now_ms],
    )?;
    Ok(changed == 1)
}

/// A dead one is owed again. False when it is not dead.
pub(in crate::channels) fn revive(
    tx: &mut TenantTx<'_>,
    id: ObligationId,
    now_ms: i64,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE obligations SET state = 'pending', attempts = 0, due_ms = ?3, reason = '', ended_ms = NULL
         WHERE tenant = ?1 AND id = ?2 AND state = 'dead'",
        &[&id, &now_ms],
    )?;
    Ok(changed == 1)
}

/// Forgets what was made before this time and has ended, at most `limit`.
pub(in crate::channels) fn prune(
    tx: &mut SystemTx<'_>,
    before_ms: i64,
    limit: usize,
) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM obligations WHERE id IN (
             SELECT id FROM obligations WHERE created_ms < ?1 AND state <> 'pending' LIMIT ?2)",
        &[&before_ms, &limit],
    )
}

fn obligation(row: &Row<'_>) -> Result<Obligation, DbError> {
    let bad = || DbError::Corrupt("an obligation".to_owned());
    Ok(Obligation {
        id: row.get(0)?,
        channel: row.get(1)?,
        conversation: row.get(2)?,
        kind: Kind::parse(&row.get::<String>(3)?).ok_or_else(bad)?,
        body: row.get(4)?,
        approval: row.get(5)?,
        turn: row.get(6)?,
        sent_parts: row.get(7)?,
        in_flight: row.get(8)?,
        doubtful: row.get(9)?,
        messages: serde_json::from_str(&row.get::<String>(10)?).map_err(|_| bad())?,
        state: ObligationState::parse(&row.get::<String>(11)?).ok_or_else(bad)?,
        attempts: row.get(12)?,
        due_ms: row.get(13)?,
        reason: row.get(14)?,
        created_ms: row.get(15)?,
    })
}
