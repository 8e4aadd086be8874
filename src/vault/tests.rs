//! The vault as a whole, over a real store.

mod life;
mod secrets;
mod support;

pub(super) use support::Faults;
