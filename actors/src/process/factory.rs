//! Starts the actors of processes: the factory of a tenant's `processes` supervisor, and the opener that asks it to.

use std::sync::{Arc, OnceLock};

use futures::FutureExt;
use futures::future::BoxFuture;

use super::directory::{OpenProcess, ProcessDirectory, StartRefused};
use super::pump;
use crate::ports::run_process::KeepError;
use crate::protocol::process::ProcessKey;
use crate::service::{Service, ServiceRun};
use crate::supervision::{ActorPath, CallError, StartChild, StartContext, StartError, TreeHandle};

/// The factory `process` of `supervision.toml`.
pub struct ProcessFactory;

/// Opens processes under the `processes` supervisors of a running tree.
pub struct ProcessOpener {
    /// Set once the tree runs; until then every open fails.
    tree: OnceLock<TreeHandle>,
    /// Where the tenants live, for instance `root/tenants`.
    tenants: ActorPath,
}

// === impl ProcessFactory ===

impl ProcessFactory {
    /// Actors that register in `directory`.
    pub fn build(directory: Arc<ProcessDirectory>) -> Arc<dyn StartChild> {
        Service::factory(move |ctx: StartContext, stop| {
            let (key, directory) = (key_of(&ctx), Arc::clone(&directory));
            async move {
                let key = key.ok_or_else(|| StartError::failed("a process was started without its key"))?;
                let keeper = Arc::clone(&directory.ports().keeper);
                let ends = directory.connect(key.clone());
                match keeper.begin(&key).await {
                    Ok(work) => Ok(ServiceRun::new(pump::run(ends, work, stop).map(|kept| Ok(kept?)))),
                    // It was ended before it was begun; or an earlier incarnation began it and is gone, and the
                    // program with it.
                    Err(KeepError::Fenced) => {
                        drop(ends);
                        keeper.lose(&key, LOST).await.map_err(StartError::failed)?;
                        Ok(ServiceRun::new(futures::future::ready(Ok(()))))
                    }
                    Err(error) => Err(StartError::failed(error)),
                }
            }
            .boxed()
        })
    }
}

/// What is said of a process whose actor crashed.
const LOST: &str = "the part of the daemon that watched it crashed, and it was ended";

fn key_of(ctx: &StartContext) -> Option<ProcessKey> {
    ctx.args.clone().and_then(|args| args.downcast::<ProcessKey>().ok()).map(|key| key.as_ref().clone())
}

// === impl ProcessOpener ===

impl ProcessOpener {
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
}

impl OpenProcess for ProcessOpener {
    fn open(&self, key: ProcessKey) -> BoxFuture<'static, Result<(), StartRefused>> {
        let (tree, tenants) = (self.tree.get().cloned(), self.tenants.clone());
        async move {
            let tree = tree.ok_or_else(|| StartRefused::Failed("the tree does not run yet".to_owned()))?;
            match start(&tree, &tenants, &key).await {
                // The tenant is down: a restart of what is above it does not bring it back.
                Err(CallError::NotFound) => {
                    let tenant = Some(Arc::new(key.tenant.clone()) as _);
                    let supervisor = tree.supervisor(&tenants);
                    if let Err(error) = supervisor.start_child(key.tenant.as_str(), tenant).await
                        && !matches!(error, CallError::AlreadyStarted(_))
                    {
                        return Err(StartRefused::Failed(error.to_string()));
                    }
                    opened(start(&tree, &tenants, &key).await)
                }
                outcome => opened(outcome),
            }
        }
        .boxed()
    }
}

async fn start(tree: &TreeHandle, tenants: &ActorPath, key: &ProcessKey) -> Result<(), CallError> {
    let processes = tenants.child(key.tenant.as_str()).child("processes");
    let args = Some(Arc::new(key.clone()) as _);
    tree.supervisor(&processes).start_child(&key.id.to_string(), args).await.map(drop)
}

fn opened(outcome: Result<(), CallError>) -> Result<(), StartRefused> {
    outcome.map_err(|error| match error {
        CallError::MaxChildren(_) => StartRefused::TooMany,
        other => StartRefused::Failed(other.to_string()),
    })
}
