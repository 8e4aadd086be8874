//! Children come, go, crash and are quarantined as the port and the declaration say.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{child_factory, keeper_factory};
use crate::ports::keep_running::{Ended, KeepRunning, KeptKey, Wanted};
use crate::protocol::ids::TenantId;
use crate::supervision::declaration::Factories;
use crate::supervision::parse::parse;
use crate::supervision::{Args, RunningTree};

const TREE: &str = r#"
[supervisor.root]
strategy = "simple_one_for_one"
template = "tenant"
[supervisor.tenant]
strategy = "one_for_all"
children = ["mcp-servers", "mcp-keeper"]
[supervisor.mcp-servers]
strategy = "simple_one_for_one"
template = "mcp-server"
[worker.mcp-server]
factory = "mcp_server"
[worker.mcp-server.budget]
restarts = 2
within = "10m"
backoff = { first = "1s", max = "1m", healthy_after = "60s" }
release_after = "15m"
[worker.mcp-keeper]
factory = "mcp_keeper"
"#;

#[derive(Default)]
struct Fake {
    wanted: Mutex<Vec<Wanted>>,
    changed: Notify,
    /// Lives that began, by name.
    lives: Mutex<HashMap<String, u32>>,
    /// Lives that run.
    alive: Mutex<Vec<String>>,
    /// Servers that end at once.
    broken: Mutex<Vec<String>>,
    down: Mutex<Vec<(String, String)>>,
}

struct Life(Arc<Fake>, String);

impl Drop for Life {
    fn drop(&mut self) {
        self.0.alive.lock().retain(|name| *name != self.1);
    }
}

struct Port(Arc<Fake>);

impl KeepRunning for Port {
    fn wanted(&self, _: &TenantId) -> BoxFuture<'static, Result<Vec<Wanted>, Ended>> {
        futures::future::ready(Ok(self.0.wanted.lock().clone())).boxed()
    }

    fn changed(&self, _: &TenantId) -> BoxFuture<'static, ()> {
        let fake = Arc::clone(&self.0);
        async move { fake.changed.notified().await }.boxed()
    }

    fn run(&self, server: KeptKey, stop: CancellationToken) -> BoxFuture<'static, Result<(), Ended>> {
        let (fake, name) = (Arc::clone(&self.0), server.name.to_string());
        async move {
            *fake.lives.lock().entry(name.clone()).or_default() += 1;
            if fake.broken.lock().contains(&name) {
                return Err(Ended("it talks nonsense".into()));
            }
            fake.alive.lock().push(name.clone());
            let _life = Life(fake, name);
            stop.cancelled().await;
            Ok(())
        }
        .boxed()
    }

    fn is_down(&self, server: &KeptKey, why: &str) {
        self.0.down.lock().push((server.name.to_string(), why.to_owned()));
    }
}

impl Fake {
    fn want(&self, wanted: &[(&str, u64)]) {
        *self.wanted.lock() = wanted
            .iter()
            .map(|(name, revision)| Wanted { name: Arc::from(*name), revision: *revision })
            .collect();
        self.changed.notify_one();
    }

    fn alive(&self) -> Vec<String> {
        let mut alive = self.alive.lock().clone();
        alive.sort();
        alive
    }

    fn lives(&self, name: &str) -> u32 {
        self.lives.lock().get(name).copied().unwrap_or_default()
    }
}

async fn running() -> (Arc<Fake>, RunningTree) {
    let fake = Arc::new(Fake::default());
    let port: Arc<dyn KeepRunning> = Arc::new(Port(Arc::clone(&fake)));
    let factories = Factories::from([
        ("mcp_server", child_factory(Arc::clone(&port))),
        ("mcp_keeper", keeper_factory(port, "mcp-servers")),
    ]);
    let spec = parse(TREE).unwrap().build(&factories).unwrap();
    let tree = RunningTree::start("root", spec, Vec::new()).await.unwrap();
    let tenant: Args = Arc::new(TenantId::home());
    tree.handle().supervisor(&"root".into()).start_child("home", Some(tenant)).await.unwrap();
    (fake, tree)
}

async fn settle() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}

#[tokio::test(start_paused = true)]
async fn what_shall_run_runs_and_nothing_else() {
    let (fake, tree) = running().await;
    fake.want(&[("files", 1), ("mail", 1)]);
    settle().await;
    assert_eq!(fake.alive(), ["files", "mail"]);
    fake.want(&[("mail", 1), ("web", 1)]);
    settle().await;
    assert_eq!(fake.alive(), ["mail", "web"]);
    assert_eq!(fake.lives("mail"), 1, "an unchanged server is left alone");
    fake.want(&[("mail", 2), ("web", 1)]);
    settle().await;
    assert_eq!((fake.lives("mail"), fake.lives("web")), (2, 1), "other settings are another life");
    assert!(tree.shutdown(Duration::from_secs(60)).await);
    assert!(fake.alive().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_keeps_failing_is_quarantined_alone_and_a_new_revision_releases_it() {
    let (fake, tree) = running().await;
    fake.broken.lock().push("bad".into());
    fake.want(&[("bad", 1), ("good", 1)]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.lives("bad"), 3, "the first life and two restarts");
    assert_eq!(fake.alive(), ["good"]);
    tokio::time::sleep(Duration::from_secs(40)).await;
    let (name, why) = fake.down.lock().last().cloned().unwrap();
    assert_eq!(name, "bad");
    assert!(why.contains("quarantined") && why.contains("it talks nonsense"), "{why}");
    assert_eq!(fake.lives("bad"), 3);
    fake.broken.lock().clear();
    fake.want(&[("bad", 2), ("good", 1)]);
    settle().await;
    assert_eq!(fake.alive(), ["bad", "good"]);
    assert_eq!(fake.lives("good"), 1);
    assert!(tree.shutdown(Duration::from_secs(60)).await);
}

#[tokio::test(start_paused = true)]
async fn the_servers_of_a_tenant_come_back_with_it() {
    let (fake, tree) = running().await;
    fake.want(&[("files", 1)]);
    settle().await;
    tree.handle().restart(&"root/home".into()).await.unwrap();
    settle().await;
    assert_eq!((fake.alive(), fake.lives("files")), (vec!["files".to_owned()], 2));
    assert!(tree.shutdown(Duration::from_secs(60)).await);
}
