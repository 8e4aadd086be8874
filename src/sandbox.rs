#![doc = include_str!("sandbox/README.md")]

mod captured;
mod channel;
mod child;
mod door;
mod error;
mod handle;
mod layers;
mod leftovers;
mod places;
mod plan;
mod profile;
mod prove;
mod terminal;

#[cfg(target_os = "linux")]
mod cage;

pub use captured::Captured;
pub use child::{Child, Finished};
pub use door::Relay;
pub use error::SandboxError;
pub use handle::{Sandbox, SandboxOptions};
pub use layers::{Layer, LayerState, Layers};
pub use plan::{Ended, EndedBy};
pub use profile::{Command, Limits, Network, Profile, Stdin};
pub use terminal::Terminal;

/// What a process of this program becomes when the sandbox starts it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// The launcher: makes the namespaces and starts the cage's first process in them.
    Outer {
        /// Whether there are namespaces at all.
        namespaces: bool,
        /// Whether the network is one of them.
        own_network: bool,
        /// Whether that has a loopback interface.
        loopback: bool,
    },
    /// The cage's first process: puts up every wall, starts the program, watches it and takes in orphans.
    Inner,
    /// The self-test, inside of a cage.
    Probe,
}

/// Runs this process as a part of a cage, until its end. Must be called before anything starts a thread.
#[must_use]
pub fn run_stage(stage: Stage) -> std::process::ExitCode {
    #[cfg(target_os = "linux")]
    return cage::run(stage);
    #[cfg(not(target_os = "linux"))]
    {
        // silent-ok: only Linux has cages; `Sandbox::spawn` says so before this is ever run
        let _ = stage;
        std::process::ExitCode::FAILURE
    }
}
