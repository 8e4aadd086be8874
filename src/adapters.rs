//! Adapters: the implementations of the actors' ports, the complete list of what actors may do.

pub mod knowledge;
pub mod ledger;
pub mod mcp;
pub mod mcp_programs;
pub mod processes;
pub mod turns;
pub mod webhooks;
