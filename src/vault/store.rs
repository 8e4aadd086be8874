//! The statements of the vault: root keys, data keys, secrets.

mod columns;
mod oauth;
mod secrets;
mod uses;

pub(super) use columns::*;
pub(super) use oauth::*;
pub(super) use secrets::*;
pub(super) use uses::*;

use super::keys::{KeyHome, Purpose, RootId};
use super::primitives::StretchCost;
use super::record::KeyId;
use super::source::{Source, Wrapped};
use crate::db::Read;
use crate::db::{DbError, FromValue, Row, Scope, SystemTx, TenantRead, TenantTx, ToValue, Value};
use crate::protocol::ids::TenantId;

/// A root key as the store knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct RootRow {
    pub(super) id: RootId,
    pub(super) source: Source,
    pub(super) state: RootState,
    pub(super) check_value: Vec<u8>,
    /// With a passphrase only.
    pub(super) wrapped: Option<Wrapped>,
    pub(super) created_ms: i64,
}

/// Where a root key is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RootState {
    /// It is being put in its place; nothing needs it yet.
    Next,
    /// Every data key is wrapped with it.
    Active,
    /// It is being taken from its place; nothing needs it any more.
    Old,
}

/// A data key as it is stored.
#[derive(Clone)]
pub(super) struct KeyRow {
    pub(super) id: KeyId,
    pub(super) home: KeyHome,
    pub(super) root: RootId,
    pub(super) wrapped: Vec<u8>,
    pub(super) active: bool,
    pub(super) seals: u64,
    pub(super) created_ms: i64,
}

// === values ===

impl ToValue for RootState {
    fn to_value(&self) -> Value<'_> {
        Value::Text(match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Old => "old",
        })
    }
}

impl FromValue for RootState {
    const EXPECTED: &'static str = "the state of a root key";

    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text("next") => Some(Self::Next),
            Value::Text("active") => Some(Self::Active),
            Value::Text("old") => Some(Self::Old),
            _ => None,
        }
    }
}

impl ToValue for KeyId {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(self.0))
    }
}

impl FromValue for KeyId {
    const EXPECTED: &'static str = "the id of a data key";

    fn from_value(value: Value<'_>) -> Option<Self> {
        u32::from_value(value).map(Self)
    }
}

// === root keys: above all tenants ===

const ROOT_COLUMNS: &str =
    "id, source, state, check_value, salt, memory_kib, passes, lanes, wrapped, created_ms";

/// All root keys: one, or a few while they change.
pub(super) fn roots<S: Scope>(read: &Read<'_, S>) -> Result<Vec<RootRow>, DbError> {
    let sql = format!("SELECT {ROOT_COLUMNS} FROM vault_roots ORDER BY created_ms LIMIT 100");
    read.query_all(&sql, &[], root)
}

/// The id of the active one, from inside a tenant's statements.
pub(super) fn active_root(read: &TenantRead<'_>) -> Result<Option<RootId>, DbError> {
    read.query_opt("SELECT id FROM vault_roots WHERE ?1 IS NOT NULL AND state = 'active'", &[], |row| {
        row.get(0)
    })
}

pub(super) fn insert_root(tx: &mut SystemTx<'_>, root: &RootRow) -> Result<(), DbError> {
    let wrapped = root.wrapped.as_ref();
    tx.execute(
        "INSERT INTO vault_roots (id, source, state, check_value, salt, memory_kib, passes, lanes, wrapped, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            &root.id,
            &root.source,
            &root.state,
            &root.check_value,
            &wrapped.map(|wrapped| &*wrapped.salt),
            &wrapped.map(|wrapped| wrapped.cost.memory_kib),
            &wrapped.map(|wrapped| wrapped.cost.passes),
            &wrapped.map(|wrapped| wrapped.cost.lanes),
            &wrapped.map(|wrapped| &*wrapped.key),
            &root.created_ms,
        ],
    )?;
    Ok(())
}

/// Makes the coming root key the active one.
pub(super) fn activate_root(tx: &mut SystemTx<'_>, id: RootId) -> Result<(), DbError> {
    tx.execute("UPDATE vault_roots SET state = 'old' WHERE state = 'active'", &[])?;
    tx.execute("UPDATE vault_roots SET state = 'active' WHERE id = ?1 AND state = 'next'", &[&id])?;
    Ok(())
}

pub(super) fn delete_root(tx: &mut SystemTx<'_>, id: RootId) -> Result<(), DbError> {
    tx.execute("DELETE FROM vault_roots WHERE id = ?1 AND state <> 'active'", &[&id])?;
    Ok(())
}

