//! The shared words: what actors, ports, product and faces say to each other.
//!
//! Plain data without behaviour beyond parsing and printing. Nothing here knows
//! an actor, a table or a transport.

pub mod chat;
pub mod event;
pub mod ids;
pub mod journal;
pub mod model;
pub mod process;
pub mod remote;
pub mod turn;
