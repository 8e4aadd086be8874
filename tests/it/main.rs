//! One binary for every integration test: the rules of the code, then the real daemon.

mod architecture;
mod cli;
mod readme;
