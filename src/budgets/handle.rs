//! The handle: which budgets a call belongs to, what is reserved, and how counts reach the store.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;

use super::amounts::{Amounts, Dimension, Limits};
use super::budget::{Budget, Origin, Subject};
use super::error::{Exceeded, Refusal};
use super::meter::{Instance, Key, Meter, Over};
use super::reservation::{Held, Hold, Reservation, TurnPass};
use super::scope::{Estimate, Scope};
use super::store;
use super::window::Period;
use crate::audit::{Audit, Entry, Outcome};
use crate::backends::Prices;
use crate::config::BudgetsConfig;
use crate::db::{Db, DbError};
use crate::notifications::{Happening, Notifications, Pattern, SourceType};
use crate::protocol::chat::Usage;
use crate::protocol::ids::{BudgetId, TenantId, TokenId};
use crate::telemetry::Metrics;

/// Time that is reserved for what nobody knows how long it takes.
const WALL_RESERVED_MS: u64 = 60_000;
/// The id of the settings' own limits.
pub(super) const SETTINGS: BudgetId = BudgetId::from_bytes([0; 16]);

/// The time of day in milliseconds since 1970. Tests bring their own.
pub(super) type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub struct Budgets {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) audit: Audit,
    pub(super) prices: Prices,
    metrics: Metrics,
    pub(super) config: BudgetsConfig,
    clock: Clock,
    pub(super) state: Mutex<State>,
    /// Who tells people that a budget is spent.
    notices: OnceLock<Notifications>,
}

/// Everything that a reservation needs; no disk.
#[derive(Default)]
pub(super) struct State {
    /// Written by [`Budgets::reload`]; at most `BUDGETS_MAX` per tenant.
    pub(super) own: HashMap<TenantId, Arc<[Arc<Budget>]>>,
    /// Tokens that were seen, with what they may spend. A token's budget never changes.
    tokens: HashMap<TokenId, Option<Arc<Budget>>>,
    /// The settings' own limits.
    settings: Option<Arc<Budget>>,
    pub(super) meters: HashMap<TenantId, Meter>,
    /// Turns that are over, whose counts can go.
    pub(super) over: Vec<(TenantId, Instance)>,
}

