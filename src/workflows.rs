//! What the system does: pure recipes over the product's words. No processes, no sockets.

pub mod agent;
pub mod compaction;
pub mod conversation;
pub mod enriched;
pub mod fence;
pub mod offer;
pub mod tool_calls;
