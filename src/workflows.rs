//! What the system does: pure recipes over the product's words. No processes, no sockets.

pub mod conversation;
pub mod fence;