impl Budgets {
    /// Reads what the store knows. What calls of an earlier life had reserved counts as spent.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open(
        db: Db,
        prices: Prices,
        metrics: Metrics,
        config: BudgetsConfig,
    ) -> Result<Self, DbError> {
        Self::open_with_clock(db, prices, metrics, config, Arc::new(|| Timestamp::now().as_millisecond()))
            .await
    }

    pub(super) async fn open_with_clock(
        db: Db,
        prices: Prices,
        metrics: Metrics,
        config: BudgetsConfig,
        clock: Clock,
    ) -> Result<Self, DbError> {
        let mut state = State { settings: of_settings(&config).map(Arc::new), ..State::default() };
        let now_ms = clock();
        for tenant in db.read_system(store::tenants).await? {
            let loaded = db.write(&tenant, move |tx| {
                store::begin_life(tx)?;
                Ok::<_, DbError>((store::all(tx)?, store::counts(tx, now_ms)?))
            });
            let (budgets, counts) = loaded.await?;
            let meter = state.meters.entry(tenant.clone()).or_default();
            counts.into_iter().for_each(|(key, spent)| meter.load(key, spent));
            state.own.insert(tenant, budgets.into_iter().map(Arc::new).collect());
        }
        let (audit, state) = (Audit::new(db.clone()), Mutex::new(state));
        let notices = OnceLock::new();
        Ok(Self { inner: Arc::new(Inner { db, audit, prices, metrics, config, clock, state, notices }) })
    }

    /// Says who tells people that a budget is spent. The first one stays.
    pub fn tell(&self, notices: Notifications) {
        // silent-ok: it is set once per start
        let _ = self.inner.notices.set(notices);
    }

    fn notice(&self, tenant: &TenantId, pattern: Pattern, budget: &Budget, (title, body): (String, String)) {
        if let Some(notices) = self.inner.notices.get() {
            let happening = Happening::new(pattern, title).saying(body).to(SourceType::Budget, budget.id);
            notices.raise(tenant, happening);
        }
    }

    /// Reserves what a model call may need. Without budgets that apply it costs a look into a table; a call
    /// of a turn waits until the reservation is stored.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing is reserved.
    pub async fn reserve(&self, scope: &Scope, estimate: Estimate) -> Result<Reservation, Refusal> {
        self.know_token(scope).await?;
        let usage = estimate.usage(self.inner.config.output_tokens_default);
        let stateless = scope.turn.is_none();
        let ask = Amounts {
            turns: u64::from(stateless),
            tokens: usage.input_tokens.saturating_add(usage.output_tokens),
            wall_ms: if stateless { WALL_RESERVED_MS } else { 0 },
            ..Amounts::default()
        };
        let Some(held) = self.take(scope, ask, Some(usage))? else { return Ok(Reservation::unlimited()) };
        let reservation = Reservation::of_call(held, usage, stateless);
        if !stateless {
            self.flush_kept(&reservation).await?;
        }
        Ok(reservation)
    }

    /// Begins a turn: counts it, and measures its time until the pass is dropped.
    ///
    /// # Errors
    /// [`Refusal`]; then the turn must not run.
    pub async fn begin_turn(&self, scope: &Scope) -> Result<TurnPass, Refusal> {
        self.know_token(scope).await?;
        let wall_left = self.wall_left(scope);
        let ask = Amounts { turns: 1, wall_ms: WALL_RESERVED_MS, ..Amounts::default() };
        let Some(held) = self.take(scope, ask, None)? else { return Ok(TurnPass::unlimited()) };
        let reservation = Reservation::of_turn(held, scope.turn);
        self.flush_kept(&reservation).await?;
        Ok(TurnPass::new(reservation, wall_left))
    }

    /// Spends one tool call.
    ///
    /// # Errors
    /// [`Refusal`]; then the tool must not be called.
    pub async fn tool_call(&self, scope: &Scope) -> Result<(), Refusal> {
        self.know_token(scope).await?;
        let ask = Amounts { tool_calls: 1, ..Amounts::default() };
        let Some(held) = self.take(scope, ask, None)? else { return Ok(()) };
        let reservation = Reservation::of_tool_call(held);
        self.flush_kept(&reservation).await
    }

    pub(super) fn now_ms(&self) -> i64 {
        (self.inner.clock)()
    }

    // === What applies ===

    /// Reads what a token may spend when it is seen for the first time.
    async fn know_token(&self, scope: &Scope) -> Result<(), DbError> {
        let Some(token) = scope.token else { return Ok(()) };
        if self.inner.state.lock().tokens.contains_key(&token) {
            return Ok(());
        }
        let budget = self.inner.db.read(&scope.tenant, move |read| store::of_token(read, token)).await?;
        self.inner.state.lock().tokens.insert(token, budget.map(Arc::new));
        Ok(())
    }

    /// Reserves in every budget that the call belongs to; `None` when there is none.
    fn take(&self, scope: &Scope, mut ask: Amounts, call: Option<Usage>) -> Result<Option<Held>, Refusal> {
        let now_ms = self.now_ms();
        let mut state = self.inner.state.lock();
        let mut holds = state.holds(scope, now_ms);
        // The settings' limits keep no counts of what they do not limit: they live as long as the turn does.
        holds.retain(|hold| {
            hold.budget.is_kept() || hold.budget.limits.each().any(|(what, _)| ask.get(what) > 0)
        });
        if holds.is_empty() {
            return Ok(None);
        }
        let price = call.and_then(|_| self.inner.prices.of(&scope.backend, &scope.model));
        let in_dollars = holds.iter().find(|hold| hold.budget.limits.cost_nano.is_some());
        if let (Some(hold), Some(usage)) = (in_dollars, call) {
            let Some(price) = price else {
                self.inner.metrics.budgets.refused("no_price");
                return Err(Refusal::NoPrice {
                    budget: hold.budget.name.clone(),
                    backend: scope.backend.clone(),
                    model: scope.model.clone(),
                });
            };
            ask.cost_nano = price.cost_nano(usage);
        }
        let limits: Vec<(Key, Limits, bool)> =
            holds.iter().map(|hold| (hold.key, hold.budget.limits, hold.budget.is_kept())).collect();
        let meter = state.meters.entry(scope.tenant.clone()).or_default();
        match meter.reserve(&limits, ask) {
            Ok(reserved) => {
                self.inner.metrics.budgets.reserved();
                let tenant = scope.tenant.clone();
                Ok(Some(Held { budgets: self.clone(), tenant, holds, reserved, price }))
            }
            Err(over) => Err(self.refuse(scope, &holds, over)),
        }
    }

    fn refuse(&self, scope: &Scope, holds: &[Hold], over: Over) -> Refusal {
        self.inner.metrics.budgets.refused(over.what.as_str());
        let Some(hold) = holds.get(over.at) else { return Refusal::Store(DbError::NoRow) };
        let budget = &hold.budget;
        let exceeded = Exceeded {
            budget: budget.id,
            name: budget.name.clone(),
            subject: budget.subject,
            period: budget.period,
            what: over.what,
            limit: over.limit,
            spent: over.spent,
            reserved: over.reserved,
            asked: over.asked,
            resets_ms: hold.key.window.end_ms,
            remedy: remedy(budget, over.what),
        };
        if over.first {
            let entry = Entry::done("budgets", scope.source.as_str(), "budget.exceeded")
                .on(budget.id.to_string())
                .with_outcome(Outcome::Denied)
                .because(exceeded.to_string());
            self.inner.audit.note(&scope.tenant, entry);
            let title = format!("The budget {} is spent", budget.name);
            self.notice(&scope.tenant, Pattern::BudgetReached, budget, (title, exceeded.to_string()));
        }
        Refusal::Exceeded(Box::new(exceeded))
    }

    /// The time that is left to a turn in every budget that limits it.
    fn wall_left(&self, scope: &Scope) -> Option<Duration> {
        let now_ms = self.now_ms();
        let state = self.inner.state.lock();
        let left = |hold: &Hold| {
            let limit = hold.budget.limits.wall_ms?;
            let counter =
                state.meters.get(&scope.tenant).map(|meter| meter.get(&hold.key)).unwrap_or_default();
            Some(limit.saturating_sub(counter.spent.plus(counter.reserved).wall_ms))
        };
        state.holds(scope, now_ms).iter().filter_map(left).min().map(Duration::from_millis)
    }

    // === What came of it ===

    pub(super) fn settle(&self, held: &Held, spent: Amounts, turn_over: Option<Instance>) {
        let mut state = self.inner.state.lock();
        let meter = state.meters.entry(held.tenant.clone()).or_default();
        let mut near = Vec::new();
        for hold in &held.holds {
            meter.settle(&hold.key, held.reserved, spent);
            let found = meter.newly_near(&hold.key, &hold.budget.limits, self.inner.config.warn_percent);
            near.extend(found.map(|found| (Arc::clone(&hold.budget), found)));
        }
        if let Some(turn) = turn_over {
            let each: Vec<BudgetId> = held
                .holds
                .iter()
                .filter(|hold| hold.budget.subject == Subject::EachTurn)
                .map(|hold| hold.budget.id)
                .collect();
            meter.forget(|key| key.instance == turn && each.contains(&key.budget));
            if held.holds.iter().any(|hold| hold.budget.is_kept() && each.contains(&hold.budget.id)) {
                state.over.push((held.tenant.clone(), turn));
            }
        }
        drop(state);
        for (budget, (what, spent, limit)) in near {
            self.warn(&held.tenant, &budget, what, spent, limit);
        }
    }

    fn warn(&self, tenant: &TenantId, budget: &Budget, what: Dimension, spent: u64, limit: u64) {
        self.inner.metrics.budgets.warned();
        let reason = format!("{} of {} are spent", what.show(spent), what.show(limit));
        tracing::warn!(noticed = true, %tenant, budget = budget.name, "a budget is nearly spent: {reason}");
        let title = format!("The budget {} is nearly spent", budget.name);
        self.notice(tenant, Pattern::BudgetNear, budget, (title, reason.clone()));
        let entry = Entry::done("budgets", "system", "budget.nearly_spent").on(budget.id.to_string());
        self.inner.audit.note(tenant, entry.because(reason).with("name", budget.name.as_str()));
    }

    /// Waits until a reservation is in the store, where any of its counts is kept there.
    async fn flush_kept(&self, reservation: &Reservation) -> Result<(), Refusal> {
        match reservation.kept_tenant() {
            Some(tenant) => Ok(self.flush_tenant(&tenant).await?),
            None => Ok(()),
        }
    }
}

