//! Sessions: the live side of threads.
//!
//! A session is a *lane* (owns the order of a thread's turns) with at most one *turn*
//! below it (runs the model). The lane is a child of its tenant's `sessions` supervisor,
//! which restarts it, slows it down and quarantines it; the turn is a child of the lane
//! and is never restarted: a crash costs that turn and nothing else.
//!
//! **Invariant:** what must survive is in the ledger before anybody hears of it. A lane
//! that starts reads its unfinished turns back and resumes or ends each of them.
//! **Invariant:** a session that rests has no actor. The directory starts one when a
//! message comes and puts idle ones to sleep.

mod clock;
mod directory;
mod endings;
mod factory;
mod hold;
mod lane;
mod limits;
mod recorder;
mod recovery;
mod retry;
mod slot;
mod stop;
mod submission;
mod sweeper;
mod turn;

#[cfg(test)]
mod tests;

pub use directory::{OpenError, OpenLane, Opened, SessionDirectory, SessionView, StopOutcome};
pub use factory::{LaneFactory, LaneKey, TreeOpener};
pub use limits::SessionLimits;
pub use recovery::{Recovery, recover};
pub use sweeper::sweep_idle;

use std::sync::Arc;

use crate::ports::keep_ledger::KeepLedger;
use crate::ports::run_turn::RunTurn;
use crate::ports::watch_session::WatchSession;

/// What sessions may do to the world.
#[derive(Clone)]
pub struct SessionPorts {
    /// Writes what must survive.
    pub ledger: Arc<dyn KeepLedger>,
    /// Reaches models and tools.
    pub runner: Arc<dyn RunTurn>,
    /// Hears when they wake and rest.
    pub watch: Arc<dyn WatchSession>,
}

/// What every lane and turn of a daemon shares.
pub(crate) struct SessionShared {
    pub(crate) ports: SessionPorts,
    pub(crate) limits: SessionLimits,
    pub(crate) stops: stop::StopTable,
    pub(crate) holds: hold::Holds,
}
