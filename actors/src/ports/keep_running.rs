//! `KeepRunning`: which things shall run (tool servers, chat channels), and one life of one of them.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::protocol::ids::TenantId;

/// One of them: the argument of its child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name, unique in the tenant.
    pub name: Arc<str>,
}

/// One that shall run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Its name: the id of its child.
    pub name: Arc<str>,
    /// Another value means that a new life has to begin: other settings, or somebody asked for it.
    pub revision: u64,
}

/// Why a life ended, for people.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Ended(pub String);

/// See the module.
pub trait KeepRunning: Send + Sync + 'static {
    /// Those of a tenant that shall run.
    fn wanted(&self, tenant: &TenantId) -> BoxFuture<'static, Result<Vec<Wanted>, Ended>>;

    /// Resolves once `wanted` may have another answer. A change between two calls counts for the second.
    fn changed(&self, tenant: &TenantId) -> BoxFuture<'static, ()>;

    /// One life: connects, and stays until it ends or `stop` is cancelled. `Ok` only after `stop`.
    /// Dropping the future ends everything that it started.
    fn run(&self, which: KeptKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), Ended>>;

    /// The child of this one does not run and its supervisor does not start it again by itself.
    fn is_down(&self, which: &KeptKey, why: &str);
}
