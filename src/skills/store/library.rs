//! The statements of versions, uses and outcomes.

use std::collections::HashMap;

use super::column;
use crate::db::{DbError, Row, TenantRead, TenantTx};
use crate::protocol::ids::TurnId;
use crate::skills::SkillPlace;
use crate::skills::estimate::Outcome;
use crate::skills::version::{OutcomeKind, SkillDeed, SkillOutcome, SkillVersion, VERSIONS_MAX};

/// Outcomes of one skill that count: the newest ones.
pub(in crate::skills) const OUTCOMES_MAX: usize = 1_000;

/// The versions of a skill of the home, the newest first.
pub(in crate::skills) fn versions(read: &TenantRead<'_>, name: &str) -> Result<Vec<SkillVersion>, DbError> {
    let sql = format!(
        "SELECT number, deed, origin, text, done_by, done_ms FROM skill_versions
         WHERE tenant = ?1 AND name = ?2 ORDER BY number DESC LIMIT {VERSIONS_MAX}"
    );
    read.query_all(&sql, &[&name], |row| {
        Ok(SkillVersion {
            number: row.get(0)?,
            deed: SkillDeed::parse(&row.get::<String>(1)?).unwrap_or(SkillDeed::Written),
            origin: row.get(2)?,
            text: row.get(3)?,
            by: row.get(4)?,
            at_ms: row.get(5)?,
        })
    })
}

/// Notes a version, unless the newest one says the same; the oldest over [`VERSIONS_MAX`] go.
pub(in crate::skills) fn append_version(
    tx: &mut TenantTx<'_>,
    name: &str,
    new: &SkillVersion,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO skill_versions (tenant, name, number, deed, origin, text, done_by, done_ms)
         SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, ?5, ?6, ?7 FROM skill_versions
         WHERE tenant = ?1 AND name = ?2",
        &[&name, &new.deed.as_str(), &new.origin, &new.text, &new.by, &new.at_ms],
    )?;
    tx.execute(
        "DELETE FROM skill_versions WHERE tenant = ?1 AND name = ?2 AND number <= (
             SELECT max(number) FROM skill_versions WHERE tenant = ?1 AND name = ?2) - ?3",
        &[&name, &VERSIONS_MAX],
    )?;
    Ok(())
}

/// The experiments that skills of the home were learnt from, by name.
pub(in crate::skills) fn origins(read: &TenantRead<'_>) -> Result<HashMap<String, String>, DbError> {
    let sql = "SELECT name, max(origin) FROM skill_versions WHERE tenant = ?1 AND origin <> '' GROUP BY name LIMIT 10000";
    Ok(read.query_all(sql, &[], |row| Ok::<_, DbError>((row.get(0)?, row.get(1)?)))?.into_iter().collect())
}

/// Notes that a turn had a skill.
pub(in crate::skills) fn note_use(
    tx: &mut TenantTx<'_>,
    turn: TurnId,
    (place, name): (SkillPlace, &str),
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO skill_uses (tenant, turn_id, workspace_id, name)
         SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM turns WHERE tenant = ?1 AND id = ?2) ON CONFLICT DO NOTHING",
        &[&turn, &column(place), &name],
    )?;
    Ok(())
}

/// The skills that a turn had: place and name.
pub(in crate::skills) fn uses(
    read: &TenantRead<'_>,
    turn: TurnId,
) -> Result<Vec<(SkillPlace, String)>, DbError> {
    let sql = "SELECT workspace_id, name FROM skill_uses WHERE tenant = ?1 AND turn_id = ?2 ORDER BY name LIMIT 200";
    read.query_all(sql, &[&turn], |row| Ok((place(row)?, row.get(1)?)))
}

/// Notes an outcome; `None` takes back what the subject said before.
pub(in crate::skills) fn put_outcome(
    tx: &mut TenantTx<'_>,
    (place, name): (SkillPlace, &str),
    (kind, subject): (OutcomeKind, &str),
    outcome: Option<Outcome>,
) -> Result<(), DbError> {
    let Some(outcome) = outcome else {
        tx.execute(
            "DELETE FROM skill_outcomes
             WHERE tenant = ?1 AND workspace_id = ?2 AND name = ?3 AND kind = ?4 AND subject = ?5",
            &[&column(place), &name, &kind.as_str(), &subject],
        )?;
        return Ok(());
    };
    tx.execute(
        "INSERT INTO skill_outcomes (tenant, workspace_id, name, kind, subject, good, weight, known_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (tenant, workspace_id, name, kind, subject) DO UPDATE
         SET good = excluded.good, weight = excluded.weight, known_ms = excluded.known_ms",
        &[&column(place), &name, &kind.as_str(), &subject, &outcome.good, &outcome.weight, &outcome.at_ms],
    )?;
    tx.execute(
        "DELETE FROM skill_outcomes WHERE tenant = ?1 AND workspace_id = ?2 AND name = ?3 AND (kind, subject) IN (
             SELECT kind, subject FROM skill_outcomes WHERE tenant = ?1 AND workspace_id = ?2 AND name = ?3
             ORDER BY known_ms DESC LIMIT -1 OFFSET ?4)",
        &[&column(place), &name, &OUTCOMES_MAX],
    )?;
    Ok(())
}

/// The outcomes of every skill of a place, by name.
pub(in crate::skills) fn outcomes(
    read: &TenantRead<'_>,
    of: SkillPlace,
) -> Result<HashMap<String, Vec<SkillOutcome>>, DbError> {
    let found = read.query_all(
        "SELECT name, kind, subject, good, weight, known_ms FROM skill_outcomes
         WHERE tenant = ?1 AND workspace_id = ?2 ORDER BY name, known_ms DESC LIMIT 200000",
        &[&column(of)],
        |row| {
            let outcome = SkillOutcome {
                kind: OutcomeKind::parse(&row.get::<String>(1)?).unwrap_or(OutcomeKind::Feedback),
                subject: row.get(2)?,
                outcome: Outcome { good: row.get(3)?, weight: row.get(4)?, at_ms: row.get(5)? },
            };
            Ok::<_, DbError>((row.get::<String>(0)?, outcome))
        },
    )?;
    let mut by_name: HashMap<String, Vec<SkillOutcome>> = HashMap::new();
    for (name, outcome) in found {
        by_name.entry(name).or_default().push(outcome);
    }
    Ok(by_name)
}

/// Forgets what came of a skill that is gone.
pub(in crate::skills) fn forget_outcomes(
    tx: &mut TenantTx<'_>,
    place: SkillPlace,
    name: &str,
) -> Result<(), DbError> {
    for table in ["skill_outcomes", "skill_uses"] {
        let sql = format!("DELETE FROM {table} WHERE tenant = ?1 AND workspace_id = ?2 AND name = ?3");
        tx.execute(&sql, &[&column(place), &name])?;
    }
    Ok(())
}

fn place(row: &Row<'_>) -> Result<SkillPlace, DbError> {
    let bytes: Vec<u8> = row.get(0)?;
    let id: Result<[u8; 16], _> = bytes.try_into();
    // Empty for the home.
    Ok(id.map_or(SkillPlace::Home, |id| {
        SkillPlace::Workspace(crate::protocol::ids::WorkspaceId::from_bytes(id))
    }))
}
