//! The statements of secrets.

use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::protocol::ids::SecretId;
use crate::vault::hosts::Hosts;
use crate::vault::secrets::SecretRecord;

const COLUMNS: &str = "id, name, kind, description, hosts, version, created_ms, created_by, rotated_ms, rotated_by, \
                       last_used_ms, last_used_by, uses";

/// A stored value with what is needed to give it out.
pub(in crate::vault) struct SealedSecret {
    pub(in crate::vault) id: SecretId,
    pub(in crate::vault) name: String,
    pub(in crate::vault) hosts: Hosts,
    pub(in crate::vault) sealed: Vec<u8>,
}

/// A page of them, in the order in which they were made.
pub(in crate::vault) fn secrets(
    read: &TenantRead<'_>,
    after: Option<SecretId>,
    limit: usize,
) -> Result<Vec<SecretRecord>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM secrets WHERE tenant = ?1 AND (?2 IS NULL OR id > ?2) ORDER BY id LIMIT ?3"
    );
    read.query_all(&sql, &[&after, &limit], record)
}

pub(in crate::vault) fn secret_by_id(
    read: &TenantRead<'_>,
    id: SecretId,
) -> Result<Option<SecretRecord>, DbError> {
    read.query_opt(&format!("SELECT {COLUMNS} FROM secrets WHERE tenant = ?1 AND id = ?2"), &[&id], record)
}

pub(in crate::vault) fn secret_by_name(
    read: &TenantRead<'_>,
    name: &str,
) -> Result<Option<SecretRecord>, DbError> {
    read.query_opt(
        &format!("SELECT {COLUMNS} FROM secrets WHERE tenant = ?1 AND name = ?2"),
        &[&name],
        record,
    )
}

/// Whether a secret or an OAuth token has this name: they share one space of names.
pub(in crate::vault) fn name_is_taken(read: &TenantRead<'_>, name: &str) -> Result<bool, DbError> {
    read.query_one(
        "SELECT EXISTS (SELECT 1 FROM secrets WHERE tenant = ?1 AND name = ?2)
             OR EXISTS (SELECT 1 FROM oauth_tokens WHERE tenant = ?1 AND name = ?2)",
        &[&name],
        |row| row.get(0),
    )
}

pub(in crate::vault) fn count_secrets(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one("SELECT count(*) FROM secrets WHERE tenant = ?1", &[], |row| row.get(0))
}

pub(in crate::vault) fn insert_secret(
    tx: &mut TenantTx<'_>,
    secret: &SecretRecord,
    sealed: &[u8],
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO secrets (tenant, id, name, kind, description, hosts, sealed, version, created_ms, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            &secret.id,
            &secret.name,
            &secret.kind.as_str(),
            &secret.description,
            &secret.hosts.to_json(),
            &sealed,
            &secret.version,
            &secret.created_ms,
            &secret.created_by,
        ],
    )?;
    Ok(())
}

/// Writes what may change but the value.
pub(in crate::vault) fn update_secret(tx: &mut TenantTx<'_>, secret: &SecretRecord) -> Result<(), DbError> {
    tx.execute(
        "UPDATE secrets SET kind = ?3, description = ?4, hosts = ?5, version = ?6, rotated_ms = ?7, rotated_by = ?8
         WHERE tenant = ?1 AND id = ?2",
        &[
            &secret.id,
            &secret.kind.as_str(),
            &secret.description,
            &secret.hosts.to_json(),
            &secret.version,
            &secret.rotated_ms,
            &secret.rotated_by,
        ],
    )?;
    Ok(())
}

pub(in crate::vault) fn write_sealed(
    tx: &mut TenantTx<'_>,
    id: SecretId,
    sealed: &[u8],
) -> Result<(), DbError> {
    tx.execute("UPDATE secrets SET sealed = ?3 WHERE tenant = ?1 AND id = ?2", &[&id, &sealed])?;
    Ok(())
}

pub(in crate::vault) fn delete_secret(tx: &mut TenantTx<'_>, id: SecretId) -> Result<(), DbError> {
    tx.execute("DELETE FROM secrets WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

/// All values, sealed.
pub(in crate::vault) fn sealed_secrets(read: &TenantRead<'_>) -> Result<Vec<SealedSecret>, DbError> {
    read.query_all("SELECT id, name, hosts, sealed FROM secrets WHERE tenant = ?1", &[], |row| {
        Ok(SealedSecret { id: row.get(0)?, name: row.get(1)?, hosts: row.get(2)?, sealed: row.get(3)? })
    })
}

fn record(row: &Row<'_>) -> Result<SecretRecord, DbError> {
    Ok(SecretRecord {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: row.get::<String>(2)?.parse().unwrap_or_default(),
        description: row.get(3)?,
        hosts: row.get(4)?,
        version: row.get(5)?,
        created_ms: row.get(6)?,
        created_by: row.get(7)?,
        rotated_ms: row.get(8)?,
        rotated_by: row.get(9)?,
        last_used_ms: row.get(10)?,
        last_used_by: row.get(11)?,
        uses: row.get(12)?,
    })
}
