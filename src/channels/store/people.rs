//! Who may talk in a channel, and the conversations that they have there.

use crate::channels::people::{Person, Standing};
use crate::db::{DbError, Row, SystemRead, TenantRead, TenantTx};
use crate::protocol::ids::{ChannelId, TenantId, ThreadId};

const COLUMNS: &str = "channel_id, sender, name, state, decides, code, code_until_ms, created_ms";

/// A conversation of a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::channels) struct Conversation {
    /// Counts its threads, from 0.
    pub(in crate::channels) number: i64,
    pub(in crate::channels) thread: Option<ThreadId>,
    pub(in crate::channels) direct: bool,
    /// Who talks there, where nobody else does.
    pub(in crate::channels) person: Option<String>,
    pub(in crate::channels) model: Option<String>,
}

pub(in crate::channels) fn all(read: &TenantRead<'_>, channel: ChannelId) -> Result<Vec<Person>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM channel_senders WHERE tenant = ?1 AND channel_id = ?2 ORDER BY created_ms, sender"
    );
    read.query_all(&sql, &[&channel], person)
}

pub(in crate::channels) fn one(
    read: &TenantRead<'_>,
    channel: ChannelId,
    sender: &str,
) -> Result<Option<Person>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM channel_senders WHERE tenant = ?1 AND channel_id = ?2 AND sender = ?3"
    );
    read.query_opt(&sql, &[&channel, &sender], person)
}

/// The stranger with this code, in whatever channel.
pub(in crate::channels) fn by_code(
    read: &TenantRead<'_>,
    code: &str,
    now_ms: i64,
) -> Result<Option<Person>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM channel_senders
         WHERE tenant = ?1 AND code = ?2 AND state = 'pending' AND code_until_ms > ?3"
    );
    read.query_opt(&sql, &[&code, &now_ms], person)
}

pub(in crate::channels) fn strangers(read: &TenantRead<'_>, channel: ChannelId) -> Result<usize, DbError> {
    let sql =
        "SELECT count(*) FROM channel_senders WHERE tenant = ?1 AND channel_id = ?2 AND state = 'pending'";
    read.query_one(sql, &[&channel], |row| row.get(0))
}

pub(in crate::channels) fn put(tx: &mut TenantTx<'_>, person: &Person, by: &str) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO channel_senders (tenant, channel_id, sender, name, state, decides, code, code_until_ms, created_ms,
                                      changed_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT DO UPDATE SET name = excluded.name, state = excluded.state, decides = excluded.decides,
                                   code = excluded.code, code_until_ms = excluded.code_until_ms,
                                   changed_by = excluded.changed_by",
        &[
            &person.channel,
            &person.sender,
            &person.name,
            &person.standing.as_str(),
            &person.decides,
            &person.code,
            &person.code_until_ms,
            &person.created_ms,
            &by,
        ],
    )?;
    Ok(())
}

pub(in crate::channels) fn remove(
    tx: &mut TenantTx<'_>,
    channel: ChannelId,
    sender: &str,
) -> Result<bool, DbError> {
    let sql = "DELETE FROM channel_senders WHERE tenant = ?1 AND channel_id = ?2 AND sender = ?3";
    Ok(tx.execute(sql, &[&channel, &sender])? == 1)
}

pub(in crate::channels) fn conversation(
    read: &TenantRead<'_>,
    channel: ChannelId,
    address: &str,
) -> Result<Option<Conversation>, DbError> {
    let sql = "SELECT number, thread_id, direct, person, model FROM channel_conversations
               WHERE tenant = ?1 AND channel_id = ?2 AND conversation = ?3";
    read.query_opt(sql, &[&channel, &address], |row| {
        let (number, thread) = (row.get(0)?, row.get(1)?);
        Ok(Conversation { number, thread, direct: row.get(2)?, person: row.get(3)?, model: row.get(4)? })
    })
}

pub(in crate::channels) fn put_conversation(
    tx: &mut TenantTx<'_>,
    (channel, address): (ChannelId, &str),
    of: &Conversation,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO channel_conversations (tenant, channel_id, conversation, number, thread_id, direct, person, model)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET number = excluded.number, thread_id = excluded.thread_id, direct = excluded.direct,
                                   person = excluded.person, model = excluded.model",
        &[&channel, &address, &of.number, &of.thread, &of.direct, &of.person, &of.model],
    )?;
    Ok(())
}

/// A conversation has another address now.
pub(in crate::channels) fn moved(
    tx: &mut TenantTx<'_>,
    channel: ChannelId,
    (from, to): (&str, &str),
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE OR REPLACE channel_conversations SET conversation = ?4
         WHERE tenant = ?1 AND channel_id = ?2 AND conversation = ?3",
        &[&channel, &from, &to],
    )?;
    tx.execute(
        "UPDATE obligations SET conversation = ?4
         WHERE tenant = ?1 AND channel_id = ?2 AND conversation = ?3 AND state = 'pending'",
        &[&channel, &from, &to],
    )?;
    Ok(())
}

/// Where the turns of a thread are answered.
pub(in crate::channels) fn of_thread(
    read: &TenantRead<'_>,
    thread: ThreadId,
) -> Result<Option<(ChannelId, String)>, DbError> {
    let sql = "SELECT channel_id, conversation FROM channel_conversations WHERE tenant = ?1 AND thread_id = ?2 LIMIT 1";
    read.query_opt(sql, &[&thread], |row| Ok((row.get(0)?, row.get(1)?)))
}

const REACHED: &str = "FROM channel_conversations AS c
    JOIN channel_senders AS s ON s.tenant = c.tenant AND s.channel_id = c.channel_id AND s.sender = c.person
    JOIN channels ON channels.id = c.channel_id AND channels.enabled = 1
    WHERE s.state = 'approved' AND s.decides = 1";

/// Where people who may decide talk to us alone.
pub(in crate::channels) fn deciders(read: &TenantRead<'_>) -> Result<Vec<(ChannelId, String)>, DbError> {
    let sql = format!("SELECT c.channel_id, c.conversation {REACHED} AND c.tenant = ?1");
    read.query_all(&sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Tenants that have such people.
pub(in crate::channels) fn reachable(read: &SystemRead<'_>) -> Result<Vec<TenantId>, DbError> {
    read.query_all(&format!("SELECT DISTINCT c.tenant {REACHED}"), &[], |row| row.get(0))
}

fn person(row: &Row<'_>) -> Result<Person, DbError> {
    let state: String = row.get(3)?;
    Ok(Person {
        channel: row.get(0)?,
        sender: row.get(1)?,
        name: row.get(2)?,
        standing: Standing::parse(&state)
            .ok_or_else(|| DbError::Corrupt("a sender of a channel".to_owned()))?,
        decides: row.get(4)?,
        code: row.get(5)?,
        code_until_ms: row.get(6)?,
        created_ms: row.get(7)?,
    })
}
