//! Budgets are made, changed, deleted and shown.

use std::sync::Arc;

use super::amounts::Amounts;
use super::budget::{BUDGETS_MAX, Budget, BudgetChange, NewBudget, Origin};
use super::error::BudgetError;
use super::handle::Budgets;
use super::meter::Key;
use super::store;
use super::window::Window;
use crate::audit::{self, Entry};
use crate::db::DbError;
use crate::identity::{Made, Principal, RequestKey, once};
use crate::protocol::ids::{BudgetId, TenantId};

/// A budget with its count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BudgetState {
    /// The budget.
    pub budget: Budget,
    /// The count of now; `None` where each thread or turn has its own.
    pub count: Option<Count>,
}

/// What was spent in a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// The window.
    pub window: Window,
    /// What was settled.
    pub spent: Amounts,
    /// What calls that run have reserved.
    pub reserved: Amounts,
}

impl Budgets {
    /// Every budget: those that somebody made, those of tokens, and the settings' own.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<BudgetState>, BudgetError> {
        let read =
            self.inner.db.read(tenant, |read| Ok::<_, DbError>((store::all(read)?, store::of_tokens(read)?)));
        let (mut budgets, tokens) = read.await?;
        budgets.extend(tokens);
        budgets.extend(self.inner.state.lock().settings().map(|budget| Budget::clone(budget)));
        Ok(budgets.into_iter().map(|budget| self.state_of(tenant, budget)).collect())
    }

    /// One budget.
    ///
    /// # Errors
    /// [`BudgetError::NotFound`], or what the store answers.
    pub async fn get(&self, tenant: &TenantId, id: BudgetId) -> Result<BudgetState, BudgetError> {
        let all = self.list(tenant).await?;
        all.into_iter().find(|state| state.budget.id == id).ok_or(BudgetError::NotFound)
    }

    /// Makes a budget. It counts from now on.
    ///
    /// # Errors
    /// [`BudgetError`]; then nothing is stored.
    pub async fn create(
        &self,
        by: &Principal,
        new: NewBudget,
        key: Option<RequestKey>,
    ) -> Result<Made<BudgetState>, BudgetError> {
        let now_ms = self.now_ms();
        let budget = new.into_budget(now_ms)?;
        let told = told(by, "budget.created", &budget);
        let write = self.inner.db.write(&by.tenant, move |tx| {
            once(tx, key.as_ref(), now_ms, |tx| {
                if store::count(tx)? >= BUDGETS_MAX {
                    return Err(BudgetError::TooMany);
                }
                if !store::subject_exists(tx, budget.subject)? {
                    return Err(BudgetError::NoSubject);
                }
                store::insert(tx, &budget)?;
                audit::append(tx, told)?;
                Ok(budget)
            })
        });
        let made = write.await?;
        self.reload(&by.tenant).await?;
        Ok(Made { thing: self.state_of(&by.tenant, made.thing), repeated: made.repeated })
    }

    /// Changes a budget, if it still has this version where one is given. What was spent stays.
    ///
    /// # Errors
    /// [`BudgetError`]; then nothing changed.
    pub async fn update(
        &self,
        by: &Principal,
        id: BudgetId,
        version: Option<i64>,
        change: BudgetChange,
    ) -> Result<BudgetState, BudgetError> {
        self.own(&by.tenant, id).await?;
        let (now_ms, changer) = (self.now_ms(), by.clone());
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let changed = current(store::by_id(tx, id)?, version)?.changed(change, now_ms)?;
            store::update(tx, &changed)?;
            audit::append(tx, told(&changer, "budget.changed", &changed))?;
            Ok::<_, BudgetError>(changed)
        });
        let changed = write.await?;
        self.reload(&by.tenant).await?;
        Ok(self.state_of(&by.tenant, changed))
    }

    /// Deletes a budget with its counts.
    ///
    /// # Errors
    /// [`BudgetError`]; then it is still there.
    pub async fn delete(
        &self,
        by: &Principal,
        id: BudgetId,
        version: Option<i64>,
    ) -> Result<(), BudgetError> {
        self.own(&by.tenant, id).await?;
        let deleter = by.clone();
        let write = self.inner.db.write(&by.tenant, move |tx| {
            let found = current(store::by_id(tx, id)?, version)?;
            store::delete(tx, id)?;
            Ok::<_, BudgetError>(audit::append(tx, told(&deleter, "budget.deleted", &found))?)
        });
        write.await?;
        self.reload(&by.tenant).await?;
        if let Some(meter) = self.inner.state.lock().meters.get_mut(&by.tenant) {
            meter.forget(|key| key.budget == id);
        }
        Ok(())
    }

    /// Budgets of tokens and of the settings are changed where they are from.
    async fn own(&self, tenant: &TenantId, id: BudgetId) -> Result<(), BudgetError> {
        match self.get(tenant, id).await?.budget.origin {
            Origin::Own => Ok(()),
            Origin::Token => Err(BudgetError::Foreign("an API token")),
            Origin::Settings => Err(BudgetError::Foreign("the settings, section [budgets]")),
        }
    }

    async fn reload(&self, tenant: &TenantId) -> Result<(), DbError> {
        let budgets = self.inner.db.read(tenant, store::all).await?;
        let budgets = budgets.into_iter().map(Arc::new).collect();
        self.inner.state.lock().own.insert(tenant.clone(), budgets);
        Ok(())
    }

    fn state_of(&self, tenant: &TenantId, budget: Budget) -> BudgetState {
        let window = budget.period.window(self.now_ms());
        let key = Key { budget: budget.id, instance: [0; 16], window };
        let count = budget.subject.is_one().then(|| {
            let state = self.inner.state.lock();
            let counter = state.meters.get(tenant).map(|meter| meter.get(&key)).unwrap_or_default();
            Count { window, spent: counter.spent, reserved: counter.reserved }
        });
        BudgetState { budget, count }
    }
}

fn current(found: Option<Budget>, version: Option<i64>) -> Result<Budget, BudgetError> {
    let found = found.ok_or(BudgetError::NotFound)?;
    match version {
        Some(version) if version != found.version => Err(BudgetError::Stale),
        _ => Ok(found),
    }
}

/// What the audit is told.
fn told(by: &Principal, action: &'static str, budget: &Budget) -> Entry {
    let limits = budget.limits.each().map(|(what, limit)| what.show(limit)).collect::<Vec<_>>().join(", ");
    Entry::done("budgets", by.source(), action)
        .on(budget.id.to_string())
        .with("name", budget.name.as_str())
        .with("subject", budget.subject.to_string())
        .with("period", budget.period.as_str())
        .with("limits", limits)
        .with("version", budget.version)
}
