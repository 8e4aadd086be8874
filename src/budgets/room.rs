//! What budgets leave, without reserving any of it: for who can choose between dearer and cheaper.

use super::handle::Budgets;
use super::reservation::Hold;
use super::scope::{Estimate, Scope};

impl Budgets {
    /// Billionths of a dollar that the tightest budget in dollars leaves to a call; `None` where no budget is in dollars.
    /// What is left now may be reserved by somebody else a moment later, so this lets nobody spend.
    #[must_use]
    pub fn nano_left(&self, scope: &Scope) -> Option<u64> {
        let now_ms = self.now_ms();
        let state = self.inner.state.lock();
        let left = |hold: &Hold| {
            let limit = hold.budget.limits.cost_nano?;
            let counter =
                state.meters.get(&scope.tenant).map(|meter| meter.get(&hold.key)).unwrap_or_default();
            Some(limit.saturating_sub(counter.spent.plus(counter.reserved).cost_nano))
        };
        state.holds(scope, now_ms).iter().filter_map(left).min()
    }

    /// Tokens that would be reserved for the answer of this call.
    #[must_use]
    pub fn output_tokens(&self, estimate: &Estimate) -> u64 {
        estimate.usage(self.inner.config.output_tokens_default).output_tokens
    }
}
