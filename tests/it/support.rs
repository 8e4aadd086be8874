//! What the tests of the real daemon share.

pub mod client;
pub mod daemon;
pub mod upstream;
