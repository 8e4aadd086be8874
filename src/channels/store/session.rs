//! What the next connection of a channel goes on with.

use crate::db::{DbError, TenantRead, TenantTx};
use crate::protocol::ids::ChannelId;

pub(in crate::channels) fn get(read: &TenantRead<'_>, id: ChannelId) -> Result<Option<String>, DbError> {
    let sql = "SELECT session FROM channels WHERE tenant = ?1 AND id = ?2";
    read.query_one(sql, &[&id], |row| row.get(0))
}

/// Notes it. False when the lease is another one's by now.
pub(in crate::channels) fn put(
    tx: &mut TenantTx<'_>,
    id: ChannelId,
    epoch: i64,
    session: Option<&str>,
) -> Result<bool, DbError> {
    let sql = "UPDATE channels SET session = ?4 WHERE tenant = ?1 AND id = ?2 AND epoch = ?3";
    Ok(tx.execute(sql, &[&id, &epoch, &session])? == 1)
}
