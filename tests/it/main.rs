//! One binary for every integration test: the rules of the code, then the real daemon.

mod architecture;
mod cli;
mod openai_sdk;
mod readme;
#[allow(dead_code, reason = "the harness serves tests that are wired one by one")]
mod support;
