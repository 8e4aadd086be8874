//! The registry in a tree: probers come and go as the settings say, and a registry that crashes in a loop takes nothing along.

use std::sync::Arc;
use std::time::Duration;

use capuchin_actors::kept::{child_factory, household_keeper_factory};
use capuchin_actors::supervision::declaration::Factories;
use capuchin_actors::supervision::handle::ChildProcess;
use capuchin_actors::supervision::parse::parse;
use capuchin_actors::supervision::{ActorPath, RunningTree};

use super::*;
use crate::backends::{Backends, Prices};
use crate::config::Config;
use crate::db::{Db, DbOptions, WriterRun};
use crate::egress::Egress;
use crate::identity::Principal;
use crate::models::{ProbeChange, ProbeState};

/// As `supervision.toml` has it, with shorter waits.
const TREE: &str = r#"
[supervisor.root]
strategy = "one_for_one"
children = ["models"]
[supervisor.models]
strategy = "one_for_one"
children = ["probers", "model-registry"]
[supervisor.probers]
strategy = "simple_one_for_one"
template = "prober"
[worker.prober]
factory = "prober"
[worker.model-registry]
factory = "model_registry"
[worker.model-registry.budget]
restarts = 3
within = "10m"
backoff = { first = "1ms", max = "5ms", healthy_after = "60s" }
release_after = "15m"
"#;

fn crash() -> Vec<Wanted> {
    panic!("the registry has a mistake")
}

/// The port, of which the registry crashes in every life.
struct Crashing(Probers);

impl KeepRunning for Crashing {
    fn wanted(&self, _: &TenantId) -> BoxFuture<'static, Result<Vec<Wanted>, Ended>> {
        async { Ok(crash()) }.boxed()
    }

    fn changed(&self, household: &TenantId) -> BoxFuture<'static, ()> {
        self.0.changed(household)
    }

    fn run(&self, which: KeptKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), Ended>> {
        self.0.run(which, stop)
    }

    fn is_down(&self, which: &KeptKey, why: &str) {
        self.0.is_down(which, why);
    }
}

async fn models() -> (Models, WriterRun, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(folder.path().join("capuchin.db"), DbOptions::default()).unwrap();
    let writer = db.start_writer().unwrap();
    let config = Config::default();
    let backends = Backends::build(&config.backends, &Egress::new(&config.egress)).unwrap();
    (Models::open(db, backends, Prices::new(&config.backends)).await, writer, folder)
}

async fn tree(port: Arc<dyn KeepRunning>) -> RunningTree {
    let factories = Factories::from([
        ("prober", child_factory(Arc::clone(&port))),
        ("model_registry", household_keeper_factory(port, "probers", TenantId::home())),
    ]);
    RunningTree::start("root", parse(TREE).unwrap().build(&factories).unwrap(), Vec::new()).await.unwrap()
}

/// Waits until something holds; every state that is waited for comes.
async fn until(holds: impl AsyncFn() -> bool) {
    while !holds().await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn probers_run_as_the_settings_say_and_change_with_them() {
    let (models, _writer, _folder) = models().await;
    let tree = tree(Arc::new(Probers(models.clone()))).await;
    until(async || models.probes()[0].state == ProbeState::Ready).await;
    let probers = tree.handle().supervisor(&ActorPath::from("root/models/probers"));
    let running = async || probers.which_children().await.unwrap().len();
    assert_eq!(running().await, 1);
    let owner = Principal::owner(TenantId::home());
    let key: ProbeKey = "demo:demo".parse().unwrap();
    for (enabled, expected) in [(false, 0), (true, 1)] {
        let change = ProbeChange { enabled: Some(enabled), every_s: None };
        models.configure(&owner, &key, change).await.unwrap();
        until(async || running().await == expected).await;
    }
    assert!(tree.shutdown(Duration::from_secs(10)).await);
}

#[tokio::test]
async fn a_registry_that_crashes_in_a_loop_rests_and_the_picker_still_has_models() {
    let (models, _writer, _folder) = models().await;
    let tree = tree(Arc::new(Crashing(Probers(models.clone())))).await;
    let supervisor = tree.handle().supervisor(&ActorPath::from("root/models"));
    until(async || {
        assert_eq!(models.offered().len(), 1);
        let children = supervisor.which_children().await.unwrap();
        let registry = children.iter().find(|child| &*child.id == "model-registry").unwrap();
        matches!(registry.process, ChildProcess::None)
    })
    .await;
    assert_eq!(models.list(Duration::from_secs(60)).await.len(), 1);
    let probers = tree.handle().supervisor(&ActorPath::from("root/models/probers"));
    assert_eq!(
        probers.which_children().await.unwrap().len(),
        0,
        "its siblings are there and were never started anew"
    );
    assert!(tree.shutdown(Duration::from_secs(10)).await);
}
