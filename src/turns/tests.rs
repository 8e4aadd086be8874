//! The ledger over a real store in a temporary folder.

mod ending;
mod history;
mod housekeeping;
mod streams;
mod support;
mod taking_in;
mod tenants;
