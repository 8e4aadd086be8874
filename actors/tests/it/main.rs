//! Tests of the actors that need a whole tree.

mod otp;
