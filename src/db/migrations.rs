//! Migrations: numbered SQL files, embedded, applied in order, each in one transaction.
//!
//! `PRAGMA user_version` holds the number of the last one that was applied. A file that has landed
//! never changes (a test pins its fingerprint); a change of the schema is a new file. A data file
//! of a newer version is refused and left as it is.

use rusqlite::Connection;

use super::error::DbError;

/// Name and text of every migration, in order. The first has number 1.
pub(super) const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_tenants.sql", include_str!("../../migrations/0001_tenants.sql")),
    ("0002_identity.sql", include_str!("../../migrations/0002_identity.sql")),
    ("0003_workspaces.sql", include_str!("../../migrations/0003_workspaces.sql")),
    ("0004_turns.sql", include_str!("../../migrations/0004_turns.sql")),
    ("0005_audit.sql", include_str!("../../migrations/0005_audit.sql")),
    ("0006_vault.sql", include_str!("../../migrations/0006_vault.sql")),
    ("0007_policy.sql", include_str!("../../migrations/0007_policy.sql")),
    ("0008_budgets.sql", include_str!("../../migrations/0008_budgets.sql")),
    ("0009_members.sql", include_str!("../../migrations/0009_members.sql")),
    ("0010_leaks.sql", include_str!("../../migrations/0010_leaks.sql")),
    ("0011_hands.sql", include_str!("../../migrations/0011_hands.sql")),
    ("0012_knowledge.sql", include_str!("../../migrations/0012_knowledge.sql")),
    ("0013_folders.sql", include_str!("../../migrations/0013_folders.sql")),
    ("0014_mcp.sql", include_str!("../../migrations/0014_mcp.sql")),
    ("0015_processes.sql", include_str!("../../migrations/0015_processes.sql")),
    ("0016_webhooks.sql", include_str!("../../migrations/0016_webhooks.sql")),
    ("0017_notifications.sql", include_str!("../../migrations/0017_notifications.sql")),
    ("0018_channels.sql", include_str!("../../migrations/0018_channels.sql")),
    ("0019_extensions.sql", include_str!("../../migrations/0019_extensions.sql")),
    ("0020_search.sql", include_str!("../../migrations/0020_search.sql")),
    ("0021_knowledge.sql", include_str!("../../migrations/0021_knowledge.sql")),
    ("0022_schedules.sql", include_str!("../../migrations/0022_schedules.sql")),
    ("0023_experiments.sql", include_str!("../../migrations/0023_experiments.sql")),
    ("0024_embeddings.sql", include_str!("../../migrations/0024_embeddings.sql")),
    ("0025_schedules_try.sql", include_str!("../../migrations/0025_schedules_try.sql")),
    ("0026_models.sql", include_str!("../../migrations/0026_models.sql")),
    ("0027_indexed_files.sql", include_str!("../../migrations/0027_indexed_files.sql")),
    ("0028_routing.sql", include_str!("../../migrations/0028_routing.sql")),
    ("0029_coders.sql", include_str!("../../migrations/0029_coders.sql")),
];

/// Brings the file to the newest version that this program knows; the number of migrations applied.
///
/// # Errors
/// [`DbError::Newer`] when the file is ahead of this program, else what SQLite answers; the file
/// then stays at the last version that was reached.
pub(super) fn migrate(conn: &mut Connection, migrations: &[(&str, &str)]) -> Result<u32, DbError> {
    let mut applied = 0;
    for (index, (name, sql)) in migrations.iter().enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        if version(conn)? >= number {
            continue;
        }
        // Immediate: of two programs that start on one file, the second waits and then finds it done.
        let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        if version(&tx)? < number {
            tx.execute_batch(sql)?;
            tx.pragma_update(None, "user_version", number)?;
            applied += 1;
            tracing::debug!(migration = name, "migration applied");
        }
        tx.commit()?;
    }
    Ok(applied)
}

/// Refuses a file that is ahead of these migrations, before anything in it is touched.
pub(super) fn refuse_newer(conn: &Connection, migrations: &[(&str, &str)]) -> Result<(), DbError> {
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    match version(conn)? {
        found if found > known => Err(DbError::Newer { found, known }),
        _ => Ok(()),
    }
}

fn version(conn: &Connection) -> Result<u32, DbError> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
