#![doc = include_str!("budgets/README.md")]

mod amounts;
mod budget;
mod desk;
mod error;
mod handle;
mod keeping;
mod meter;
mod reservation;
mod room;
mod scope;
mod store;
mod window;

pub use amounts::{Amounts, Dimension, Limits, USD_MAX, nano, seconds, usd};
pub use budget::{BUDGETS_MAX, BadSubject, Budget, BudgetChange, NAME_CHARS_MAX, NewBudget, Origin, Subject};
pub use desk::{BudgetState, Count};
pub use error::{BudgetError, Exceeded, Refusal};
pub use handle::Budgets;
pub use reservation::{Reservation, TurnPass};
pub use scope::{Estimate, Scope};
pub use window::{Period, Window};

#[cfg(test)]
mod tests;
