//! Sessions against a ledger in memory and a scripted runner, with paused time.

mod crash;
mod durable;
mod fakes;
mod journal;
mod limits;
mod recovery;
mod sleep;
mod stop;
mod waiting;
mod waking;
