//! Coding CLIs as backends: programs that bring an agent of their own, spoken to over their standard streams.
//!
//! | file | what |
//! |---|---|
//! | `dialect` | what every CLI's protocol is to the rest: lines in and out, events up. No process, no clock |
//! | `codex` | the dialect of Codex |
//! | `acp` | the dialect of the Agent Client Protocol: Gemini CLI, OpenCode, Copilot, any other |
//! | `launch` | how each program is started: arguments, environment, files |
//! | `rpc` | JSON-RPC by lines: ids, replies, open questions, tools that begin and end once |
//!
//! **Invariant:** a dialect decides nothing: whether a tool may run is a question that goes up, and only an answer goes down.

mod acp;
mod codex;
mod dialect;
mod launch;
mod rpc;

pub use acp::{ANY, Acp, COPILOT, GEMINI, OPENCODE, Quirks};
pub use codex::Codex;
pub use dialect::{Ask, Decision, Dialect, Ending, Event, Opening, Out, ToolKind, ToolUse, Went};
pub use launch::{Cli, Launch, Wanted};
