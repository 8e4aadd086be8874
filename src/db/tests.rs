//! The store as its users see it: durability, isolation, failure and recovery.

pub(super) mod faults;
mod jobs;
mod support;
