//! `KeepRunning`: experiments that run, each life of one its actor.
//!
//! | file | what |
//! |---|---|
//! | `life` | looks where the experiment is and does what is next, until it is over |
//! | `round` | ideas, beside each other where they are independent |
//! | `idea` | one idea: a fresh folder, a turn of an assistant in it, the tree that it left |
//! | `judging` | what the trees are worth |
//! | `gate` | the question to a person, and the workspace |
//! | `asking` | models that are asked for an experiment besides its ideas |
//!
//! **Invariant:** everything that a life knows is in the store before the next thing happens, so that another one can go on.

mod asking;
mod gate;
mod idea;
mod judging;
mod life;
mod round;

use std::sync::Arc;

use capuchin_actors::ports::keep_running::{Ended, KeepRunning, KeptKey, Wanted};
use capuchin_actors::session::SessionDirectory;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::backends::{Backends, UsageRecorder};
use crate::budgets::Budgets;
use crate::experiments::{ExperimentKey, Experiments};
use crate::guard::Guard;
use crate::protocol::ids::TenantId;
use crate::sandbox::Sandbox;
use crate::turns::Turns;
use crate::workspaces::Threads;
use life::Life;

/// What lives of experiments work with.
#[derive(Clone)]
pub struct TrialParts {
    /// The desk.
    pub experiments: Experiments,
    /// Where ideas come from.
    pub sessions: Arc<SessionDirectory>,
    /// What came of their turns.
    pub turns: Turns,
    /// What was said in them.
    pub threads: Threads,
    /// The models that judge.
    pub backends: Backends,
    /// Who is asked before anything goes out.
    pub guard: Guard,
    /// What may be spent.
    pub budgets: Budgets,
    /// What was spent outside of turns.
    pub usage: UsageRecorder,
    /// Where programs run.
    pub sandbox: Sandbox,
}

/// See the module.
pub struct TrialRuns {
    parts: Arc<TrialParts>,
    /// Those whose actors are out of service, until the next look ends them.
    down: Arc<Mutex<Vec<(ExperimentKey, String)>>>,
}

// === impl TrialRuns ===

impl TrialRuns {
    /// Lives with these parts.
    #[must_use]
    pub fn new(parts: TrialParts) -> Self {
        Self { parts: Arc::new(parts), down: Arc::default() }
    }
}

impl KeepRunning for TrialRuns {
    fn wanted(&self, tenant: &TenantId) -> BoxFuture<'static, Result<Vec<Wanted>, Ended>> {
        let (parts, tenant, down) = (Arc::clone(&self.parts), tenant.clone(), Arc::clone(&self.down));
        async move {
            let ended = std::mem::take(&mut *down.lock());
            for (key, why) in ended {
                parts.experiments.is_down(&key, &why).await;
                // No life of it does so any more.
                Life::new(Arc::clone(&parts), key).clear().await;
            }
            let wanted = parts.experiments.wanted(&tenant).await.map_err(|error| Ended(error.to_string()))?;
            let wanted = wanted.into_iter();
            Ok(wanted.map(|id| Wanted { name: Arc::from(id.to_string()), revision: 0 }).collect())
        }
        .boxed()
    }

    fn changed(&self, tenant: &TenantId) -> BoxFuture<'static, ()> {
        let (parts, tenant) = (Arc::clone(&self.parts), tenant.clone());
        async move { parts.experiments.changed(&tenant).await }.boxed()
    }

    fn run(&self, which: KeptKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), Ended>> {
        let parts = Arc::clone(&self.parts);
        async move {
            let id = which.name.parse().map_err(|_| Ended("no id of an experiment".to_owned()))?;
            let key = ExperimentKey { tenant: which.tenant, id };
            Life::new(parts, key).run(stop).await
        }
        .boxed()
    }

    fn is_down(&self, which: &KeptKey, why: &str) {
        // A supervisor that is busy is asked again; one that gave up on it is not.
        let Ok(id) = which.name.parse() else { return };
        if why.starts_with("quarantined") {
            self.down.lock().push((ExperimentKey { tenant: which.tenant.clone(), id }, why.to_owned()));
            self.parts.experiments.look_again(&which.tenant);
        }
    }
}
