//! Rows of API tokens.

use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::identity::secret::SecretHash;
use crate::identity::tokens::TokenRecord;
use crate::protocol::ids::{MemberId, TokenId};

const TOKEN_COLUMNS: &str = "id, name, scopes, assistant, budget_usd, created_ms, expires_ms, last_used_ms, \
                             revoked_ms, hash, member, last_used_from";

/// Tokens that are not revoked, oldest first.
pub(in crate::identity) fn tokens(read: &TenantRead<'_>) -> Result<Vec<(SecretHash, TokenRecord)>, DbError> {
    let sql =
        format!("SELECT {TOKEN_COLUMNS} FROM tokens WHERE tenant = ?1 AND revoked_ms IS NULL ORDER BY id");
    read.query_all(&sql, &[], |row| token(read, row))
}

/// One token, revoked or not.
pub(in crate::identity) fn token_by_id(
    read: &TenantRead<'_>,
    id: TokenId,
) -> Result<Option<TokenRecord>, DbError> {
    let sql = format!("SELECT {TOKEN_COLUMNS} FROM tokens WHERE tenant = ?1 AND id = ?2");
    let found = read.query_opt(&sql, &[&id], |row| token(read, row))?;
    Ok(found.map(|(_, record)| record))
}

/// How many tokens open something at this time.
pub(in crate::identity) fn live_tokens(read: &TenantRead<'_>, now_ms: i64) -> Result<usize, DbError> {
    read.query_one(
        "SELECT count(*) FROM tokens
         WHERE tenant = ?1 AND revoked_ms IS NULL AND (expires_ms IS NULL OR expires_ms > ?2)",
        &[&now_ms],
        |row| row.get(0),
    )
}

pub(in crate::identity) fn insert_token(
    tx: &mut TenantTx<'_>,
    hash: &SecretHash,
    token: &TokenRecord,
) -> Result<(), DbError> {
    let assistant = token.assistant.map(|id| id.to_string());
    tx.execute(
        "INSERT INTO tokens (tenant, id, name, hash, scopes, assistant, budget_usd, created_ms, expires_ms, member)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            &token.id,
            &token.name,
            hash.as_bytes(),
            &token.scopes.to_string(),
            &assistant,
            &token.budget_usd,
            &token.created_ms,
            &token.expires_ms,
            &token.member,
        ],
    )?;
    Ok(())
}

/// Revokes a token; `false` when there is none that is not revoked.
pub(in crate::identity) fn revoke_token(
    tx: &mut TenantTx<'_>,
    id: TokenId,
    now_ms: i64,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE tokens SET revoked_ms = ?3 WHERE tenant = ?1 AND id = ?2 AND revoked_ms IS NULL",
        &[&id, &now_ms],
    )?;
    Ok(changed == 1)
}

pub(in crate::identity) fn note_use(
    tx: &mut TenantTx<'_>,
    id: TokenId,
    from: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE tokens SET last_used_ms = ?3, last_used_from = ?4 WHERE tenant = ?1 AND id = ?2",
        &[&id, &now_ms, &from],
    )?;
    Ok(())
}

/// Revokes the tokens of a person's devices.
pub(in crate::identity) fn revoke_tokens_of(
    tx: &mut TenantTx<'_>,
    member: MemberId,
    now_ms: i64,
) -> Result<usize, DbError> {
    tx.execute(
        "UPDATE tokens SET revoked_ms = ?3 WHERE tenant = ?1 AND member = ?2 AND revoked_ms IS NULL",
        &[&member, &now_ms],
    )
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
        member: row.get(10)?,
        last_used_from: row.get(11)?,
    };
    Ok((SecretHash::from_bytes(row.get(9)?), record))
}
