//! Coding CLIs as backends: programs that bring an agent of their own, spoken to over their standard streams.
//!
//! What was seen of the real programs is in `coders/README.md`.
//!
//! | file | what |
//! |---|---|
//! | `dialect` | what every CLI's protocol is to the rest: lines in and out, events up. No process, no clock |
//! | `claude` | the dialect of Claude Code |
//! | `codex` | the dialect of Codex |
//! | `acp` | the dialect of the Agent Client Protocol: Gemini CLI, OpenCode, Copilot, any other |
//! | `rpc` | JSON-RPC by lines: ids, replies, open questions, tools that begin and end once |
//! | `programs` | what each program is called, where it is, how it is started, and who speaks its dialect |
//! | `door` | the way out of a CLI: a loopback address with a token of its own |
//! | `port` | how a program comes to life, which the sandbox implements |
//! | `desk` · `session` | the sessions that live · what turns and sessions tell each other |
//! | `life` · `beginning` · `alive` | one life of a session's actor · how its program begins · the program with its streams |
//! | `store` | which session a thread has |
//!
//! **Invariant:** a dialect decides nothing: whether a tool may run is a question that goes up, and only an answer goes down.
//! **Invariant:** a program's environment is made of nothing; the credential of its provider is never in it.
//! **Invariant:** no program outlives its session's actor, and nothing that a program started outlives the program.

mod acp;
mod alive;
mod beginning;
mod claude;
mod codex;
mod desk;
mod dialect;
mod door;
mod life;
mod port;
mod programs;
mod rpc;
mod session;
mod store;

pub use desk::Coders;
pub use dialect::{Ask, Decision, Dialect, Ending, Event, Opening, Out, ToolKind, ToolUse, Went};
pub use door::{Door, Passage, Visitor};
pub use port::{Reach, RunPrograms, Running, Spec, Started};
pub use session::{SessionKey, Talk, Wish};
