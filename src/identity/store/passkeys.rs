//! Rows of passkeys.

use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::identity::passkeys::PasskeyRecord;
use crate::protocol::ids::{MemberId, PasskeyId};

const COLUMNS: &str = "id, member, name, host, created_ms, last_used_ms";

/// A passkey with its public key.
pub(in crate::identity) struct StoredPasskey {
    pub(in crate::identity) record: PasskeyRecord,
    pub(in crate::identity) credential: String,
}

/// The passkeys of a person, oldest first; a person has a bounded number.
pub(in crate::identity) fn of(
    read: &TenantRead<'_>,
    member: MemberId,
) -> Result<Vec<PasskeyRecord>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM passkeys WHERE tenant = ?1 AND member = ?2 ORDER BY id");
    read.query_all(&sql, &[&member], record)
}

/// The credential ids of a person's passkeys for one host.
pub(in crate::identity) fn credentials_of(
    read: &TenantRead<'_>,
    member: MemberId,
    host: &str,
) -> Result<Vec<Vec<u8>>, DbError> {
    read.query_all(
        "SELECT credential_id FROM passkeys WHERE tenant = ?1 AND member = ?2 AND host = ?3",
        &[&member, &host],
        |row| row.get(0),
    )
}

/// The passkey with this credential id.
pub(in crate::identity) fn by_credential(
    read: &TenantRead<'_>,
    credential_id: &[u8],
) -> Result<Option<StoredPasskey>, DbError> {
    let sql = format!("SELECT {COLUMNS}, credential FROM passkeys WHERE tenant = ?1 AND credential_id = ?2");
    read.query_opt(&sql, &[&credential_id], |row| {
        Ok(StoredPasskey { record: record(row)?, credential: row.get(6)? })
    })
}

fn record(row: &Row<'_>) -> Result<PasskeyRecord, DbError> {
    Ok(PasskeyRecord {
        id: row.get(0)?,
        member: row.get(1)?,
        name: row.get(2)?,
        host: row.get(3)?,
        created_ms: row.get(4)?,
        last_used_ms: row.get(5)?,
    })
}

pub(in crate::identity) fn insert(
    tx: &mut TenantTx<'_>,
    passkey: &StoredPasskey,
    credential_id: &[u8],
) -> Result<(), DbError> {
    let record = &passkey.record;
    tx.execute(
        "INSERT INTO passkeys (tenant, id, member, name, host, credential_id, credential, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            &record.id,
            &record.member,
            &record.name,
            &record.host,
            &credential_id,
            &passkey.credential,
            &record.created_ms,
        ],
    )?;
    Ok(())
}

/// Notes a use with the counter that came with it.
pub(in crate::identity) fn note_use(
    tx: &mut TenantTx<'_>,
    id: PasskeyId,
    credential: &str,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE passkeys SET credential = ?3, last_used_ms = ?4 WHERE tenant = ?1 AND id = ?2",
        &[&id, &credential, &now_ms],
    )?;
    Ok(())
}

/// Gives a passkey another name; `false` when the person has no such passkey.
pub(in crate::identity) fn rename(
    tx: &mut TenantTx<'_>,
    member: MemberId,
    id: PasskeyId,
    name: &str,
) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE passkeys SET name = ?4 WHERE tenant = ?1 AND member = ?2 AND id = ?3",
        &[&member, &id, &name],
    )?;
    Ok(changed == 1)
}

/// Removes a passkey; `false` when the person has no such passkey.
pub(in crate::identity) fn delete(
    tx: &mut TenantTx<'_>,
    member: MemberId,
    id: PasskeyId,
) -> Result<bool, DbError> {
    let changed =
        tx.execute("DELETE FROM passkeys WHERE tenant = ?1 AND member = ?2 AND id = ?3", &[&member, &id])?;
    Ok(changed == 1)
}
