//! Starts lanes: the factory of a tenant's `sessions` supervisor, and the opener that asks it to.

use std::sync::{Arc, OnceLock};

use futures::FutureExt;
use futures::future::BoxFuture;
use ractor::{Actor, ActorCell, ActorRef, SpawnErr};

use super::lane::{Lane, LaneArgs, LaneMsg};
use super::{OpenError, OpenLane, Opened, SessionDirectory};
use crate::protocol::ids::{TenantId, ThreadId};
use crate::supervision::{
    ActorPath, CallError, StartChild, StartContext, StartError, StartOutcome, Started, TreeHandle,
};

/// Which session: the argument of a dynamic child.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LaneKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its thread.
    pub thread: ThreadId,
}

/// The factory `session` of `supervision.toml`.
pub struct LaneFactory {
    directory: Arc<SessionDirectory>,
}

/// Opens lanes under the `sessions` supervisors of a running tree.
pub struct TreeOpener {
    /// Set once the tree runs; until then every open fails.
    tree: OnceLock<TreeHandle>,
    /// Where the tenants live, for instance `root/tenants`.
    tenants: ActorPath,
}

// === impl LaneFactory ===

impl LaneFactory {
    /// Lanes that register in `directory`.
    #[must_use]
    pub fn new(directory: Arc<SessionDirectory>) -> Self {
        Self { directory }
    }
}

impl StartChild for LaneFactory {
    fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        let key = ctx.args.and_then(|args| args.downcast::<LaneKey>().ok());
        let directory = Arc::clone(&self.directory);
        async move {
            let key = key.ok_or_else(|| StartError::failed("a session was started without its thread"))?;
            let cell = spawn_lane(directory, key.as_ref().clone(), Some(ctx.supervisor)).await?;
            Ok(Started::new(cell).into())
        }
        .boxed()
    }
}

pub(super) async fn spawn_lane(
    directory: Arc<SessionDirectory>,
    key: LaneKey,
    supervisor: Option<ActorCell>,
) -> Result<ActorCell, SpawnErr> {
    let args = LaneArgs { key, directory };
    let (lane, _join): (ActorRef<LaneMsg>, _) = match supervisor {
        Some(supervisor) => Actor::spawn_linked(None, Lane, args, supervisor).await?,
        None => Actor::spawn(None, Lane, args).await?,
    };
    Ok(lane.get_cell())
}

// === impl TreeOpener ===

impl TreeOpener {
    /// An opener for the tenants below this supervisor.
    #[must_use]
    pub fn new(tenants: ActorPath) -> Arc<Self> {
        Arc::new(Self { tree: OnceLock::new(), tenants })
    }

    /// Connects it to the tree. The first call counts.
    pub fn connect(&self, tree: TreeHandle) {
        // silent-ok: a second tree of one process would be a bug of the caller that tests see
        let _ = self.tree.set(tree);
    }

    /// Makes sure that a tenant's subtree runs, whoever was first to start it.
    ///
    /// # Errors
    /// `Quarantined`, `TooMany`, or why it did not start.
    pub async fn open_tenant(&self, tenant: &TenantId) -> Result<(), OpenError> {
        let tree = self.tree.get().ok_or_else(no_tree)?;
        start_tenant(tree, &self.tenants, tenant).await
    }
}

impl OpenLane for TreeOpener {
    fn open(&self, key: LaneKey) -> BoxFuture<'static, Result<Opened, OpenError>> {
        let (tree, tenants) = (self.tree.get().cloned(), self.tenants.clone());
        async move {
            let tree = tree.ok_or_else(no_tree)?;
            match start_lane(&tree, &tenants, &key).await {
                // The tenant is down: a restart of what is above it does not bring it back.
                Err(CallError::NotFound) => {
                    start_tenant(&tree, &tenants, &key.tenant).await?;
                    opened(start_lane(&tree, &tenants, &key).await)
                }
                outcome => opened(outcome),
            }
        }
        .boxed()
    }
}

async fn start_lane(
    tree: &TreeHandle,
    tenants: &ActorPath,
    key: &LaneKey,
) -> Result<Option<ActorCell>, CallError> {
    let sessions = tenants.child(key.tenant.as_str()).child("sessions");
    tree.supervisor(&sessions).start_child(&key.thread.to_string(), Some(Arc::new(key.clone()))).await
}

async fn start_tenant(tree: &TreeHandle, tenants: &ActorPath, tenant: &TenantId) -> Result<(), OpenError> {
    let started = tree.supervisor(tenants).start_child(tenant.as_str(), Some(Arc::new(tenant.clone()))).await;
    opened(started).map(drop)
}

fn no_tree() -> OpenError {
    OpenError::Failed("the tree does not run yet".to_owned())
}

fn opened(outcome: Result<Option<ActorCell>, CallError>) -> Result<Opened, OpenError> {
    match outcome {
        Ok(_) => Ok(Opened::Fresh),
        Err(CallError::AlreadyStarted(lane)) => Ok(Opened::Already(lane)),
        Err(CallError::Quarantined { reason, .. }) => Err(OpenError::Quarantined { reason }),
        Err(CallError::MaxChildren(_)) => Err(OpenError::TooMany),
        Err(error) => Err(OpenError::Failed(error.to_string())),
    }
}
