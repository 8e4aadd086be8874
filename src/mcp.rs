#![doc = include_str!("mcp/README.md")]

mod connection;
mod context;
mod desk;
mod error;
mod import;
mod life;
mod live;
mod offer;
mod process;
mod render;
mod server;
mod source;
mod store;
mod tool;
mod wire;

pub use desk::{McpServers, McpView};
pub use error::McpError;
pub use import::{Imported, McpImport};
pub use live::{LiveView, LogLine, ServerState, Standing, StandingTool};
pub use offer::FoundTool;
pub use process::{NoProcesses, ProcessWish, StartProcess, StartedProcess};
pub use server::{McpServer, NewServer, SERVERS_MAX, ServerChange, Transport};
pub use source::McpTools;

#[cfg(test)]
mod tests;
