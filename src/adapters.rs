//! Adapters: the implementations of the actors' ports, the complete list of what actors may do.

pub mod knowledge;
pub mod ledger;
pub mod processes;
pub mod turns;
