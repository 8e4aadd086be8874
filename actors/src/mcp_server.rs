//! MCP servers as supervised children.
//!
//! Two kinds of child below a tenant: one per server (permanent, with its own budget, backoff and quarantine, as
//! `supervision.toml` declares), and the keeper, which makes the servers that run those that shall run. A server
//! that crashes, hangs or talks nonsense ends its own child and nobody else's.

mod keeper;

use std::sync::Arc;

use futures::FutureExt as _;

use crate::ports::run_servers::{RunServers, ServerKey};
use crate::protocol::ids::TenantId;
use crate::service::{Service, ServiceRun};
use crate::supervision::{StartChild, StartError};

use keeper::Keeper;

/// The dynamic supervisor of a tenant's servers: a sibling of the keeper.
pub const SERVERS: &str = "mcp-servers";

/// The factory `mcp_server` of `supervision.toml`: one life of one server. Its start is quick; connecting is a
/// part of its run, so that a slow server keeps nobody waiting.
pub fn server_factory(port: Arc<dyn RunServers>) -> Arc<dyn StartChild> {
    Service::factory(move |ctx, stop| {
        let key = ctx.args.and_then(|args| args.downcast::<ServerKey>().ok());
        let port = Arc::clone(&port);
        async move {
            let key = key.ok_or_else(|| StartError::failed("an MCP server was started without its name"))?;
            let run = port.run(key.as_ref().clone(), stop);
            Ok(ServiceRun::new(async move { Ok(run.await?) }))
        }
        .boxed()
    })
}

/// The factory `mcp_keeper` of `supervision.toml`.
pub fn keeper_factory(port: Arc<dyn RunServers>) -> Arc<dyn StartChild> {
    Service::factory(move |ctx, stop| {
        let tenant = ctx.scope.and_then(|scope| scope.downcast::<TenantId>().ok());
        let (port, servers, tree) = (Arc::clone(&port), ctx.path.sibling(SERVERS), ctx.tree);
        async move {
            let tenant = tenant.ok_or_else(|| StartError::failed("a keeper was started outside a tenant"))?;
            let keeper = Keeper::new(tree.supervisor(&servers), tenant.as_ref().clone(), port);
            Ok(ServiceRun::new(async move {
                stop.run_until_cancelled(keeper.run()).await;
                Ok(())
            }))
        }
        .boxed()
    })
}

#[cfg(test)]
mod tests;
