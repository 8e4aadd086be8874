//! The statements of the access log.

use crate::db::{DbError, SystemTx, TenantRead, TenantTx};
use crate::protocol::ids::TenantId;
use crate::vault::uses::{Use, UseOutcome, UseRecord};

/// Writes uses down, and on the secret or token what its page shows.
pub(in crate::vault) fn note_use(tx: &mut TenantTx<'_>, name: &str, used: &Use) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO secret_uses (tenant, name, host, used_by, outcome, count, first_ms, last_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            &name,
            &used.host,
            &used.used_by,
            &used.outcome.as_str(),
            &used.count,
            &used.first_ms,
            &used.last_ms,
        ],
    )?;
    if used.outcome == UseOutcome::Given {
        for table in ["secrets", "oauth_tokens"] {
            tx.execute(
                &format!(
                    "UPDATE {table} SET last_used_ms = ?3, last_used_by = ?4, uses = uses + ?5
                     WHERE tenant = ?1 AND name = ?2"
                ),
                &[&name, &used.last_ms, &used.used_by, &used.count],
            )?;
        }
    }
    Ok(())
}

/// The newest uses before this row, of one name or of all.
pub(in crate::vault) fn uses(
    read: &TenantRead<'_>,
    name: Option<&str>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<UseRecord>, DbError> {
    read.query_all(
        "SELECT id, name, host, used_by, outcome, count, first_ms, last_ms FROM secret_uses
         WHERE tenant = ?1 AND (?2 IS NULL OR name = ?2) AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4",
        &[&name, &before, &limit],
        |row| {
            Ok(UseRecord {
                id: row.get(0)?,
                name: row.get(1)?,
                used: Use {
                    host: row.get(2)?,
                    used_by: row.get(3)?,
                    outcome: UseOutcome::parse(&row.get::<String>(4)?),
                    count: row.get(5)?,
                    first_ms: row.get(6)?,
                    last_ms: row.get(7)?,
                },
            })
        },
    )
}

/// Forgets the oldest uses of every tenant beyond `keep`.
pub(in crate::vault) fn prune_uses(tx: &mut SystemTx<'_>, keep: usize) -> Result<usize, DbError> {
    let tenants: Vec<TenantId> =
        tx.query_all("SELECT DISTINCT tenant FROM secret_uses", &[], |row| row.get(0))?;
    let mut gone = 0;
    for tenant in tenants {
        gone += tx.execute(
            "DELETE FROM secret_uses WHERE tenant = ?1 AND id <= coalesce((
                 SELECT id FROM secret_uses WHERE tenant = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2), 0)",
            &[&tenant, &keep],
        )?;
    }
    Ok(gone)
}

/// The tenants of the store.
pub(in crate::vault) fn tenants(read: &crate::db::SystemRead<'_>) -> Result<Vec<TenantId>, DbError> {
    read.query_all("SELECT id FROM tenants ORDER BY id", &[], |row| row.get(0))
}
