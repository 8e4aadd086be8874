//! SQL of used tokens.

use crate::db::{DbError, TenantTx};

use super::usage::{Tally, UsageKey};

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
