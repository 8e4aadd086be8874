//! The statements of what is known about people: one row for each, sealed.

use super::person::Person;
use crate::config::Privacy;
use crate::db::{DbError, TenantRead, TenantTx};
use crate::vault::{Purpose, SealedColumn};

/// What a row is known by to the vault.
pub(super) const PROFILES: SealedColumn =
    SealedColumn { purpose: Purpose::UserModel, table: "user_profiles", name: "sealed", row: "id" };

/// A row.
#[derive(Clone)]
pub(super) struct ProfileRow {
    pub(super) id: [u8; 16],
    pub(super) privacy: Privacy,
    pub(super) injection: bool,
    pub(super) sealed: Option<Vec<u8>>,
    pub(super) version: i64,
    pub(super) updated_ms: i64,
}

pub(super) fn of(read: &TenantRead<'_>, person: Person) -> Result<Option<ProfileRow>, DbError> {
    read.query_opt(
        "SELECT id, privacy, injection, sealed, version, updated_ms FROM user_profiles
         WHERE tenant = ?1 AND person = ?2",
        &[&person.to_string()],
        |row| {
            Ok(ProfileRow {
                id: row.get(0)?,
                // A word of another version of the program is the least.
                privacy: row.get::<String>(1)?.parse().unwrap_or(Privacy::None),
                injection: row.get(2)?,
                sealed: row.get(3)?,
                version: row.get(4)?,
                updated_ms: row.get(5)?,
            })
        },
    )
}

pub(super) fn put(tx: &mut TenantTx<'_>, person: Person, row: &ProfileRow) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO user_profiles (tenant, person, id, privacy, injection, sealed, version, updated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (tenant, person) DO UPDATE SET id = excluded.id, privacy = excluded.privacy,
             injection = excluded.injection, sealed = excluded.sealed, version = excluded.version,
             updated_ms = excluded.updated_ms",
        &[
            &person.to_string(),
            &row.id,
            &row.privacy.as_str(),
            &row.injection,
            &row.sealed,
            &row.version,
            &row.updated_ms,
        ],
    )?;
    Ok(())
}
