//! Adapters: the implementations of the actors' ports, the complete list of what actors may do.

pub mod channels;
pub mod coders;
pub mod experiments;
pub mod knowledge;
pub mod ledger;
pub mod mcp;
pub mod mcp_programs;
pub mod models;
pub mod processes;
pub mod schedules;
pub mod search;
pub mod sessions;
pub mod turns;
pub mod webhooks;
