#![doc = include_str!("README.md")]

pub use capuchin_actors::protocol;

// Substrate: mechanisms with no product word in them.
pub mod audit;
pub mod config;
pub mod db;
pub mod egress;
pub mod extensions;
pub mod policy;
pub mod redaction;
pub mod sandbox;
pub mod search;
pub mod telemetry;
// Product: what the system knows.
pub mod approvals;
pub mod assistants;
pub mod backends;
pub mod budgets;
pub mod certificates;
pub mod channels;
pub mod coders;
pub mod experiments;
pub mod guard;
pub mod identity;
pub mod mcp;
pub mod memory;
pub mod models;
pub mod notifications;
pub mod processes;
pub mod recall;
pub mod schedules;
pub mod semantic;
pub mod skills;
pub mod tools;
pub mod turns;
pub mod user_model;
pub mod vault;
pub mod webhooks;
pub mod workspaces;
// What it does, and what actors may do.
pub mod adapters;
pub mod workflows;
// The composition root and the edge.
pub mod cli;
pub mod daemon;
pub mod http;
pub mod web;
