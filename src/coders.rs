//! Coding CLIs as backends: programs that bring an agent of their own, spoken to over their standard streams.
//!
//! | file | what |
//! |---|---|
//! | `dialect` | what every CLI's protocol is to the rest: lines in and out, events up. No process, no clock |
//!
//! **Invariant:** a dialect decides nothing: whether a tool may run is a question that goes up, and only an answer goes down.

mod dialect;

pub use dialect::{Ask, Decision, Dialect, Ending, Event, Opening, Out, ToolKind, ToolUse, Went};
