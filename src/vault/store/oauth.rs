//! The statements of OAuth tokens.

use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::protocol::ids::OauthTokenId;
use crate::vault::Hosts;
use crate::vault::oauth::{OauthRecord, OauthSettings, OauthState};

const COLUMNS: &str = "id, name, settings, hosts, state, failure, failures, retry_ms, scopes, expires_ms, \
                       refreshed_ms, version, created_ms, created_by, last_used_ms, last_used_by, uses";

/// A page of them, in the order in which they were made.
pub(in crate::vault) fn oauth_tokens(
    read: &TenantRead<'_>,
    after: Option<OauthTokenId>,
    limit: usize,
) -> Result<Vec<OauthRecord>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM oauth_tokens WHERE tenant = ?1 AND (?2 IS NULL OR id > ?2) ORDER BY id LIMIT ?3"
    );
    read.query_all(&sql, &[&after, &limit], record)
}

pub(in crate::vault) fn oauth_by_id(
    read: &TenantRead<'_>,
    id: OauthTokenId,
) -> Result<Option<OauthRecord>, DbError> {
    read.query_opt(
        &format!("SELECT {COLUMNS} FROM oauth_tokens WHERE tenant = ?1 AND id = ?2"),
        &[&id],
        record,
    )
}

pub(in crate::vault) fn oauth_by_name(
    read: &TenantRead<'_>,
    name: &str,
) -> Result<Option<OauthRecord>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM oauth_tokens WHERE tenant = ?1 AND name = ?2");
    read.query_opt(&sql, &[&name], record)
}

pub(in crate::vault) fn count_oauth(read: &TenantRead<'_>) -> Result<usize, DbError> {
    read.query_one("SELECT count(*) FROM oauth_tokens WHERE tenant = ?1", &[], |row| row.get(0))
}

/// Inserts a token, or writes everything about it that may change but its values.
pub(in crate::vault) fn put_oauth(tx: &mut TenantTx<'_>, token: &OauthRecord) -> Result<(), DbError> {
    let settings = serde_json::to_string(&token.settings).unwrap_or_default(); // silent-ok: texts have a JSON form
    tx.execute(
        "INSERT INTO oauth_tokens (tenant, id, name, settings, hosts, state, failure, failures, retry_ms, scopes,
                                   expires_ms, refreshed_ms, version, created_ms, created_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         ON CONFLICT (id) DO UPDATE SET
             settings = excluded.settings, hosts = excluded.hosts, state = excluded.state,
             failure = excluded.failure, failures = excluded.failures, retry_ms = excluded.retry_ms,
             scopes = excluded.scopes, expires_ms = excluded.expires_ms, refreshed_ms = excluded.refreshed_ms,
             version = excluded.version
         WHERE tenant = excluded.tenant",
        &[
            &token.id,
            &token.name,
            &settings,
            &token.hosts.to_json(),
            &token.state.as_str(),
            &token.failure,
            &token.failures,
            &token.retry_ms,
            &token.scopes,
            &token.expires_ms,
            &token.refreshed_ms,
            &token.version,
            &token.created_ms,
            &token.created_by,
        ],
    )?;
    Ok(())
}

/// The sealed pair of a token; `None` before there is one.
pub(in crate::vault) fn oauth_sealed(
    read: &TenantRead<'_>,
    id: OauthTokenId,
) -> Result<Option<Vec<u8>>, DbError> {
    read.query_one("SELECT sealed FROM oauth_tokens WHERE tenant = ?1 AND id = ?2", &[&id], |row| row.get(0))
}

pub(in crate::vault) fn write_oauth_sealed(
    tx: &mut TenantTx<'_>,
    id: OauthTokenId,
    sealed: Option<&[u8]>,
) -> Result<(), DbError> {
    tx.execute("UPDATE oauth_tokens SET sealed = ?3 WHERE tenant = ?1 AND id = ?2", &[&id, &sealed])?;
    Ok(())
}

pub(in crate::vault) fn delete_oauth(tx: &mut TenantTx<'_>, id: OauthTokenId) -> Result<(), DbError> {
    tx.execute("DELETE FROM oauth_tokens WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

fn record(row: &Row<'_>) -> Result<OauthRecord, DbError> {
    let wrong = |_| DbError::Type { column: 2, expected: "the settings of a provider" };
    let settings: OauthSettings = serde_json::from_str(&row.get::<String>(2)?).map_err(wrong)?;
    Ok(OauthRecord {
        id: row.get(0)?,
        name: row.get(1)?,
        settings,
        hosts: row.get::<Hosts>(3)?,
        state: OauthState::parse(&row.get::<String>(4)?),
        failure: row.get(5)?,
        failures: row.get(6)?,
        retry_ms: row.get(7)?,
        scopes: row.get(8)?,
        expires_ms: row.get(9)?,
        refreshed_ms: row.get(10)?,
        version: row.get(11)?,
        created_ms: row.get(12)?,
        created_by: row.get(13)?,
        last_used_ms: row.get(14)?,
        last_used_by: row.get(15)?,
        uses: row.get(16)?,
    })
}
