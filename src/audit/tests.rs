//! The trail as its users and its enemies see it.

mod anchoring;
mod bursting;
mod chaining;
mod checking;
mod copies;
mod support;
mod tampering;
