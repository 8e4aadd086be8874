//! The store as its users see it: durability, isolation, failure and recovery.

mod copies;
mod failures;
pub(super) mod faults;
mod files;
mod jobs;
mod lives;
mod reading;
mod scoping;
mod support;
