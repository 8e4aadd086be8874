//! OTP supervision on ractor: who is alive, who restarts whom, and when to give up.
//!
//! Words and meaning are those of Erlang/OTP's `supervisor`. Children start one after the other
//! and stop in reverse; a start is synchronous and all or nothing; a child is restarted by its
//! restart type; restarts together are bounded by strategy, in number by intensity; a supervisor
//! that exceeds its intensity stops its children in order and ends, and the one above decides.
//!
//! Beyond OTP: a child that is restarted alone may have a restart budget of its own, with growing
//! waits; when it is spent, that child is quarantined and nobody else is touched. Trees are
//! declared in TOML, can be looked at while they run, and operated by path.
//!
//! Decisions are pure functions; the supervisor actor performs them. Nothing here knows what the
//! children do.

pub mod backoff;
pub mod budget;
pub mod child;
pub mod decision;
pub mod declaration;
mod duration;
pub mod error;
pub mod exit;
pub mod handle;
pub mod intensity;
pub mod nested;
mod node;
pub mod parse;
pub mod path;
pub mod render;
pub mod report;
mod requests;
mod restart;
pub mod snapshot;
pub mod spec;
mod stopping;
mod supervisor;
mod table;
pub mod tree;

pub use child::{Args, StartChild, StartContext, StartError, StartOutcome, Started};
pub use declaration::{Declaration, Factories};
pub use error::CallError;
pub use handle::SupervisorHandle;
pub use path::ActorPath;
pub use render::{render_declaration, render_tree};
pub use snapshot::{NodeState, NodeView, SnapshotLimits};
pub use spec::{ChildSpec, Restart, Shutdown, Strategy, SupervisorSpec};
pub use table::SelfEnd;
pub use tree::{RunningTree, TreeEnd, TreeHandle};
