//! The vault as a whole, over a real store.

mod life;
mod secrets;
pub(super) mod support;

pub(super) use support::Faults;
