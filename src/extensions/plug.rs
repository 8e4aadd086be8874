//! What a plug is.

use futures::future::BoxFuture;

use super::context::Context;

/// Code that runs at points of what the system does. It is made with its options and then called, from several places at
/// once, for as long as the pipelines that hold it are the ones of now.
pub trait Plug: Send + Sync + 'static {
    /// Its name: in reports, in injections, on the page.
    fn name(&self) -> &str;

    /// Looks at the context and gives it back, with whatever it has to say. It may be dropped at any `await`.
    fn call(&self, context: Context) -> BoxFuture<'_, Result<Context, PlugError>>;

    /// Whether its failure halts the point: it guards something. Most plugs are help, and are gone when they fail.
    fn guards(&self) -> bool {
        false
    }
}

/// Why a plug has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlugError {
    /// What it needs is not there or did not answer.
    #[error("{0}")]
    Unavailable(String),
    /// It was told something, or said something, that is not what was agreed.
    #[error("{0}")]
    Invalid(String),
    /// It took more than it may.
    #[error("it takes more than {0}")]
    TooMuch(String),
}
