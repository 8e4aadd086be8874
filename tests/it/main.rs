//! One binary for every integration test: the rules of the code, then the real daemon.

#![allow(unreachable_pub, missing_docs, reason = "a test binary has no public face")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that meets the unexpected fails, and says what it skips"
)]

mod anthropic_sdk;
mod architecture;
mod browser;
mod channel_commands;
mod channels;
mod cli;
mod coders;
mod conversation;
mod experiments;
mod faults;
mod fuzzed_api;
mod hands;
mod hooks;
mod indexed_files;
mod mcp;
mod nothing_lost;
mod notifications;
mod openai_sdk;
mod planted;
mod plugs;
mod processes;
mod readme;
mod sandbox;
mod schedules;
mod search;
mod semantic;
mod siblings_live;
mod support;
mod tls;
mod trust;
mod vault;
mod webhooks;
