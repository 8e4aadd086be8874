//! Turns: the ledger of what was accepted, what was begun and what came of it, and its event log.
//!
//! [`Turns`] writes and reads the ledger. Every write queues its transaction at the call, in the order of
//! the calls. What a transaction logs reaches the [`EventHub`] once it is durable, so a [`ThreadStream`]
//! shows every event of a thread exactly once, in order, whenever it starts.
//!
//! **Invariant:** a turn has one last event, `done` or `error`, written with its terminal state.
//! **Invariant:** a turn is written by one life of the daemon at a time: the newest that began it.

mod data;
mod error;
mod history;
mod housekeeping;
mod hub;
mod injected;
mod ledger;
mod reads;
mod record;
mod store;
mod stream;

pub use error::TurnsError;
pub use history::{
    Compaction, History, HistoryLimits, OpenCall, OwnMessage, Said, has_read_untrusted, left_open, paired,
    turn_before,
};
pub use housekeeping::Pruned;
pub use hub::{EventHub, Missed, Subscription};
pub use injected::{Exchange, Injected, exchange, inject, known_keys, uninject};
pub use ledger::Turns;
pub use record::{StepRecord, TurnRecord};
pub use stream::ThreadStream;

#[cfg(test)]
mod tests;
