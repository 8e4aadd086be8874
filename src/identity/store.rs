//! The statements of identity.

use super::secret::SecretHash;
use super::sessions::WebSession;
use super::tokens::TokenRecord;
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::protocol::ids::TokenId;

const TOKEN_COLUMNS: &str = "id, name, scopes, assistant, budget_usd, created_ms, expires_ms, last_used_ms, \
                             revoked_ms, hash";

// === tokens ===

/// Tokens that are not revoked, oldest first.
pub(super) fn tokens(read: &TenantRead<'_>) -> Result<Vec<(SecretHash, TokenRecord)>, DbError> {
    let sql =
        format!("SELECT {TOKEN_COLUMNS} FROM tokens WHERE tenant = ?1 AND revoked_ms IS NULL ORDER BY id");
    read.query_all(&sql, &[], |row| token(read, row))
}

/// One token, revoked or not.
pub(super) fn token_by_id(read: &TenantRead<'_>, id: TokenId) -> Result<Option<TokenRecord>, DbError> {
    let sql = format!("SELECT {TOKEN_COLUMNS} FROM tokens WHERE tenant = ?1 AND id = ?2");
    let found = read.query_opt(&sql, &[&id], |row| token(read, row))?;
    Ok(found.map(|(_, record)| record))
}

/// How many tokens open something at this time.
pub(super) fn live_tokens(read: &TenantRead<'_>, now_ms: i64) -> Result<usize, DbError> {
    read.query_one(
        "SELECT count(*) FROM tokens
         WHERE tenant = ?1 AND revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > ?2)",
        &[&now_ms],
        |row| row.get(0),
    )
}

pub(super) fn insert_token(
    tx: &mut TenantTx<'_>,
    hash: &SecretHash,
    token: &TokenRecord,
) -> Result<(), DbError> {
    let assistant = token.assistant.map(|id| id.to_string());
    tx.execute(
        "INSERT INTO tokens (tenant, id, name, hash, scopes, assistant, budget_usd, created_ms, expires_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            &token.id,
            &token.name,
            hash.as_bytes(),
            &token.scopes.to_string(),
            &assistant,
            &token.budget_usd,
            &token.created_ms,
            &token.expires_ms,
        ],
    )?;
    Ok(())
}

/// Revokes a token; `false` when there is none that is not revoked.
pub(super) fn revoke_token(tx: &mut TenantTx<'_>, id: TokenId, now_ms: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE tokens SET revoked_ms = ?3 WHERE tenant = ?1 AND id = ?2 AND revoked_ms IS NULL",
        &[&id, &now_ms],
    )?;
    Ok(changed == 1)
}

pub(super) fn note_use(tx: &mut TenantTx<'_>, id: TokenId, now_ms: i64) -> Result<(), DbError> {
    tx.execute("UPDATE tokens SET last_used_ms = ?3 WHERE tenant = ?1 AND id = ?2", &[&id, &now_ms])?;
    Ok(())
}

fn token(read: &TenantRead<'_>, row: &Row<'_>) -> Result<(SecretHash, TokenRecord), DbError> {
    let wrong = |column, expected| DbError::Type { column, expected };
    let assistant: Option<String> = row.get(3)?;
    let record = TokenRecord {
        id: row.get(0)?,
        tenant: read.tenant().clone(),
        name: row.get(1)?,
        scopes: row.get::<String>(2)?.parse().map_err(|_| wrong(2, "scopes"))?,
        assistant: assistant.map(|id| id.parse()).transpose().map_err(|_| wrong(3, "an assistant's id"))?,
        budget_usd: row.get(4)?,
        created_ms: row.get(5)?,
        expires_ms: row.get(6)?,
        last_used_ms: row.get(7)?,
        revoked_ms: row.get(8)?,
    };
    Ok((SecretHash::from_bytes(row.get(9)?), record))
}

// === the password ===

pub(super) fn password(read: &TenantRead<'_>) -> Result<Option<String>, DbError> {
    read.query_opt("SELECT phc FROM passwords WHERE tenant = ?1", &[], |row| row.get(0))
}

/// Sets the first password; `false` when there is one.
pub(super) fn insert_password(tx: &mut TenantTx<'_>, phc: &str, now_ms: i64) -> Result<bool, DbError> {
    let changed = tx.execute(
        "INSERT INTO passwords (tenant, phc, updated_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        &[&phc, &now_ms],
    )?;
    Ok(changed == 1)
}

/// Sets or replaces the password and ends every browser session.
pub(super) fn replace_password(tx: &mut TenantTx<'_>, phc: &str, now_ms: i64) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO passwords (tenant, phc, updated_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (tenant) DO UPDATE SET phc = excluded.phc, updated_ms = excluded.updated_ms",
        &[&phc, &now_ms],
    )?;
    tx.execute("DELETE FROM web_sessions WHERE tenant = ?1", &[])?;
    Ok(())
}

// === browser sessions ===

pub(super) fn sessions(read: &TenantRead<'_>) -> Result<Vec<WebSession>, DbError> {
    read.query_all(
        "SELECT hash, created_ms, last_seen_ms, expires_ms FROM web_sessions WHERE tenant = ?1",
        &[],
        |row| {
            Ok(WebSession {
                hash: SecretHash::from_bytes(row.get(0)?),
                created_ms: row.get(1)?,
                last_seen_ms: row.get(2)?,
                expires_ms: row.get(3)?,
            })
        },
    )
}

pub(super) fn insert_session(tx: &mut TenantTx<'_>, session: &WebSession) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO web_sessions (tenant, hash, created_ms, last_seen_ms, expires_ms)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[session.hash.as_bytes(), &session.created_ms, &session.last_seen_ms, &session.expires_ms],
    )?;
    Ok(())
}

pub(super) fn touch_session(tx: &mut TenantTx<'_>, hash: &SecretHash, now_ms: i64) -> Result<(), DbError> {
    tx.execute(
        "UPDATE web_sessions SET last_seen_ms = ?3 WHERE tenant = ?1 AND hash = ?2",
        &[hash.as_bytes(), &now_ms],
    )?;
    Ok(())
}

pub(super) fn delete_session(tx: &mut TenantTx<'_>, hash: &SecretHash) -> Result<(), DbError> {
    tx.execute("DELETE FROM web_sessions WHERE tenant = ?1 AND hash = ?2", &[hash.as_bytes()])?;
    Ok(())
}
