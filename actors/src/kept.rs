//! Children that the store wants: tool servers, chat channels.
//!
//! Two kinds of child below a tenant: one per thing that shall run (permanent, with its own budget, backoff and quarantine, as
//! `supervision.toml` declares), and the keeper, which makes those run that shall run. A child that crashes, hangs or talks
//! nonsense ends itself and nobody else.

mod keeper;

use std::sync::Arc;

use futures::FutureExt as _;

use crate::ports::keep_running::{KeepRunning, KeptKey};
use crate::protocol::ids::TenantId;
use crate::service::{Service, ServiceRun};
use crate::supervision::{StartChild, StartError};

use keeper::Keeper;

/// The factory of the children: one life of one of them. Its start is quick; connecting is a part of its run, so that a slow
/// peer keeps nobody waiting.
pub fn child_factory(port: Arc<dyn KeepRunning>) -> Arc<dyn StartChild> {
    Service::factory(move |ctx, stop| {
        let key = ctx.args.and_then(|args| args.downcast::<KeptKey>().ok());
        let port = Arc::clone(&port);
        async move {
            let key = key.ok_or_else(|| StartError::failed("a kept child was started without its name"))?;
            let run = port.run(key.as_ref().clone(), stop);
            Ok(ServiceRun::new(async move { Ok(run.await?) }))
        }
        .boxed()
    })
}

/// The factory of a keeper, whose children are below the sibling with this name.
pub fn keeper_factory(port: Arc<dyn KeepRunning>, children: &'static str) -> Arc<dyn StartChild> {
    Service::factory(move |ctx, stop| {
        let tenant = ctx.scope.and_then(|scope| scope.downcast::<TenantId>().ok());
        let (port, children, tree) = (Arc::clone(&port), ctx.path.sibling(children), ctx.tree);
        async move {
            let tenant = tenant.ok_or_else(|| StartError::failed("a keeper was started outside a tenant"))?;
            let keeper = Keeper::new(tree.supervisor(&children), tenant.as_ref().clone(), port);
            Ok(ServiceRun::new(async move {
                stop.run_until_cancelled(keeper.run()).await;
                Ok(())
            }))
        }
        .boxed()
    })
}

/// The factory of a keeper outside of every tenant's subtree: what it keeps belongs to `owner`.
pub fn household_keeper_factory(
    port: Arc<dyn KeepRunning>,
    children: &'static str,
    owner: TenantId,
) -> Arc<dyn StartChild> {
    Service::factory(move |ctx, stop| {
        let children = ctx.tree.supervisor(&ctx.path.sibling(children));
        let keeper = Keeper::new(children, owner.clone(), Arc::clone(&port));
        let run = ServiceRun::new(async move {
            stop.run_until_cancelled(keeper.run()).await;
            Ok(())
        });
        futures::future::ready(Ok(run)).boxed()
    })
}

#[cfg(test)]
mod tests;
