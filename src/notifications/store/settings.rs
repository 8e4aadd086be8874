//! The statements of settings.

use super::word;
use crate::db::{DbError, TenantRead, TenantTx};
use crate::notifications::settings::{NoticeSettings, Quiet, clock};

pub(in crate::notifications) fn of(read: &TenantRead<'_>) -> Result<NoticeSettings, DbError> {
    let found = read.query_opt(
        "SELECT zone, quiet_from, quiet_until, errors_break, away_until_ms, away_delivery, digest_at, version
         FROM notification_settings WHERE tenant = ?1",
        &[],
        |row| {
            let (from, until): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
            let digest_at: Option<String> = row.get(6)?;
            let settings = NoticeSettings {
                zone: row.get(0)?,
                quiet: None,
                errors_break_through: row.get(3)?,
                away_until_ms: row.get(4)?,
                away_delivery: word(row, 5)?,
                digest_at: None,
                version: row.get(7)?,
            };
            Ok::<_, DbError>(settings.of_words((from.as_deref(), until.as_deref()), digest_at.as_deref()))
        },
    )?;
    Ok(found.unwrap_or_default())
}

/// The sealed key that signs pushes.
pub(in crate::notifications) fn vapid(read: &TenantRead<'_>) -> Result<Option<Vec<u8>>, DbError> {
    let sql = "SELECT vapid FROM notification_settings WHERE tenant = ?1";
    Ok(read.query_opt(sql, &[], |row| row.get::<Option<Vec<u8>>>(0))?.flatten())
}

/// Its public part.
pub(in crate::notifications) fn vapid_public(read: &TenantRead<'_>) -> Result<Option<Vec<u8>>, DbError> {
    let sql = "SELECT vapid_public FROM notification_settings WHERE tenant = ?1";
    Ok(read.query_opt(sql, &[], |row| row.get::<Option<Vec<u8>>>(0))?.flatten())
}

pub(in crate::notifications) fn put(
    tx: &mut TenantTx<'_>,
    settings: &NoticeSettings,
    now_ms: i64,
) -> Result<(), DbError> {
    let (from, until) = settings.quiet.map(Quiet::words).unzip();
    tx.execute(
        "INSERT INTO notification_settings (tenant, version, zone, quiet_from, quiet_until, errors_break, away_until_ms,
                                            away_delivery, digest_at, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (tenant) DO UPDATE
         SET version = excluded.version, zone = excluded.zone, quiet_from = excluded.quiet_from,
             quiet_until = excluded.quiet_until, errors_break = excluded.errors_break,
             away_until_ms = excluded.away_until_ms, away_delivery = excluded.away_delivery,
             digest_at = excluded.digest_at, updated_ms = excluded.updated_ms",
        &[
            &settings.version,
            &settings.zone,
            &from,
            &until,
            &settings.errors_break_through,
            &settings.away_until_ms,
            &settings.away_delivery.as_str(),
            &settings.digest_at.map(clock),
            &now_ms,
        ],
    )?;
    Ok(())
}
