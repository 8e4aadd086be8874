//! The statements of browsers that get pushes, and of the key that signs for them.

use crate::db::{DbError, TenantRead, TenantTx};
use crate::notifications::push::{Browser, Subscription};
use crate::protocol::ids::PushSubscriptionId;

pub(in crate::notifications) fn all(read: &TenantRead<'_>) -> Result<Vec<Browser>, DbError> {
    read.query_all(
        "SELECT id, label, endpoint, owner, created_ms, last_ms FROM push_subscriptions
         WHERE tenant = ?1 ORDER BY created_ms, id",
        &[],
        |row| {
            let endpoint: String = row.get(2)?;
            let rest = endpoint.split_once("://").map_or("", |(_, rest)| rest);
            Ok(Browser {
                id: row.get(0)?,
                label: row.get(1)?,
                service: rest.split(['/', ':']).next().unwrap_or_default().to_owned(),
                owner: row.get(3)?,
                created_ms: row.get(4)?,
                last_ms: row.get(5)?,
            })
        },
    )
}

pub(in crate::notifications) fn by_id(
    read: &TenantRead<'_>,
    id: PushSubscriptionId,
) -> Result<Subscription, DbError> {
    let sql = "SELECT endpoint, label, p256dh, auth FROM push_subscriptions WHERE tenant = ?1 AND id = ?2";
    read.query_one(sql, &[&id], |row| {
        let point: Vec<u8> = row.get(2)?;
        let found = Subscription::read(row.get(0)?, row.get(1)?, &point, row.get(3)?);
        found.ok_or(DbError::Type { column: 2, expected: "a public key" })
    })
}

/// How many there are besides this one.
pub(in crate::notifications) fn count_others(
    read: &TenantRead<'_>,
    endpoint: &str,
) -> Result<usize, DbError> {
    let sql = "SELECT count(*) FROM push_subscriptions WHERE tenant = ?1 AND endpoint <> ?2";
    read.query_one(sql, &[&endpoint], |row| row.get(0))
}

/// Stores it, or the new keys of the one with this address; the one that is there then.
pub(in crate::notifications) fn put(
    tx: &mut TenantTx<'_>,
    new: &Browser,
    endpoint: &str,
    (p256dh, auth): (&[u8], &[u8; 16]),
) -> Result<Browser, DbError> {
    tx.execute(
        "INSERT INTO push_subscriptions (tenant, id, endpoint, p256dh, auth, label, owner, created_ms, last_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)
         ON CONFLICT (tenant, endpoint) DO UPDATE
         SET p256dh = excluded.p256dh, auth = excluded.auth, label = excluded.label, owner = excluded.owner",
        &[&new.id, &endpoint, &p256dh, &auth.as_slice(), &new.label, &new.owner, &new.created_ms],
    )?;
    let sql = "SELECT id, created_ms, last_ms FROM push_subscriptions WHERE tenant = ?1 AND endpoint = ?2";
    tx.query_one(sql, &[&endpoint], |row| {
        Ok(Browser { id: row.get(0)?, created_ms: row.get(1)?, last_ms: row.get(2)?, ..new.clone() })
    })
}

/// Its service took a push.
pub(in crate::notifications) fn taken(
    tx: &mut TenantTx<'_>,
    id: PushSubscriptionId,
    now_ms: i64,
) -> Result<(), DbError> {
    tx.execute("UPDATE push_subscriptions SET last_ms = ?3 WHERE tenant = ?1 AND id = ?2", &[&id, &now_ms])?;
    Ok(())
}

/// Whether it was there.
pub(in crate::notifications) fn delete(
    tx: &mut TenantTx<'_>,
    id: PushSubscriptionId,
) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM push_subscriptions WHERE tenant = ?1 AND id = ?2", &[&id])? == 1)
}

// === The key that signs; its row is there. ===

pub(in crate::notifications) fn keep_vapid(
    tx: &mut TenantTx<'_>,
    sealed: &[u8],
    public: &[u8],
) -> Result<(), DbError> {
    let sql = "UPDATE notification_settings SET vapid = ?2, vapid_public = ?3 WHERE tenant = ?1";
    tx.execute(sql, &[&sealed, &public])?;
    Ok(())
}
