//! `[budgets]`: what one turn may take, and how budgets count. Budgets in dollars are not settings: make them
//! with `capuchin budget set`.

use serde::Deserialize;

use super::sections::Check;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetsConfig {
    /// Seconds of work that one turn may take. Default 600; 0 is no limit. A turn over it is stopped.
    pub turn_wall_s: u64,
    /// Tool calls that one turn may make. Default 100; 0 is no limit. A further one is refused.
    pub turn_tool_calls: u64,
    /// Tokens that are reserved for the answer of a call that does not limit it. Default 4,096. Too few let calls at
    /// the same time pass a limit together; too many refuse a call that would have fitted.
    pub output_tokens_default: u64,
    /// Percent of a limit at which the person is told. Default 80.
    pub warn_percent: u64,
}

impl Default for BudgetsConfig {
    fn default() -> Self {
        Self { turn_wall_s: 600, turn_tool_calls: 100, output_tokens_default: 4_096, warn_percent: 80 }
    }
}

impl BudgetsConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("budgets.turn_wall_s", self.turn_wall_s, 0, 86_400);
        check.within("budgets.turn_tool_calls", self.turn_tool_calls, 0, 1_000_000);
        check.within("budgets.output_tokens_default", self.output_tokens_default, 1, 10_000_000);
        check.within("budgets.warn_percent", self.warn_percent, 1, 100);
    }
}
