//! The command line: finds the home, talks to the daemon that lives there, or is that daemon.
//!
//! Data goes to stdout, talk to stderr. A running daemon is found by the lock of its home and reached
//! over its control socket with the same routes as the console; whoever may open that socket is the
//! owner. Commands decide nothing: they ask, and show the answer.

mod acp;
mod agent;
mod approvals;
pub mod args;
mod audit;
mod budget;
pub mod certs;
mod channel;
mod chat;
mod client;
mod commands;
mod config;
mod described;
mod detect;
mod doctor;
mod editor;
mod exit;
mod experiment;
mod extension;
mod jq;
mod kill_switch;
mod lifecycle;
mod link;
mod login;
mod mcp;
mod memory;
mod model;
mod notification;
mod output;
mod people;
mod place;
mod policy;
mod redact;
mod schedule;
mod search;
mod serve;
mod server;
mod skill;
mod sse;
mod status;
mod thread;
mod token;
mod tree;
mod typed;
mod user_model;
mod vault;
mod webhook;
mod wire;
mod workspace;

pub use commands::run;

#[cfg(test)]
mod tests;
