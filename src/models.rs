//! Models: which ones there are, what they can do and cost, and who said so.
//!
//! | file | what |
//! |---|---|
//! | `model` | a model of (backend, provider, id), its state, who said what |
//! | `merge` | the one way in: what a report changes, by precedence. Pure |
//! | `baseline` | what the binary knows by itself |
//! | `table` | what everybody reads |
//! | `probe` · `backoff` | how often a backend is asked · and when again after a failure. Pure |
//! | `prober` | one life of asking a backend |
//! | `chain` | which models answer for an assistant, and when |
//! | `route` · `breaker` · `watch` | who is asked in which order · who is left out for a while · who is told. Pure |
//! | `health` · `routing` | how those who are called fare · the handle of all of it |
//! | `desk` · `asking` | the handle: what is read and reported · how backends are asked |
//!
//! Four write: the binary, a prober for each backend, calls that were answered, and whoever wants the list anew. All of
//! them hand in a [`Report`], which is merged within a transaction of the store's one writer and shown after its commit.
//! The table belongs to no actor: the registry of the tree only makes probers run, and its crash changes nothing here.
//!
//! **Invariant:** a list that could not be had, was empty or could not be stored takes nothing away.
//! **Invariant:** a model is taken away only by a whole list of its provider that lacks it; then it is `gone`, and comes back
//! with the next list that has it.
//! **Invariant:** the order of a chain is its own, so a model that is well again is first again; one that is left out is still asked
//! when nobody else answers.
//! **Invariant:** a backend with a default model is never without a model to pick.

mod asking;
mod backoff;
mod baseline;
mod breaker;
mod chain;
mod desk;
mod error;
mod health;
mod merge;
mod model;
mod probe;
mod prober;
mod route;
mod routing;
mod store;
mod table;
mod watch;

pub use asking::ProbeChange;
pub use breaker::Health;
pub use chain::{BadChain, Conditions, FALLBACKS_MAX, Link, Routing};
pub use desk::{ModelView, Models};
pub use error::ModelsError;
pub use health::{BackendHealth, LastFailure};
pub use merge::Report;
pub use model::{KnownModel, ModelKey, ModelState, Source};
pub use probe::{EVERY_S_MAX, EVERY_S_MIN, ProbeKey, ProbeState, ProbeView};
pub use route::Need;
pub use routing::Candidate;

#[cfg(test)]
mod tests;
