//! The statements of skills: what people decided about them. Versions and outcomes are beside.

pub(super) mod library;

use std::collections::HashMap;

use super::{SKILLS_MAX, SkillPlace};
use crate::db::{DbError, TenantRead, TenantTx, fingerprint};

/// What somebody decided.
pub(super) struct Choice {
    pub(super) enabled: bool,
    /// Of the text that they saw.
    pub(super) fingerprint: [u8; 32],
}

/// Who decided, and when.
pub(super) struct Decided {
    pub(super) by: String,
    pub(super) at_ms: i64,
}

/// The decisions about the skills of a place, by name.
pub(super) fn choices(read: &TenantRead<'_>, place: SkillPlace) -> Result<HashMap<String, Choice>, DbError> {
    let found = read.query_all(
        "SELECT name, enabled, fingerprint FROM skill_choices WHERE tenant = ?1 AND workspace_id = ?2 LIMIT ?3",
        &[&column(place), &(SKILLS_MAX * 10)],
        |row| Ok::<_, DbError>((row.get(0)?, Choice { enabled: row.get(1)?, fingerprint: row.get(2)? })),
    )?;
    Ok(found.into_iter().collect())
}

pub(super) fn decide(
    tx: &mut TenantTx<'_>,
    place: SkillPlace,
    name: &str,
    choice: &Choice,
    decided: &Decided,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO skill_choices (tenant, workspace_id, name, enabled, fingerprint, decided_by, decided_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (tenant, workspace_id, name) DO UPDATE SET enabled = excluded.enabled,
             fingerprint = excluded.fingerprint, decided_by = excluded.decided_by, decided_ms = excluded.decided_ms",
        &[&column(place), &name, &choice.enabled, &choice.fingerprint, &decided.by, &decided.at_ms],
    )?;
    Ok(())
}

/// Forgets what was decided about a skill that is gone.
pub(super) fn forget(tx: &mut TenantTx<'_>, place: SkillPlace, name: &str) -> Result<(), DbError> {
    let sql = "DELETE FROM skill_choices WHERE tenant = ?1 AND workspace_id = ?2 AND name = ?3";
    tx.execute(sql, &[&column(place), &name])?;
    Ok(())
}

/// What stands for a text that somebody saw.
pub(super) fn print_of(text: &str) -> [u8; 32] {
    fingerprint(&[text.as_bytes()])
}

pub(super) fn column(place: SkillPlace) -> Vec<u8> {
    place.workspace().map(|id| id.as_bytes().to_vec()).unwrap_or_default()
}
