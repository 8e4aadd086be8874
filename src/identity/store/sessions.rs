//! Rows of signed-in browsers.

use crate::db::{DbError, TenantRead, TenantTx};
use crate::identity::secret::SecretHash;
use crate::identity::sessions::WebSession;
use crate::protocol::ids::MemberId;

/// All of them; a tenant has a bounded number.
pub(in crate::identity) fn all(read: &TenantRead<'_>) -> Result<Vec<WebSession>, DbError> {
    read.query_all(
        "SELECT hash, id, member, means, agent, address, created_ms, proved_ms, last_seen_ms, expires_ms
         FROM web_sessions WHERE tenant = ?1",
        &[],
        |row| {
            let (means, address): (String, String) = (row.get(3)?, row.get(5)?);
            let wrong = |column, expected| DbError::Type { column, expected };
            Ok(WebSession {
                hash: SecretHash::from_bytes(row.get(0)?),
                id: row.get(1)?,
                member: row.get(2)?,
                means: means.parse().map_err(|()| wrong(3, "a means of signing in"))?,
                agent: row.get(4)?,
                address: address.parse().map_err(|_| wrong(5, "an address"))?,
                created_ms: row.get(6)?,
                proved_ms: row.get(7)?,
                last_seen_ms: row.get(8)?,
                expires_ms: row.get(9)?,
            })
        },
    )
}

pub(in crate::identity) fn insert(tx: &mut TenantTx<'_>, session: &WebSession) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO web_sessions
         (tenant, hash, id, member, means, agent, address, created_ms, proved_ms, last_seen_ms, expires_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        &[
            session.hash.as_bytes(),
            &session.id,
            &session.member,
            &session.means.as_str(),
            &session.agent,
            &session.address.to_string(),
            &session.created_ms,
            &session.proved_ms,
            &session.last_seen_ms,
            &session.expires_ms,
        ],
    )?;
    Ok(())
}

pub(in crate::identity) fn touch(
    tx: &mut TenantTx<'_>,
    hash: &SecretHash,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE web_sessions SET last_seen_ms = ?3 WHERE tenant = ?1 AND hash = ?2",
        &[hash.as_bytes(), &now_ms],
    )?;
    Ok(())
}

/// Notes a fresh proof.
pub(in crate::identity) fn prove(
    tx: &mut TenantTx<'_>,
    hash: &SecretHash,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE web_sessions SET proved_ms = ?3 WHERE tenant = ?1 AND hash = ?2",
        &[hash.as_bytes(), &now_ms],
    )?;
    Ok(())
}

pub(in crate::identity) fn delete(tx: &mut TenantTx<'_>, hash: &SecretHash) -> Result<(), DbError> {
    tx.execute("DELETE FROM web_sessions WHERE tenant = ?1 AND hash = ?2", &[hash.as_bytes()])?;
    Ok(())
}

/// Ends all sessions of a person.
pub(in crate::identity) fn delete_of(tx: &mut TenantTx<'_>, member: MemberId) -> Result<(), DbError> {
    tx.execute("DELETE FROM web_sessions WHERE tenant = ?1 AND member = ?2", &[&member])?;
    Ok(())
}
