//! Idempotency keys: the same key from the same source answers with the first outcome.
//!
//! Used inside the job that does the work, so that key and work are one transaction.

use super::error::DbError;
use super::scope::{SystemTx, TenantRead, TenantTx};

/// What a key has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Never seen: do the work, then [`remember_key`].
    First,
    /// The same request was done: its outcome as JSON.
    Outcome(String),
    /// The key belongs to another request.
    OtherRequest,
}

/// Looks a key up. `source` says who uses the key and for which call.
///
/// # Errors
/// What the store answers.
pub fn look_up_key(
    read: &TenantRead<'_>,
    source: &str,
    key: &str,
    fingerprint: &[u8; 32],
) -> Result<Repeat, DbError> {
    let known = read.query_opt(
        "SELECT fingerprint, outcome FROM idempotency WHERE tenant = ?1 AND source = ?2 AND key = ?3",
        &[&source, &key],
        |row| Ok::<_, DbError>((row.get::<[u8; 32]>(0)?, row.get::<String>(1)?)),
    )?;
    Ok(match known {
        None => Repeat::First,
        Some((stored, outcome)) if stored == *fingerprint => Repeat::Outcome(outcome),
        Some(_) => Repeat::OtherRequest,
    })
}

/// Keeps the outcome (JSON) of a request under its key.
///
/// # Errors
/// What the store answers.
pub fn remember_key(
    tx: &mut TenantTx<'_>,
    (source, key): (&str, &str),
    fingerprint: &[u8; 32],
    outcome: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO idempotency (tenant, source, key, fingerprint, outcome, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[&source, &key, fingerprint, &outcome, &now_ms],
    )?;
    Ok(())
}

/// Forgets keys that are older than `before_ms`, at most `limit` of them; how many went.
///
/// # Errors
/// What the store answers.
pub fn prune_keys(tx: &mut SystemTx<'_>, before_ms: i64, limit: usize) -> Result<usize, DbError> {
    tx.execute(
        "DELETE FROM idempotency WHERE (tenant, source, key) IN (
             SELECT tenant, source, key FROM idempotency INDEXED BY idempotency_by_time
             WHERE created_ms < ?1 ORDER BY created_ms LIMIT ?2)",
        &[&before_ms, &limit],
    )
}
