//! The vault as a whole, over a real store.

mod support;

pub(super) use support::Faults;
