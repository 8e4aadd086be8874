//! Budgets as their users see them.

mod counting;
mod desks;
mod lives;
mod reserving;
mod support;
mod windows;
