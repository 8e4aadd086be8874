//! Ports: one small trait per need. They are all that an actor may do to the world.
//!
//! A port belongs to the actor that needs it, has at most five functions, and speaks
//! only words of `protocol`. The daemon hands implementations to actors in their
//! arguments; tests hand fakes.

pub mod carry;
pub mod keep_ledger;
pub mod keep_running;
pub mod run_process;
pub mod run_turn;
pub mod watch_session;
