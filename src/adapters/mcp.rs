//! `KeepRunning`: MCP servers of the store, each life of one a connection.

use std::sync::Arc;

use capuchin_actors::ports::keep_running::{Ended, KeepRunning, KeptKey, Wanted};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::mcp::McpServers;
use crate::protocol::ids::TenantId;

/// See the module.
pub struct ServerRuns(pub McpServers);

impl KeepRunning for ServerRuns {
    fn wanted(&self, tenant: &TenantId) -> BoxFuture<'static, Result<Vec<Wanted>, Ended>> {
        let (servers, tenant) = (self.0.clone(), tenant.clone());
        async move {
            let wanted = servers.wanted(&tenant).await.map_err(|error| Ended(error.to_string()))?;
            let wanted = wanted.into_iter();
            Ok(wanted.map(|(name, revision)| Wanted { name: Arc::from(name), revision }).collect())
        }
        .boxed()
    }

    fn changed(&self, tenant: &TenantId) -> BoxFuture<'static, ()> {
        let (servers, tenant) = (self.0.clone(), tenant.clone());
        async move { servers.changed(&tenant).await }.boxed()
    }

    fn run(&self, server: KeptKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), Ended>> {
        let servers = self.0.clone();
        async move { servers.live(&server.tenant, &server.name, &stop).await.map_err(Ended) }.boxed()
    }

    fn is_down(&self, server: &KeptKey, why: &str) {
        self.0.is_down(&server.tenant, &server.name, why);
    }
}
