//! A store with budgets, and calls of a model that costs a dollar per million tokens in and two out.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

use crate::backends::Prices;
use crate::budgets::{Budget, Budgets, Estimate, Limits, NewBudget, Period, Scope, Subject};
use crate::config::{BudgetsConfig, Config, Sources};
use crate::db::{Db, DbOptions, WriterRun};
use crate::identity::Principal;
use crate::protocol::ids::{TenantId, ThreadId, TurnId};
use crate::telemetry::Metrics;

/// 2026-11-21, noon.
pub(super) const NOON: i64 = 1_795_262_400_000;

pub(super) struct Till {
    pub(super) db: Db,
    pub(super) budgets: Budgets,
    pub(super) metrics: Metrics,
    pub(super) now_ms: Arc<AtomicI64>,
    run: WriterRun,
    folder: TempDir,
}

pub(super) fn home() -> &'static TenantId {
    static HOME: std::sync::LazyLock<TenantId> = std::sync::LazyLock::new(TenantId::home);
    &HOME
}

pub(super) fn owner() -> Principal {
    Principal::owner(TenantId::home())
}

/// A stateless call of the priced model.
pub(super) fn call() -> Scope {
    Scope::new(TenantId::home(), "owner").calling("cloud", "priced")
}

/// A call of a turn.
pub(super) fn turn_call() -> Scope {
    Scope { thread: Some(ThreadId::new()), turn: Some(TurnId::new()), ..call() }
}

pub(super) const fn needs(input: u64, output: u64) -> Estimate {
    Estimate { input_tokens: input, output_tokens: Some(output) }
}

pub(super) fn tokens(limit: u64) -> Limits {
    Limits { tokens: Some(limit), ..Limits::default() }
}

pub(super) fn dollars(usd: f64) -> Limits {
    Limits { cost_nano: crate::budgets::nano(usd), ..Limits::default() }
}

fn prices() -> Prices {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let text =
        "[backends.cloud]\nkind = \"openai\"\n[backends.cloud.prices.priced]\ninput = 1.0\noutput = 2.0\n";
    std::fs::write(&path, text).unwrap();
    Prices::new(&Config::load(&Sources::none().file(&path)).unwrap().backends)
}

impl Till {
    pub(super) async fn new() -> Self {
        Self::with(BudgetsConfig { turn_wall_s: 0, turn_tool_calls: 0, ..BudgetsConfig::default() }).await
    }

    pub(super) async fn with(config: BudgetsConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(folder, Arc::new(AtomicI64::new(NOON)), config).await
    }

    async fn at(folder: TempDir, now_ms: Arc<AtomicI64>, config: BudgetsConfig) -> Self {
        let db = Db::open(folder.path().join("data/capuchin.db"), DbOptions::default()).unwrap();
        let run = db.start_writer().unwrap();
        let (metrics, clock) = (Metrics::new(), Arc::clone(&now_ms));
        let budgets = Budgets::open_with_clock(
            db.clone(),
            prices(),
            metrics.clone(),
            config,
            Arc::new(move || clock.load(Ordering::SeqCst)),
        );
        Self { budgets: budgets.await.unwrap(), db, metrics, now_ms, run, folder }
    }

    /// A crash: what is only in memory is lost, and the next life begins.
    pub(super) async fn crash(self) -> Self {
        let Self { db, budgets, metrics: _, now_ms, run, folder } = self;
        // Whatever is queued has reached the disk, as a kernel would have it; nothing else is written.
        run.stop().await.unwrap();
        drop((db, budgets));
        let config = BudgetsConfig { turn_wall_s: 0, turn_tool_calls: 0, ..BudgetsConfig::default() };
        Self::at(folder, now_ms, config).await
    }

    pub(super) async fn make(&self, name: &str, subject: Subject, period: Period, limits: Limits) -> Budget {
        let new = NewBudget { name: name.to_owned(), subject, period, limits };
        self.budgets.create(&owner(), new, None).await.unwrap().thing.budget
    }

    /// Tokens spent and reserved of a budget.
    pub(super) async fn tokens_of(&self, budget: &Budget) -> (u64, u64) {
        let count = self.budgets.get(home(), budget.id).await.unwrap().count.unwrap();
        (count.spent.tokens, count.reserved.tokens)
    }
}
