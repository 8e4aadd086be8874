//! Processes that outlive a turn: one supervised actor each.
//!
//! The actor is the loop of one process: it forwards orders, keeps reports, and ends it when somebody asks, when its
//! time is over or when it is stopped itself. It is a child of its tenant's `processes` supervisor. It is begun once:
//! an incarnation after a crash finds it begun, says that it is lost, and ends; the dropped run has ended the program.
//!
//! **Invariant:** killed stays killed: what the program answers to the signal changes nothing.
//! **Invariant:** the end is kept after everything that was said, and once.

mod directory;
mod factory;
mod pump;

#[cfg(test)]
mod tests;

pub use directory::{OpenProcess, OrderError, ProcessDirectory, StartRefused};
pub use factory::{ProcessFactory, ProcessOpener};

use std::sync::Arc;

use crate::ports::run_process::{KeepProcess, RunProcess};

/// What the actors of processes may do to the world.
#[derive(Clone)]
pub struct ProcessPorts {
    /// Starts programs.
    pub runner: Arc<dyn RunProcess>,
    /// Keeps what they say.
    pub keeper: Arc<dyn KeepProcess>,
}
