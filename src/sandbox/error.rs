//! Why a child was not started.

use std::io;
use std::path::PathBuf;

use super::layers::Layer;

/// Why a child was not started. Nothing of it runs.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The system cannot put up a wall that the settings ask for.
    #[error(
        "this system lacks a layer of the sandbox, {layer} ({reason}), so no program is run; to run programs without \
         it, set sandbox.allow_without = [\"{layer}\"] in config.toml"
    )]
    Missing {
        /// Which.
        layer: Layer,
        /// What the system said.
        reason: String,
    },
    /// A folder must not be given to a child.
    #[error("{} cannot be given to a program: {why}", path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// A folder cannot be looked at.
    #[error("{} cannot be given to a program", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The program cannot be run inside.
    #[error("{} cannot be run: {source}", program.display())]
    Program {
        /// Which.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The arguments and the environment are too long, or hold what cannot be passed on.
    #[error("the arguments are too long, or not text")]
    Arguments,
    /// The cage could not be put up this time.
    #[error("the sandbox could not be put up, at {step}: {error}")]
    Setup {
        /// The step of it.
        step: &'static str,
        /// What the system said.
        error: String,
    },
    /// The launcher could not be started or did not answer.
    #[error("the launcher of the sandbox could not be used")]
    Launcher(#[source] io::Error),
}
