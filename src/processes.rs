//! Processes that outlive a turn: started by people, programs and assistants, watched by many, kept with what they
//! said.
//!
//! | file | what |
//! |---|---|
//! | `process` | what is known of a process |
//! | `wish` | what is asked for, and the checked program that it becomes |
//! | `desk`, `starting` | what people, programs and assistants can do with them, within their rights |
//! | `records` | what their actors keep: rows, transcripts, what is live |
//! | `live`, `tape`, `screen` | the newest output of a process that runs, within its bound, for any number of peers |
//! | `channel` | bytes become text between characters and without secrets |
//! | `transcript` | everything that it said, as a file with byte offsets |
//! | `tools` | the tools with which a model uses them |
//!
//! **Invariant:** what ended stays ended: the first end of a process counts, and none is forgotten by a restart.
//! **Invariant:** memory is bounded in bytes for each process, whatever it says and however slowly a peer reads.
//! **Invariant:** what is kept and shown is text without its secrets, cut between characters.

mod channel;
mod desk;
mod error;
mod live;
mod process;
mod records;
mod screen;
mod starting;
mod store;
mod tape;
pub mod tools;
mod transcript;
mod wish;

pub use desk::{Processes, Recent};
pub use error::ProcessError;
pub use live::{Follower, Frame, Glance};
pub use process::{
    LABEL_CHARS_MAX, Process, ProcessFilter, ProcessKind, ProcessState, StatusWord, TASK_PREVIEW_CHARS,
};
pub use records::Records;
pub use screen::{Screen, ScreenLine, ScreenSpan};
pub use tape::Piece;
pub use transcript::Passage;
pub use wish::{Program, Wish};

#[cfg(test)]
mod tests;
