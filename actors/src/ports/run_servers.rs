//! `RunServers`: which tool servers shall run, and one life of one of them.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::protocol::ids::TenantId;

/// One server: the argument of its child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name, unique in the tenant.
    pub name: Arc<str>,
}

/// A server that shall run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WantedServer {
    /// Its name: the id of its child.
    pub name: Arc<str>,
    /// Another value means that a new life has to begin: other settings, or somebody asked for it.
    pub revision: u64,
}

/// Why a life of a server ended, for people.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ServerEnded(pub String);

/// See the module.
pub trait RunServers: Send + Sync + 'static {
    /// The servers of a tenant that shall run.
    fn wanted(&self, tenant: &TenantId) -> BoxFuture<'static, Result<Vec<WantedServer>, ServerEnded>>;

    /// Resolves once `wanted` may have another answer. A change between two calls counts for the second.
    fn changed(&self, tenant: &TenantId) -> BoxFuture<'static, ()>;

    /// One life of a server: connects, and stays until it ends or `stop` is cancelled. `Ok` only after `stop`.
    /// Dropping the future ends everything that it started.
    fn run(&self, server: ServerKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), ServerEnded>>;

    /// The child of this server does not run and its supervisor does not start it again by itself.
    fn is_down(&self, server: &ServerKey, why: &str);
}
