//! What the tests of the real daemon share.

pub mod client;
pub mod daemon;
pub mod discord;
pub mod embeddings;
pub mod imap;
pub mod kinds;
pub mod mail;
pub mod mcp_program;
pub mod push;
pub mod shared;
pub mod slack;
pub mod telegram;
#[allow(dead_code, reason = "the unit tests of the backends share this file and use the rest")]
pub mod upstream;
pub mod whatsapp;
