//! The ledger's statements that read a conversation for a prompt.

use std::ops::ControlFlow;

use super::injected;
use super::reads::word;
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::protocol::chat::{ChatMessage, Part, Role, ToolCall};
use crate::protocol::ids::{CompactionId, MessageId, ThreadId, TurnId};
use crate::protocol::turn::Provenance;
use crate::turns::history::{Compaction, History, HistoryLimits, OpenCall, OwnMessage, Said};
use crate::turns::injected::Injected;

/// Messages of later turns that can stand behind the one that is answered: the lane's queue and to spare.
const LATER_MESSAGES_MAX: usize = 256;

/// The place of a message in its conversation: its turn, then itself.
type Place = ([u8; 16], [u8; 16]);

/// The conversation up to a turn. A message that was queued behind a running turn is older than that turn's
/// answer, so the order is that of the turns and not that of the messages.
pub(in crate::turns) fn history(
    read: &TenantRead<'_>,
    (thread, turn): (ThreadId, TurnId),
    own: OwnMessage,
    limits: HistoryLimits,
) -> Result<History, DbError> {
    let compaction = current(read, thread)?;
    let from = match &compaction {
        Some(compaction) => place(read, compaction.upto)?,
        None => None,
    };
    let turn = *turn.as_bytes();
    let window = limits.messages_max.saturating_add(LATER_MESSAGES_MAX);
    // Sizes first: SQLite knows them without reading the text, which may be long.
    let mut index = read.query_all(
        "SELECT coalesce(turn_id, id), id,
                octet_length(content) + octet_length(thinking) + coalesce(octet_length(tool_calls), 0),
                role = 'user'
         FROM messages INDEXED BY messages_by_thread
         WHERE tenant = ?1 AND thread_id = ?2 ORDER BY id DESC LIMIT ?3",
        &[&thread, &window],
        |row| {
            let place: Place = (row.get::<[u8; 16]>(0)?, row.get::<[u8; 16]>(1)?);
            Ok::<_, DbError>((place, row.get::<usize>(2)?, row.get::<bool>(3)?))
        },
    )?;
    index.retain(|((of, _), ..)| *of < turn || (*of == turn && own == OwnMessage::Included));
    // What a turn answers is never left out of it.
    index.retain(|(place, _, asked)| from.is_none_or(|from| *place > from) || (place.0 == turn && *asked));
    index.sort_unstable_by(|newer, older| older.cmp(newer));
    let mut by_turn = injected::by_turn(read, thread)?;
    let mut left = limits.bytes_max;
    let mut chosen = Vec::new();
    for ((of, id), size, asked) in index.into_iter().take(limits.messages_max) {
        let before = if asked { by_turn.remove(&TurnId::from_bytes(of)) } else { None }.unwrap_or_default();
        let size = size + before.iter().map(Injected::bytes).sum::<usize>();
        let Some(rest) = left.checked_sub(size) else { break };
        left = rest;
        chosen.push((id, before));
    }
    let said = |(id, injected)| Ok(Said { injected, ..message(read, &id)? });
    let said = chosen.into_iter().rev().map(said).collect::<Result<Vec<_>, DbError>>()?;
    Ok(History { summary: compaction.map(|compaction| compaction.summary), said })
}

