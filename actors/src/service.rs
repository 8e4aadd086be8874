//! A future that serves until told to stop, as a supervised child.
//!
//! For what is a loop and not a mailbox: a listener, a periodic sweep, a pump. The outer future is
//! the synchronous start (bind, open, check); what it returns is the run. The run is the actor's
//! own work, not a task beside it: a kill drops it, a panic in it is the child's crash, and its
//! end is the child's end — an error fails the child, a return without having been asked is a
//! normal exit. It is stopped by cancelling its token and awaiting it; whoever supervises it
//! bounds the wait. A service has no messages of its own.

use std::sync::Arc;

use futures::future::BoxFuture;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use ractor_cluster_derive::RactorMessage;
use tokio_util::sync::CancellationToken;

use crate::supervision::child::BoxError;
use crate::supervision::{StartChild, StartContext, StartError, StartOutcome, Started};

/// The long-running part of a service.
pub struct ServiceRun(BoxFuture<'static, Result<(), BoxError>>);

/// Starts one incarnation of a service: resolves when it is ready to serve.
pub type StartService = dyn Fn(StartContext, CancellationToken) -> BoxFuture<'static, Result<ServiceRun, StartError>>
    + Send
    + Sync;

/// A kind of service, for a factory table.
pub struct Service {
    start: Arc<StartService>,
}

// === impl Service ===

impl Service {
    /// The factory of a service that `start` starts. The token is cancelled when the service shall stop; the
    /// run then finishes what it must and returns.
    pub fn factory<F>(start: F) -> Arc<dyn StartChild>
    where
        F: Fn(StartContext, CancellationToken) -> BoxFuture<'static, Result<ServiceRun, StartError>>
            + Send
            + Sync
            + 'static,
    {
        Arc::new(Self { start: Arc::new(start) })
    }
}

// === impl ServiceRun ===

impl ServiceRun {
    /// Serves until `run` resolves.
    pub fn new(run: impl Future<Output = Result<(), BoxError>> + Send + 'static) -> Self {
        Self(Box::pin(run))
    }
}

impl StartChild for Service {
    fn start(&self, ctx: StartContext) -> BoxFuture<'static, Result<StartOutcome, StartError>> {
        let start = self.start.clone();
        Box::pin(async move {
            let stop = CancellationToken::new();
            let supervisor = ctx.supervisor.clone();
            let run = start(ctx, stop.clone()).await?;
            let (actor, _) = Actor::spawn_linked(None, ServiceActor, (run, stop.clone()), supervisor).await?;
            Ok(Started::new(actor.get_cell()).with_cancel(stop).into())
        })
    }
}

/// The only message, sent once by the actor to itself.
#[derive(RactorMessage)]
struct Run(ServiceRun);

struct ServiceActor;

impl Actor for ServiceActor {
    type Msg = Run;
    type State = CancellationToken;
    type Arguments = (ServiceRun, CancellationToken);

    async fn pre_start(
        &self,
        myself: ActorRef<Run>,
        (run, stop): Self::Arguments,
    ) -> Result<CancellationToken, ActorProcessingErr> {
        myself.send_message(Run(run)).map_err(|_| "the mailbox of a new service is closed")?;
        Ok(stop)
    }

    async fn handle(
        &self,
        myself: ActorRef<Run>,
        Run(ServiceRun(run)): Run,
        stop: &mut CancellationToken,
    ) -> Result<(), ActorProcessingErr> {
        run.await?;
        if !stop.is_cancelled() {
            // It was not asked to end: a normal exit, which its restart type judges.
            myself.stop(None);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
