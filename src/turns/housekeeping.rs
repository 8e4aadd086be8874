//! What the ledger throws away: pieces of answers that are stored whole, and old idempotency keys.

use crate::db::{DbError, SystemTx};

use super::error::TurnsError;
use super::ledger::Turns;
use super::store::reads::{prune_old_keys, prune_pieces};

/// How long pieces and keys are kept.
const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;
/// Rows deleted in one job, so that nobody waits long behind it.
const ROWS_PER_JOB: usize = 512;

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// `delta` and `thinking` events.
    pub events: usize,
    /// Idempotency keys.
    pub keys: usize,
}

// === impl Turns ===

impl Turns {
    /// Deletes `delta` and `thinking` events of turns that ended more than 24 hours before `now_ms`, and
    /// idempotency keys of that age, in small jobs between those of everybody else. A housekeeper calls it
    /// about once an hour; dropping the future ends it after the job that runs.
    ///
    /// # Errors
    /// What the store answers; what went before stays gone.
    pub async fn prune(&self, now_ms: i64) -> Result<Pruned, TurnsError> {
        let before_ms = now_ms - KEPT_MS;
        Ok(Pruned {
            events: self.delete(before_ms, prune_pieces).await?,
            keys: self.delete(before_ms, prune_old_keys).await?,
        })
    }

    async fn delete(
        &self,
        before_ms: i64,
        some: fn(&mut SystemTx<'_>, i64, usize) -> Result<usize, DbError>,
    ) -> Result<usize, DbError> {
        let mut all = 0;
        loop {
            let went = self.db().write_system(move |tx| some(tx, before_ms, ROWS_PER_JOB)).await?;
            all += went;
            if went < ROWS_PER_JOB {
                return Ok(all);
            }
        }
    }
}
