//! Tokens of calls that store nothing else, counted in memory and written in batches.
//!
//! Called by the `/v1` face for every stateless call; durable turns count theirs when they settle. A crash
//! loses at most the last second of counts, never a message.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::prices::Prices;
use super::store;
use crate::audit::{self, Burst, Bursts, Entry};
use crate::db::{Db, DbError};
use crate::protocol::chat::Usage;
use crate::protocol::ids::TenantId;

/// How often counts are written.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// Most rows between two writes. A model is named by callers, so what is beyond this is counted together.
const ROWS_MAX: usize = 10_000;
/// Calls of one key are told to the audit at once, and then counted for so long.
const TOLD_EVERY_MS: i64 = 3_600_000;
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

/// What a model was used for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModelUsage {
    /// The backend.
    pub backend: String,
    /// The model.
    pub model: String,
    /// Calls.
    pub calls: u64,
    /// Tokens of prompts.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: u64,
    /// What they cost as far as that is known, in billionths of a dollar.
    pub cost_nano: u64,
}

/// What was used under one key.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Tally {
    pub(super) calls: u64,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cost_nano: u64,
}

type Tallies = HashMap<UsageKey, Tally>;

/// See the module. A cheap clone.
#[derive(Clone)]
pub struct UsageRecorder {
    db: Db,
    prices: Prices,
    /// Written by calls, emptied by [`UsageRecorder::flush`]; at most `ROWS_MAX` and one per principal and backend.
    tallies: Arc<Mutex<Tallies>>,
    /// What the audit is told: the first call of an hour at once, the rest of it as one entry.
    told: Arc<Mutex<Bursts<UsageKey, Tally>>>,
}

impl UsageRecorder {
    /// A recorder without counts. Somebody has to run it.
    #[must_use]
    pub fn new(db: Db) -> Self {
        let told = Arc::new(Mutex::new(Bursts::new(TOLD_EVERY_MS)));
        Self { db, prices: Prices::default(), tallies: Arc::default(), told }
    }

    /// The same, which also knows what calls cost.
    #[must_use]
    pub fn with_prices(self, prices: Prices) -> Self {
        Self { prices, ..self }
    }

    /// Counts one call. Waits for nothing.
    pub fn record(&self, key: UsageKey, usage: Usage) {
        let tally = Tally {
            calls: 1,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cost_nano: self.prices.cost_nano(&key.backend, &key.model, usage).unwrap_or(0),
        };
        add(&mut self.tallies.lock(), key, tally);
    }

    /// What each model was used for in the last `days`, today among them: the dearest first, at most `limit` of them. What was
    /// counted in the last second may be missing.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn by_model(
        &self,
        tenant: &TenantId,
        days: u32,
        limit: usize,
    ) -> Result<Vec<ModelUsage>, DbError> {
        let back = jiff::SignedDuration::from_hours(24 * i64::from(days.saturating_sub(1)));
        let since = jiff::Timestamp::now().checked_sub(back).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let since = since.strftime("%Y-%m-%d").to_string();
        self.db.read(tenant, move |read| store::by_model(read, &since, limit)).await
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
        let (mut outcome, mut firsts) = (Ok(()), Vec::new());
        for (tenant, rows) in by_tenant {
            let (day, batch) = (day.clone(), rows.clone());
            let written = self.db.write(&tenant, move |tx| {
                batch.iter().try_for_each(|(key, tally)| store::add(tx, &day, key, *tally))
            });
            match written.await {
                Ok(()) => firsts.extend(self.count_for_the_audit(rows)),
                Err(error) => {
                    let mut tallies = self.tallies.lock();
                    rows.into_iter().for_each(|(key, tally)| add(&mut tallies, key, tally));
                    outcome = outcome.and(Err(error));
                }
            }
        }
        outcome.and(self.tell(firsts, false).await)
    }

    /// Counts what was written, and answers what is the first of its hour.
    fn count_for_the_audit(&self, rows: Vec<(UsageKey, Tally)>) -> Vec<Burst<UsageKey, Tally>> {
        let now_ms = jiff::Timestamp::now().as_millisecond();
        let mut told = self.told.lock();
        rows.into_iter().filter_map(|(key, tally)| told.count(key, tally, now_ms, Tally::add)).collect()
    }

    /// Tells the audit of the first calls of an hour, and of the rest when it is over or the daemon ends.
    async fn tell(&self, mut due: Vec<Burst<UsageKey, Tally>>, end: bool) -> Result<(), DbError> {
        due.extend(self.told.lock().due(jiff::Timestamp::now().as_millisecond(), end));
        let mut by_tenant: HashMap<TenantId, Vec<Entry>> = HashMap::new();
        for burst in due {
            by_tenant.entry(burst.key.tenant.clone()).or_default().push(entry(&burst));
        }
        let mut outcome = Ok(());
        for (tenant, entries) in by_tenant {
            let written = self
                .db
                .write(&tenant, move |tx| entries.into_iter().try_for_each(|entry| audit::append(tx, entry)));
            outcome = outcome.and(written.await);
        }
        outcome
    }

    /// Writes every second, and once more when told to stop. For the supervision tree.
    pub async fn run(self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(FLUSH_EVERY)).await.is_some() {
            self.flush_or_warn().await;
        }
        self.flush_or_warn().await;
        if let Err(error) = self.tell(Vec::new(), true).await {
            tracing::warn!(%error, "the audit could not be told of the last stateless calls");
        }
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
    tallies.entry(key).or_default().add(tally);
}

/// What the audit is told of stateless calls: how many, never what was said.
fn entry(burst: &Burst<UsageKey, Tally>) -> Entry {
    let since = jiff::Timestamp::from_millisecond(burst.since_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Entry::done("gateway", burst.key.principal.as_str(), "model.called")
        .on(format!("{}/{}", burst.key.backend, burst.key.model))
        .with("calls", burst.sum.calls)
        .with("input_tokens", burst.sum.input_tokens)
        .with("output_tokens", burst.sum.output_tokens)
        .with("since", format!("{since:.0}"))
}

// === impl Tally ===

impl Tally {
    fn add(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cost_nano = self.cost_nano.saturating_add(other.cost_nano);
    }
}

#[cfg(test)]
mod tests;
