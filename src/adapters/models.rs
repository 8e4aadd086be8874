//! `KeepRunning`: a prober for each backend, each life of one the looks at its list of models.

use capuchin_actors::ports::keep_running::{Ended, KeepRunning, KeptKey, Wanted};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::models::{Models, ProbeKey};
use crate::protocol::ids::TenantId;

/// See the module.
pub struct Probers(pub Models);

impl KeepRunning for Probers {
    /// Writes first what calls have said about models since the last look.
    fn wanted(&self, _household: &TenantId) -> BoxFuture<'static, Result<Vec<Wanted>, Ended>> {
        let models = self.0.clone();
        async move {
            if let Err(error) = models.settle().await {
                tracing::debug!(%error, "what calls said about models could not be written; later calls say it again");
            }
            let wanted = models.wanted().into_iter();
            Ok(wanted.map(|key| Wanted { name: key.to_string().into(), revision: 0 }).collect())
        }
        .boxed()
    }

    fn changed(&self, _household: &TenantId) -> BoxFuture<'static, ()> {
        let models = self.0.clone();
        async move { models.changed().await }.boxed()
    }

    fn run(&self, which: KeptKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), Ended>> {
        let models = self.0.clone();
        async move {
            let key: ProbeKey = which.name.parse().map_err(|_| Ended("this names no probe".to_owned()))?;
            models.probe(&key, &mut fastrand::Rng::new(), &stop).await;
            Ok(())
        }
        .boxed()
    }

    fn is_down(&self, which: &KeptKey, why: &str) {
        if let Ok(key) = which.name.parse() {
            self.0.is_down(&key, why);
        }
    }
}

#[cfg(test)]
mod tests;
