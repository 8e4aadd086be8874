//! `RunServers`: MCP servers of the store, each life of one a connection.

use std::sync::Arc;

use capuchin_actors::ports::run_servers::{RunServers, ServerEnded, ServerKey, WantedServer};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::mcp::McpServers;
use crate::protocol::ids::TenantId;

/// See the module.
pub struct ServerRuns(pub McpServers);

impl RunServers for ServerRuns {
    fn wanted(&self, tenant: &TenantId) -> BoxFuture<'static, Result<Vec<WantedServer>, ServerEnded>> {
        let (servers, tenant) = (self.0.clone(), tenant.clone());
        async move {
            let wanted = servers.wanted(&tenant).await.map_err(|error| ServerEnded(error.to_string()))?;
            let wanted = wanted.into_iter();
            Ok(wanted.map(|(name, revision)| WantedServer { name: Arc::from(name), revision }).collect())
        }
        .boxed()
    }

    fn changed(&self, tenant: &TenantId) -> BoxFuture<'static, ()> {
        let (servers, tenant) = (self.0.clone(), tenant.clone());
        async move { servers.changed(&tenant).await }.boxed()
    }

    fn run(&self, server: ServerKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), ServerEnded>> {
        let servers = self.0.clone();
        async move { servers.live(&server.tenant, &server.name, &stop).await.map_err(ServerEnded) }.boxed()
    }

    fn is_down(&self, server: &ServerKey, why: &str) {
        self.0.is_down(&server.tenant, &server.name, why);
    }
}
