//! Tests of supervision that need a whole tree. Time is paused: waits cost nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails right there")]

mod declared;
mod dynamic;
mod operations;
mod otp;
mod shutdown;
mod support;