fn place(read: &TenantRead<'_>, message: MessageId) -> Result<Option<Place>, DbError> {
    read.query_opt(
        "SELECT coalesce(turn_id, id), id FROM messages WHERE tenant = ?1 AND id = ?2",
        &[&message],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Whether a thread has untrusted text up to the message of a turn.
pub(in crate::turns) fn untrusted(
    read: &TenantRead<'_>,
    thread: ThreadId,
    turn: TurnId,
) -> Result<bool, DbError> {
    let found = read.query_opt(
        "SELECT 1 FROM messages INDEXED BY messages_untrusted
         WHERE tenant = ?1 AND thread_id = ?2 AND coalesce(turn_id, id) <= ?3
           AND provenance IN ('stranger', 'tool', 'web', 'webhook') LIMIT 1",
        &[&thread, &turn],
        |_| Ok::<_, DbError>(()),
    )?;
    Ok(found.is_some())
}

/// How many rounds of a turn are messages of its thread already.
pub(in crate::turns) fn rounds(
    read: &TenantRead<'_>,
    thread: ThreadId,
    turn: TurnId,
) -> Result<u32, DbError> {
    read.query_one(
        "SELECT count(*) FROM messages INDEXED BY messages_by_thread
         WHERE tenant = ?1 AND thread_id = ?2 AND turn_id = ?3 AND role = 'assistant'",
        &[&thread, &turn],
        |row| row.get(0),
    )
}

/// The calls of a turn's last round that have no answer yet.
pub(in crate::turns) fn open_calls(
    read: &TenantRead<'_>,
    thread: ThreadId,
    turn: TurnId,
) -> Result<Vec<OpenCall>, DbError> {
    let last = read.query_opt(
        "SELECT tool_calls FROM messages INDEXED BY messages_by_thread
         WHERE tenant = ?1 AND thread_id = ?2 AND turn_id = ?3 AND role = 'assistant' ORDER BY id DESC LIMIT 1",
        &[&thread, &turn],
        |row| row.get::<Option<String>>(0),
    )?;
    let calls: Vec<ToolCall> =
        last.flatten().and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
    let mut open = Vec::with_capacity(calls.len());
    for call in calls {
        let answered = read.query_opt(
            "SELECT 1 FROM messages INDEXED BY messages_by_thread
             WHERE tenant = ?1 AND thread_id = ?2 AND turn_id = ?3 AND role = 'tool' AND call_id = ?4",
            &[&thread, &turn, &call.id],
            |_| Ok::<_, DbError>(()),
        )?;
        if answered.is_none() {
            let begun = begun_as(read, turn, &call.id)?;
            open.push(OpenCall { call, begun });
        }
    }
    Ok(open)
}

/// The class with which a call was begun, if it was: of its newest step.
fn begun_as(read: &TenantRead<'_>, turn: TurnId, call: &str) -> Result<Option<String>, DbError> {
    let detail = read.query_opt(
        "SELECT detail FROM steps WHERE tenant = ?1 AND turn_id = ?2 AND kind = 'tool_call' AND subject = ?3
         ORDER BY seq DESC LIMIT 1",
        &[&turn, &call],
        |row| row.get::<Option<String>>(0),
    )?;
    let class = |json: String| {
        let detail: serde_json::Value = serde_json::from_str(&json).ok()?;
        Some(detail.get("class")?.as_str()?.to_owned())
    };
    Ok(detail.map(|json| json.and_then(class).unwrap_or_default()))
}

/// The summary that counts in a thread: the newest that nobody has undone.
pub(in crate::turns) fn current(
    read: &TenantRead<'_>,
    thread: ThreadId,
) -> Result<Option<Compaction>, DbError> {
    let mut newest = None;
    read.query_each(
        &format!(
            "SELECT {COMPACTION} FROM compactions
             WHERE tenant = ?1 AND thread_id = ?2 AND undone_ms IS NULL ORDER BY id DESC LIMIT 1"
        ),
        &[&thread],
        |row| {
            newest = Some(compaction(row)?);
            Ok::<_, DbError>(ControlFlow::Break(()))
        },
    )?;
    Ok(newest)
}

/// All summaries of a thread, newest first.
pub(in crate::turns) fn compactions(
    read: &TenantRead<'_>,
    thread: ThreadId,
) -> Result<Vec<Compaction>, DbError> {
    let sql = format!(
        "SELECT {COMPACTION} FROM compactions WHERE tenant = ?1 AND thread_id = ?2 ORDER BY id DESC LIMIT 1000"
    );
    read.query_all(&sql, &[&thread], compaction)
}

/// Takes a summary back: later prompts have the messages again. Whether there was one to take back.
pub(in crate::turns) fn undo(
    tx: &mut TenantTx<'_>,
    thread: ThreadId,
    id: CompactionId,
    now_ms: i64,
) -> Result<bool, DbError> {
    let undone = tx.execute(
        "UPDATE compactions SET undone_ms = ?4
         WHERE tenant = ?1 AND thread_id = ?2 AND id = ?3 AND undone_ms IS NULL",
        &[&thread, &id, &now_ms],
    )?;
    Ok(undone > 0)
}

const COMPACTION: &str = "id, upto, summary, made_by, messages, created_ms, undone_ms";

fn compaction(row: &Row<'_>) -> Result<Compaction, DbError> {
    Ok(Compaction {
        id: row.get(0)?,
        upto: row.get(1)?,
        summary: row.get(2)?,
        made_by: row.get(3)?,
        messages: row.get(4)?,
        created_ms: row.get(5)?,
        undone_ms: row.get(6)?,
    })
}

fn message(read: &TenantRead<'_>, id: &[u8; 16]) -> Result<Said, DbError> {
    read.query_one(
        "SELECT role, content, thinking, tool_calls, provenance, signature, call_id
         FROM messages WHERE tenant = ?1 AND id = ?2",
        &[id],
        |row| {
            // A word of another version is trusted least.
            let provenance = Provenance::parse(&row.get::<String>(4)?).unwrap_or(Provenance::Stranger);
            Ok(Said {
                id: Some(MessageId::from_bytes(*id)),
                message: chat_message(row)?,
                provenance,
                injected: Vec::new(),
            })
        },
    )
}

fn chat_message(row: &Row<'_>) -> Result<ChatMessage, DbError> {
    let role = word(row, 0, |word| {
        [Role::System, Role::User, Role::Assistant, Role::Tool].into_iter().find(|role| role.as_str() == word)
    })?;
    let (content, thinking) = (row.get::<String>(1)?, row.get::<String>(2)?);
    if role == Role::Tool {
        let call_id = row.get::<Option<String>>(6)?.unwrap_or_default();
        return Ok(ChatMessage { role, parts: vec![Part::ToolResult { call_id, content }] });
    }
    let tool_calls = row.get::<Option<String>>(3)?;
    let mut parts = Vec::with_capacity(1);
    if !thinking.is_empty() {
        parts.push(Part::Thinking { text: thinking, signature: row.get(5)? });
    }
    if !content.is_empty() {
        parts.push(Part::Text { text: content });
    }
    let calls: Vec<_> = tool_calls.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
    parts.extend(calls.into_iter().map(Part::ToolCall));
    Ok(ChatMessage { role, parts })
}

/// The turn of a thread before this one.
pub(in crate::turns) fn turn_before(
    read: &TenantRead<'_>,
    thread: ThreadId,
    turn: TurnId,
) -> Result<Option<TurnId>, DbError> {
    read.query_one(
        "SELECT max(id) FROM turns WHERE tenant = ?1 AND thread_id = ?2 AND id < ?3",
        &[&thread, &turn],
        |row| row.get(0),
    )
}