fn root(row: &Row<'_>) -> Result<RootRow, DbError> {
    let wrapped = match row.get::<Option<Vec<u8>>>(8)? {
        None => None,
        Some(key) => Some(Wrapped {
            salt: row.get(4)?,
            cost: StretchCost { memory_kib: row.get(5)?, passes: row.get(6)?, lanes: row.get(7)? },
            key,
        }),
    };
    Ok(RootRow {
        id: row.get(0)?,
        source: row.get(1)?,
        state: row.get(2)?,
        check_value: row.get(3)?,
        wrapped,
        created_ms: row.get(9)?,
    })
}

// === data keys ===

const KEY_COLUMNS: &str = "id, tenant, purpose, generation, root_id, wrapped, state, seals, created_ms";

/// Every data key of every tenant: a few for each.
pub(super) fn all_keys<S: Scope>(read: &Read<'_, S>) -> Result<Vec<KeyRow>, DbError> {
    read.query_all(&format!("SELECT {KEY_COLUMNS} FROM vault_keys ORDER BY id"), &[], key)
}

/// The key that seals for this purpose.
pub(super) fn active_key(read: &TenantRead<'_>, purpose: Purpose) -> Result<Option<KeyRow>, DbError> {
    let sql = format!(
        "SELECT {KEY_COLUMNS} FROM vault_keys WHERE tenant = ?1 AND purpose = ?2 AND state = 'active'"
    );
    read.query_opt(&sql, &[&purpose], key)
}

pub(super) fn key_by_id(read: &TenantRead<'_>, id: KeyId) -> Result<Option<KeyRow>, DbError> {
    let sql = format!("SELECT {KEY_COLUMNS} FROM vault_keys WHERE tenant = ?1 AND id = ?2");
    read.query_opt(&sql, &[&id], key)
}

/// Keys that only open, oldest first.
pub(super) fn retiring_keys(read: &TenantRead<'_>) -> Result<Vec<KeyRow>, DbError> {
    let sql =
        format!("SELECT {KEY_COLUMNS} FROM vault_keys WHERE tenant = ?1 AND state = 'retiring' ORDER BY id");
    read.query_all(&sql, &[], key)
}

pub(super) fn insert_key(
    tx: &mut TenantTx<'_>,
    home: &KeyHome,
    root: RootId,
    wrapped: &[u8],
    now_ms: i64,
) -> Result<KeyId, DbError> {
    let id = tx.insert(
        "INSERT INTO vault_keys (tenant, purpose, generation, root_id, wrapped, state, created_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, 'active', ?6)",
        &[&home.purpose, &home.generation, &root, &wrapped, &now_ms],
    )?;
    u32::try_from(id).map(KeyId).map_err(|_| DbError::Type { column: 0, expected: KeyId::EXPECTED })
}

/// Counts one more seal.
pub(super) fn count_seal(tx: &mut TenantTx<'_>, id: KeyId) -> Result<(), DbError> {
    tx.execute("UPDATE vault_keys SET seals = seals + 1 WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

/// From now on it only opens.
pub(super) fn retire_key(tx: &mut TenantTx<'_>, id: KeyId) -> Result<(), DbError> {
    tx.execute("UPDATE vault_keys SET state = 'retiring' WHERE tenant = ?1 AND id = ?2", &[&id])?;
    Ok(())
}

/// Deletes a key that only opens.
pub(super) fn delete_key(tx: &mut TenantTx<'_>, id: KeyId) -> Result<(), DbError> {
    tx.execute("DELETE FROM vault_keys WHERE tenant = ?1 AND id = ?2 AND state = 'retiring'", &[&id])?;
    Ok(())
}

/// Wraps a key anew.
pub(super) fn rewrap_key(
    tx: &mut SystemTx<'_>,
    id: KeyId,
    root: RootId,
    wrapped: &[u8],
) -> Result<(), DbError> {
    tx.execute("UPDATE vault_keys SET root_id = ?2, wrapped = ?3 WHERE id = ?1", &[&id, &root, &wrapped])?;
    Ok(())
}

fn key(row: &Row<'_>) -> Result<KeyRow, DbError> {
    Ok(KeyRow {
        id: row.get(0)?,
        home: KeyHome { tenant: row.get::<TenantId>(1)?, purpose: row.get(2)?, generation: row.get(3)? },
        root: row.get(4)?,
        wrapped: row.get(5)?,
        active: row.get::<String>(6)? == "active",
        seals: row.get(7)?,
        created_ms: row.get(8)?,
    })
}
