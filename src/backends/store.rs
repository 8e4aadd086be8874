//! SQL of used tokens.

use crate::db::{DbError, TenantRead, TenantTx};

use super::usage::{ModelUsage, Tally, UsageKey};

/// Adds a tally to its row of a day (UTC, `2026-11-21`).
pub(super) fn add(tx: &mut TenantTx<'_>, day: &str, key: &UsageKey, tally: Tally) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO usage (tenant, day, principal, backend, model, calls, input_tokens, output_tokens,
                            cost_nano)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (tenant, day, principal, backend, model) DO UPDATE SET
             calls = calls + excluded.calls,
             input_tokens = input_tokens + excluded.input_tokens,
             output_tokens = output_tokens + excluded.output_tokens,
             cost_nano = cost_nano + excluded.cost_nano",
        &[
            &day,
            &key.principal.as_str(),
            &key.backend.as_str(),
            &key.model.as_str(),
            &tally.calls,
            &tally.input_tokens,
            &tally.output_tokens,
            &tally.cost_nano,
        ],
    )?;
    Ok(())
}

/// What each model was used for since a day (UTC), the dearest first, then the busiest.
pub(super) fn by_model(read: &TenantRead<'_>, since: &str, limit: usize) -> Result<Vec<ModelUsage>, DbError> {
    let sql = "SELECT backend, model, SUM(calls), SUM(input_tokens), SUM(output_tokens), SUM(cost_nano)
               FROM usage WHERE tenant = ?1 AND day >= ?2 GROUP BY backend, model
               ORDER BY 6 DESC, 3 DESC, 1, 2 LIMIT ?3";
    read.query_all(sql, &[&since, &limit], |row| {
        Ok::<_, DbError>(ModelUsage {
            backend: row.get(0)?,
            model: row.get(1)?,
            calls: row.get(2)?,
            input_tokens: row.get(3)?,
            output_tokens: row.get(4)?,
            cost_nano: row.get(5)?,
        })
    })
}
