//! Tokens of calls that store nothing else, counted in memory and written in batches.
//!
//! Called by the `/v1` face for every stateless call; durable turns count theirs when they settle. A crash
//! loses at most the last second of counts, never a message.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::store;
use crate::db::{Db, DbError};
use crate::protocol::chat::Usage;
use crate::protocol::ids::TenantId;

/// How often counts are written.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Most rows between two writes. A model is named by callers, so what is beyond this is counted together.
const ROWS_MAX: usize = 10_000;
/// The model of what is beyond it.
const OTHER_MODELS: &str = "(other)";

/// Whose tokens they are.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UsageKey {
    /// The tenant.
    pub tenant: TenantId,
    /// `owner` or a token's id.
    pub principal: String,
    /// The backend that answered.
    pub backend: String,
    /// The model that answered.
    pub model: String,
}

/// What was used under one key.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Tally {
    pub(super) calls: u64,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

type Tallies = HashMap<UsageKey, Tally>;

/// See the module. A cheap clone.
#[derive(Clone)]
pub struct UsageRecorder {
    db: Db,
    /// Written by calls, emptied by [`UsageRecorder::flush`]; at most `ROWS_MAX` and one per principal and backend.
    tallies: Arc<Mutex<Tallies>>,
}

impl UsageRecorder {
    /// A recorder without counts. Somebody has to run it.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, tallies: Arc::default() }
    }

    /// Counts one call. Waits for nothing.
    pub fn record(&self, key: UsageKey, usage: Usage) {
        let tally = Tally { calls: 1, input_tokens: usage.input_tokens, output_tokens: usage.output_tokens };
        add(&mut self.tallies.lock(), key, tally);
    }

    /// Writes everything counted so far. What cannot be written is kept for the next time.
    ///
    /// # Errors
    /// The first that the store answers.
    pub async fn flush(&self) -> Result<(), DbError> {
        let tallies = std::mem::take(&mut *self.tallies.lock());
        let day = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        let mut by_tenant: HashMap<TenantId, Vec<(UsageKey, Tally)>> = HashMap::new();
        for (key, tally) in tallies {
            by_tenant.entry(key.tenant.clone()).or_default().push((key, tally));
        }
        let mut outcome = Ok(());
        for (tenant, rows) in by_tenant {
            let (day, batch) = (day.clone(), rows.clone());
            let written = self.db.write(&tenant, move |tx| {
                batch.iter().try_for_each(|(key, tally)| store::add(tx, &day, key, *tally))
            });
            if let Err(error) = written.await {
                let mut tallies = self.tallies.lock();
                rows.into_iter().for_each(|(key, tally)| add(&mut tallies, key, tally));
                outcome = outcome.and(Err(error));
            }
        }
        outcome
    }

    /// Writes every second, and once more when told to stop. For the supervision tree.
    pub async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(FLUSH_EVERY)).await.is_some() {
            self.flush_or_warn().await;
        }
        self.flush_or_warn().await;
    }

    async fn flush_or_warn(&self) {
        if let Err(error) = self.flush().await {
            tracing::warn!(%error, "used tokens could not be written; they are kept for the next try");
        }
    }
}

fn add(tallies: &mut Tallies, mut key: UsageKey, tally: Tally) {
    if tallies.len() >= ROWS_MAX && !tallies.contains_key(&key) {
        OTHER_MODELS.clone_into(&mut key.model);
    }
    let sum = tallies.entry(key).or_default();
    sum.calls = sum.calls.saturating_add(tally.calls);
    sum.input_tokens = sum.input_tokens.saturating_add(tally.input_tokens);
    sum.output_tokens = sum.output_tokens.saturating_add(tally.output_tokens);
}

#[cfg(test)]
mod tests;
