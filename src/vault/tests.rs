//! The vault as a whole, over a real store.

mod life;
mod support;

pub(super) use support::Faults;
