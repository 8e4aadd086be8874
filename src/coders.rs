//! Coding CLIs as backends: programs that bring an agent of their own, spoken to over their standard streams.
//!
//! | file | what |
//! |---|---|
//! | `dialect` | what every CLI's protocol is to the rest: lines in and out, events up. No process, no clock |
//! | `door` | the way out of a CLI: a loopback address with a token of its own |
//!
//! **Invariant:** a dialect decides nothing: whether a tool may run is a question that goes up, and only an answer goes down.

mod dialect;
mod door;

pub use dialect::{Ask, Decision, Dialect, Ending, Event, Opening, Out, ToolKind, ToolUse, Went};
pub use door::{Door, Passage, Visitor};