// === impl State ===

impl State {
    /// The counts that a call belongs to.
    pub(super) fn holds(&self, scope: &Scope, now_ms: i64) -> Vec<Hold> {
        let own = self.own.get(&scope.tenant).map(|own| own.iter()).into_iter().flatten();
        let token = scope.token.and_then(|token| self.tokens.get(&token)?.as_ref());
        own.chain(token)
            .chain(&self.settings)
            .filter_map(|budget| Some(Hold { key: budget.key(scope, now_ms)?, budget: Arc::clone(budget) }))
            .collect()
    }

    /// The settings' own limits.
    pub(super) fn settings(&self) -> Option<&Arc<Budget>> {
        self.settings.as_ref()
    }
}

fn of_settings(config: &BudgetsConfig) -> Option<Budget> {
    let limits = Limits {
        tool_calls: (config.turn_tool_calls > 0).then_some(config.turn_tool_calls),
        wall_ms: (config.turn_wall_s > 0).then(|| config.turn_wall_s.saturating_mul(1_000)),
        ..Limits::default()
    };
    limits.each().next()?;
    Some(Budget {
        id: SETTINGS,
        name: "settings".to_owned(),
        subject: Subject::EachTurn,
        period: Period::Total,
        limits,
        origin: Origin::Settings,
        version: 1,
        created_ms: 0,
        updated_ms: 0,
    })
}

fn remedy(budget: &Budget, what: Dimension) -> String {
    match (budget.origin, what) {
        (Origin::Own, _) => format!("`capuchin budget set '{}'` raises it", budget.name),
        (Origin::Token, _) => "make another token with a larger --budget-usd".to_owned(),
        (Origin::Settings, Dimension::Wall) => "the setting budgets.turn_wall_s raises it".to_owned(),
        (Origin::Settings, _) => "the setting budgets.turn_tool_calls raises it".to_owned(),
    }
}
